//! What is measured.

use std::io;
use std::time::Duration;

use selectors::sys::fd::AsFd;

/// What a workload waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interest {
    /// Something to read.
    Read,
    /// Something to read, or room to write.
    Both,
}

/// How to end a wait from another thread.
pub(crate) type Wake = Box<dyn Fn() -> io::Result<()> + Send>;

/// Something that waits for files, each under an index that the workload chose.
///
/// The workload keeps every file open until it has removed it.
pub trait Subject<F: AsFd>: Sized {
    /// Whether it reports again what is still ready.
    const LEVEL: bool = true;

    /// An empty one, with room for `capacity` events in a wait.
    ///
    /// # Errors
    ///
    /// What the system says, as for all others.
    fn new(capacity: usize) -> io::Result<Self>;

    /// Begins to watch a file.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()>;

    /// Watches a file for something else.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn change(&mut self, file: &F, index: usize, interest: Interest) -> io::Result<()>;

    /// Ends watching a file.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn remove(&mut self, file: &F, index: usize) -> io::Result<()>;

    /// Waits, and visits the index of each file that is ready. A wake ends it, and may be visited under any index.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn wait(&mut self, timeout: Option<Duration>, visit: impl FnMut(usize)) -> io::Result<()>;

    /// Something that ends a wait, or the next one.
    ///
    /// # Errors
    ///
    /// What the system says; [`Unsupported`](io::ErrorKind::Unsupported) where there is no such thing.
    fn waker(&mut self) -> io::Result<Wake> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
