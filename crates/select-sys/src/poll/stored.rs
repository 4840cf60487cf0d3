//! A list that outlives the borrow of its descriptors.

#![expect(unsafe_code, reason = "a stored list is lent as borrowed descriptors")]

use std::fmt;
use std::io;

use super::call::PollFd;
use super::flags::PollFlags;
use crate::fd::{AsRawFd, BorrowedFd};
use crate::same_fds::have_numbers;
use crate::sys::poll as sys;

/// A list for [`poll`](super::poll()) that is stored between waits, while its descriptors are borrowed for one wait at a time.
///
/// A registry that owns files cannot store [`PollFd`]s of them: it would borrow from itself. This type stores bare numbers,
/// with which nothing can be done. Before each wait the registry shows it the borrowed descriptors, and gets the list for as
/// long as the borrow lasts. [`fill`](Self::fill) builds the list; [`revalidate`](Self::revalidate) compares it, which costs
/// less.
///
/// # Examples
///
/// Two waits on one list:
///
/// ```
/// use select_sys::Timeout;
/// use select_sys::fd::AsFd;
/// use select_sys::poll::{StoredFds, PollFlags, poll};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut stored = StoredFds::new();
/// let fds = stored.fill([Ok((a.as_fd(), PollFlags::OUT))])?;
/// assert_eq!(poll(fds, Timeout::ZERO)?, 1);
///
/// let fds = stored.revalidate([Ok(a.as_fd())])?.expect("the descriptors are the same");
/// assert_eq!(poll(fds, Timeout::ZERO)?, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Default)]
pub struct StoredFds {
    // Their numbers may be stale; `fill` and `revalidate` see them borrowed before they lend them.
    entries: Vec<sys::pollfd>,
}

impl StoredFds {
    /// An empty list. No allocation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the list with `fds` and returns it.
    ///
    /// Entry `n` of the list is item `n` of `fds`.
    ///
    /// # Errors
    ///
    /// The first error that `fds` yields. The list can be filled again.
    pub fn fill<'a, 'fd>(
        &'a mut self,
        fds: impl IntoIterator<Item = io::Result<(BorrowedFd<'fd>, PollFlags)>>,
    ) -> io::Result<&'a mut [PollFd<'fd>]> {
        self.entries.clear();
        for entry in fds {
            let (fd, events) = entry?;
            self.entries.push(sys::entry(fd.as_raw_fd(), events.bits() as i16));
        }
        // SAFETY: the loop has just seen a `BorrowedFd<'fd>` with the number of each entry.
        Ok(unsafe { PollFd::from_raw_slice(&mut self.entries) })
    }

    /// Returns the list as it is if `fds` are exactly its descriptors, in its order; otherwise `None`.
    ///
    /// The events that an earlier wait reported may still be in the entries.
    ///
    /// # Errors
    ///
    /// The first error that `fds` yields. The list stays as it is.
    #[inline]
    pub fn revalidate<'a, 'fd>(
        &'a mut self,
        fds: impl IntoIterator<Item = io::Result<BorrowedFd<'fd>>>,
    ) -> io::Result<Option<&'a mut [PollFd<'fd>]>> {
        if !have_numbers(fds, self.entries.iter().map(sys::number))? {
            return Ok(None);
        }
        // SAFETY: `have_numbers` has just seen a `BorrowedFd<'fd>` with the number of each entry, also where somebody replaced
        // an entry of a list that was lent.
        Ok(Some(unsafe { PollFd::from_raw_slice(&mut self.entries) }))
    }

    /// Sets the events of entry `n` (from 0) if it is for this descriptor, and returns whether it is.
    ///
    /// # Examples
    ///
    /// From reading to writing, without filling the list again:
    ///
    /// ```
    /// use select_sys::Timeout;
    /// use select_sys::fd::AsFd;
    /// use select_sys::poll::{StoredFds, PollFlags, poll};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut stored = StoredFds::new();
    /// let fds = stored.fill([Ok((a.as_fd(), PollFlags::IN))])?;
    /// assert!(stored.modify(0, a.as_fd(), PollFlags::OUT));
    /// assert!(!stored.modify(0, b.as_fd(), PollFlags::OUT));
    ///
    /// let fds = stored.revalidate([Ok(a.as_fd())])?.expect("the descriptors are the same");
    /// assert_eq!(poll(fds, Timeout::ZERO)?, 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn modify(&mut self, n: usize, fd: BorrowedFd<'_>, events: PollFlags) -> bool {
        let entry = self.entries.get_mut(n).filter(|entry| sys::number(entry) == fd.as_raw_fd());
        entry.map(|entry| entry.events = events.bits() as i16).is_some()
    }
}

impl fmt::Debug for StoredFds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(sys::number)).finish()
    }
}
