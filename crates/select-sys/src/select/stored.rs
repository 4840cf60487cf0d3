//! Sets that outlive the borrow of their descriptors.

use std::io;
use std::marker::PhantomData;

use crate::fd::{self, AsRawFd, BorrowedFd, RawFd};
use crate::same_fds::have_numbers;
use crate::sys::select as sys;
use crate::timeout::{Deadline, Timeout};

bitflags::bitflags! {
    /// The sets of [`select`](super::select()) that a descriptor is in.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct SetFlags: u8 {
        /// The set for reading.
        #[doc(alias = "readfds")]
        const READ = 1;
        /// The set for writing.
        #[doc(alias = "writefds")]
        const WRITE = 2;
        /// The set for exceptional conditions.
        #[doc(alias = "exceptfds")]
        const EXCEPT = 4;
    }
}

/// Sets for [`select`](super::select()) that are stored between waits.
///
/// Their descriptors are borrowed for one wait at a time.
///
/// A registry that owns files cannot store an [`FdSet`](super::FdSet) of them: it would borrow from itself. This type stores
/// bare numbers, with which nothing can be done. Before each wait the registry shows it the borrowed descriptors, and gets
/// something that can wait. [`fill`](Self::fill) builds the sets; [`revalidate`](Self::revalidate) compares the descriptors,
/// which costs less.
///
/// # Examples
///
/// Two waits on one set:
///
/// ```
/// use select_sys::Timeout;
/// use select_sys::fd::{AsFd, AsRawFd};
/// use select_sys::select::{StoredFds, SetFlags};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut stored = StoredFds::new();
/// let borrowed = stored.fill([Ok((a.as_fd(), SetFlags::READ | SetFlags::WRITE))])?;
/// let found: Vec<_> = borrowed.select(Timeout::ZERO)?.collect();
/// assert_eq!(found, [(a.as_raw_fd(), SetFlags::WRITE)]);
///
/// let borrowed = stored.revalidate([Ok(a.as_fd())])?.expect("the descriptors are the same");
/// assert_eq!(borrowed.select(Timeout::ZERO)?.count(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct StoredFds {
    // The numbers in `requested`, in the order of `fill`. They may be stale; see `revalidate`.
    numbers: Vec<RawFd>,
    // The sets of each number, in the same order. Only `fill` uses them.
    sets: Vec<SetFlags>,
    // One set for each of READ, WRITE, EXCEPT.
    requested: [sys::Set; 3],
    // The results.
    ready: [sys::Set; 3],
}

impl StoredFds {
    /// Empty sets. No allocation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the sets with those of `fds`, and lends them to one wait.
    ///
    /// A descriptor that comes more than once is in all its sets, and is reported once.
    ///
    /// # Errors
    ///
    /// The first error that `fds` yields, or `EBADF` for a negative number, such as that of `rustix::fs::CWD`. The sets can be
    /// filled again.
    ///
    /// # Examples
    ///
    /// An error among the descriptors ends the attempt:
    ///
    /// ```
    /// use select_sys::fd::AsFd;
    /// use select_sys::select::{StoredFds, SetFlags};
    ///
    /// let stdin = std::io::stdin();
    /// let mut stored = StoredFds::new();
    /// let fds = [Ok((stdin.as_fd(), SetFlags::READ)), Err(std::io::ErrorKind::NotFound.into())];
    /// assert_eq!(stored.fill(fds).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    /// let borrowed = stored.fill([Ok((stdin.as_fd(), SetFlags::READ))])?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn fill<'a, 'fd>(
        &'a mut self,
        fds: impl IntoIterator<Item = io::Result<(BorrowedFd<'fd>, SetFlags)>>,
    ) -> io::Result<Borrowed<'a, 'fd>> {
        // `revalidate` goes by `numbers` alone, which must not differ from those in `requested`, also when `fds` yields an error
        // or panics: then both are empty.
        self.requested.iter_mut().for_each(sys::Set::clear);
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.clear();
        self.sets.clear();
        for entry in fds {
            let (fd, sets) = entry?;
            numbers.push(fd::number(fd)?);
            self.sets.push(sets);
        }
        for (set, requested) in ALL.into_iter().zip(&mut self.requested) {
            let all = numbers.iter().zip(&self.sets);
            requested.assign(all.filter(|(_, sets)| sets.contains(set)).map(|(&number, _)| number));
        }
        self.numbers = numbers;
        Ok(Borrowed { stored: self, borrowed: PhantomData })
    }

    /// Lends the sets as they are if `fds` are exactly those of [`fill`](Self::fill), in its order; otherwise returns `None`.
    ///
    /// # Errors
    ///
    /// The first error that `fds` yields. The sets stay as they are.
    #[inline]
    pub fn revalidate<'a, 'fd>(
        &'a mut self,
        fds: impl IntoIterator<Item = io::Result<BorrowedFd<'fd>>>,
    ) -> io::Result<Option<Borrowed<'a, 'fd>>> {
        let same = have_numbers(fds, self.numbers.iter().copied())?;
        Ok(same.then_some(Borrowed { stored: self, borrowed: PhantomData }))
    }

    /// Moves a descriptor to these sets if it is in any, and returns whether it is.
    ///
    /// # Examples
    ///
    /// From reading to writing, without filling the sets again:
    ///
    /// ```
    /// use select_sys::Timeout;
    /// use select_sys::fd::AsFd;
    /// use select_sys::select::{StoredFds, SetFlags};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut stored = StoredFds::new();
    /// let borrowed = stored.fill([Ok((a.as_fd(), SetFlags::READ))])?;
    /// assert!(stored.modify(a.as_fd(), SetFlags::WRITE));
    /// assert!(!stored.modify(b.as_fd(), SetFlags::WRITE));
    ///
    /// let borrowed = stored.revalidate([Ok(a.as_fd())])?.expect("the descriptors are the same");
    /// assert_eq!(borrowed.select(Timeout::ZERO)?.count(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn modify(&mut self, fd: BorrowedFd<'_>, sets: SetFlags) -> bool {
        let number = fd.as_raw_fd();
        let known = self.requested.iter().any(|requested| requested.contains(number));
        if known {
            for (set, requested) in ALL.into_iter().zip(&mut self.requested) {
                requested.remove(number);
                if sets.contains(set) {
                    requested.insert(number);
                }
            }
        }
        known
    }
}

/// Stored sets whose descriptors are borrowed, for one wait.
///
/// # Examples
///
/// No descriptors, so this waits for its time:
///
/// ```
/// use select_sys::select::StoredFds;
/// use std::time::Duration;
///
/// let mut stored = StoredFds::new();
/// let borrowed = stored.fill([])?;
/// assert_eq!(borrowed.select(Duration::from_millis(1))?.count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "call `select` to wait"]
pub struct Borrowed<'a, 'fd> {
    stored: &'a mut StoredFds,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'a> Borrowed<'a, '_> {
    /// `pselect(2)`—Waits, and returns the numbers of the ready descriptors, each with the sets that it is ready in.
    ///
    /// They come in ascending order, each once. An empty set costs the kernel nothing.
    ///
    /// # Errors
    ///
    /// As [`select`](super::select()).
    pub fn select(self, timeout: impl Into<Timeout>) -> io::Result<ReadyFds<'a>> {
        let StoredFds { requested, ready, .. } = self.stored;
        let mut deadline = Deadline::new(timeout.into());
        loop {
            let result = sys::select_into(requested, ready, deadline.left());
            if !deadline.should_retry(&result) {
                result?;
                return Ok(ReadyFds(sys::Iter::over(ready)));
            }
        }
    }
}

/// The numbers that [`Borrowed::select`] found ready, in ascending order, each with the sets that it is ready in.
#[derive(Clone, Debug)]
#[must_use = "iterate to see which descriptors are ready"]
pub struct ReadyFds<'a>(sys::Iter<'a>);

impl Iterator for ReadyFds<'_> {
    type Item = (RawFd, SetFlags);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // Bits 0, 1, 2 are READ, WRITE, EXCEPT.
        self.0.next().map(|(fd, sets)| (fd, SetFlags::from_bits_retain(sets)))
    }
}

const ALL: [SetFlags; 3] = [SetFlags::READ, SetFlags::WRITE, SetFlags::EXCEPT];
