//! A list that outlives the borrow of its descriptors.

#![expect(unsafe_code, reason = "a kept list is lent again as borrowed descriptors")]

use std::io;
use std::marker::PhantomData;

use super::{PollFd, PollFlags, sys};
use crate::fd::{AsRawFd, BorrowedFd};
use crate::lent;

/// A list for [`poll`](super::poll) that lasts from wait to wait, though the descriptors in it are lent for one wait at a time.
///
/// A registry that owns files cannot keep a [`PollFd`] of them beside them: that would borrow from itself. A cache
/// keeps the bare numbers, with which nothing can be done. For each wait it is shown the borrowed descriptors again, and
/// only then lends the list, for as long as the borrow lasts: [`fill`](Self::fill) makes the list,
/// [`revalidate`](Self::revalidate) compares it, which is cheaper.
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
/// let mut cache = StoredFds::new();
/// let fds = cache.fill([Ok((a.as_fd(), PollFlags::OUT))])?;
/// assert_eq!(poll(fds, Timeout::ZERO)?, 1);
///
/// let fds = cache.revalidate([Ok(a.as_fd())])?.expect("nothing else was loaded");
/// assert_eq!(poll(fds, Timeout::ZERO)?, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct StoredFds {
    // Numbers that may be stale; see `fill`.
    entries: Vec<PollFd<'static>>,
}

impl StoredFds {
    /// An empty cache. No allocation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the list that of `fds`, in their order, and lends it.
    ///
    /// Entry `n` of the list is item `n` of `fds`.
    ///
    /// # Errors
    ///
    /// The first error that `fds` yields. The cache can be loaded again.
    pub fn fill<'a, 'fd>(
        &'a mut self,
        fds: impl IntoIterator<Item = io::Result<(BorrowedFd<'fd>, PollFlags)>>,
    ) -> io::Result<&'a mut [PollFd<'fd>]> {
        self.entries.clear();
        for entry in fds {
            let (fd, events) = entry?;
            self.entries.push(PollFd { raw: sys::entry(fd.as_raw_fd(), events), borrowed: PhantomData });
        }
        let entries = &mut self.entries[..];
        // SAFETY: the types differ in the lifetime alone, and 'fd is the honest one: the loop above has just seen a
        // `BorrowedFd<'fd>` for the number in each of the entries. The 'static in the field's type is never read as such:
        // `entries` is private, and is lent here and in `revalidate` only.
        Ok(unsafe { std::mem::transmute::<&'a mut [PollFd<'static>], &'a mut [PollFd<'fd>]>(entries) })
    }

    /// Lends the list unchanged if `fds` are exactly its descriptors, in their order; otherwise gives back `None`.
    ///
    /// What an entry saw in an earlier wait may still stand in it.
    ///
    /// # Errors
    ///
    /// The first error that `fds` yields. The list stays as it is.
    #[inline]
    pub fn revalidate<'a, 'fd>(
        &'a mut self,
        fds: impl IntoIterator<Item = io::Result<BorrowedFd<'fd>>>,
    ) -> io::Result<Option<&'a mut [PollFd<'fd>]>> {
        let numbers = self.entries.iter().map(|entry| sys::number(&entry.raw));
        if !lent::have_numbers(fds, numbers)? {
            return Ok(None);
        }
        let entries = &mut self.entries[..];
        // SAFETY: as in `fill`: `have_numbers` has just seen a `BorrowedFd<'fd>` for the number in each entry, also where
        // whoever was lent the list has put another entry of his own.
        Ok(Some(unsafe { std::mem::transmute::<&'a mut [PollFd<'static>], &'a mut [PollFd<'fd>]>(entries) }))
    }

    /// Waits for other events of a descriptor that is in the list; gives back whether entry `n`, from 0, is of this one.
    ///
    /// # Examples
    ///
    /// From reading to writing, without loading anew:
    ///
    /// ```
    /// use select_sys::Timeout;
    /// use select_sys::fd::AsFd;
    /// use select_sys::poll::{StoredFds, PollFlags, poll};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut cache = StoredFds::new();
    /// let fds = cache.fill([Ok((a.as_fd(), PollFlags::IN))])?;
    /// assert!(cache.modify(0, a.as_fd(), PollFlags::OUT));
    /// assert!(!cache.modify(0, b.as_fd(), PollFlags::OUT));
    ///
    /// let fds = cache.revalidate([Ok(a.as_fd())])?.expect("the descriptors are the same");
    /// assert_eq!(poll(fds, Timeout::ZERO)?, 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn modify(&mut self, n: usize, fd: BorrowedFd<'_>, events: PollFlags) -> bool {
        let entry = self.entries.get_mut(n).filter(|entry| sys::number(&entry.raw) == fd.as_raw_fd());
        entry.map(|entry| entry.set_events(events)).is_some()
    }
}
