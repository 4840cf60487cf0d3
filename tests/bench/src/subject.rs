//! The trait of everything that is measured.

use std::io;
use std::time::Duration;

use selectors::sys::fd::AsFd;

/// The interest of a workload in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interest {
    /// Readable.
    Read,
    /// Readable or writable.
    Both,
}

/// A function that ends a wait from another thread.
pub(crate) type Wake = Box<dyn Fn() -> io::Result<()> + Send>;

/// Something that waits for files. The workload chooses an index for each.
///
/// The workload keeps each file open until it has removed it.
pub trait Subject<F: AsFd>: Sized {
    /// Whether it is level-triggered: whether each wait reports a file that is still ready.
    const LEVEL: bool = true;

    /// Makes a subject without files, with room for `capacity` events in a wait.
    ///
    /// # Errors
    ///
    /// The system's error.
    fn new(capacity: usize) -> io::Result<Self>;

    /// Adds a file.
    ///
    /// # Errors
    ///
    /// The system's error.
    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()>;

    /// Changes the interest in a file.
    ///
    /// # Errors
    ///
    /// The system's error.
    fn change(&mut self, file: &F, index: usize, interest: Interest) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// The system's error.
    fn remove(&mut self, file: &F, index: usize) -> io::Result<()>;

    /// Waits, and calls `visit` with the index of each ready file. A wake ends the wait; it may call `visit` with any index.
    ///
    /// # Errors
    ///
    /// The system's error.
    fn wait(&mut self, timeout: Option<Duration>, visit: impl FnMut(usize)) -> io::Result<()>;

    /// Makes a function that ends the current wait or the next one.
    ///
    /// # Errors
    ///
    /// The system's error, or [`Unsupported`](io::ErrorKind::Unsupported).
    fn waker(&mut self) -> io::Result<Wake> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Makes a subject with interest in reading all files, each under its index.
pub(crate) fn of_all<'a, F, S: Subject<&'a F>>(files: &'a [F]) -> io::Result<S>
where
    &'a F: AsFd,
{
    let mut subject = S::new(files.len())?;
    for (index, file) in files.iter().enumerate() {
        subject.add(file, index, Interest::Read)?;
    }
    Ok(subject)
}
