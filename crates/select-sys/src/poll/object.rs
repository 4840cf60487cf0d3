//! A polling object.

use std::collections::HashMap;
use std::io;

use super::call::{PollFd, poll};
use super::flags::PollFlags;
use crate::fd::{AsRawFd, BorrowedFd, RawFd};
use crate::sys::errno::not_found;
use crate::timeout::Timeout;

/// A polling object: a list for [`poll`](poll()), in the order of registration.
///
/// # Examples
///
/// Register, wait, change, unregister:
///
/// ```
/// use select_sys::Timeout;
/// use select_sys::fd::AsFd;
/// use select_sys::poll::{Poll, PollFlags};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut poll = Poll::new();
/// poll.register(a.as_fd(), PollFlags::IN);
/// assert_eq!(poll.poll(Timeout::ZERO)?.count(), 0);
///
/// poll.modify(a.as_fd(), PollFlags::OUT)?;
/// for (fd, flags) in poll.poll(None)? {
///     println!("{fd:?} has {flags:?}");
/// }
/// poll.unregister(a.as_fd())?;
/// assert!(poll.is_empty() && poll.modify(a.as_fd(), PollFlags::IN).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Poll<'fd> {
    // In the order of registration. Unregistering leaves an unused entry until `compact`; it is never lent.
    fds: Vec<PollFd<'fd>>,
    // The index in `fds` of each registered descriptor.
    indices: HashMap<RawFd, usize>,
}

/// This many unused entries may remain until the next wait.
const MAX_UNUSED: usize = 64;

impl<'fd> Poll<'fd> {
    /// An empty polling object. No system call, no allocation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Watches `fd` for `events`; a descriptor that is registered already gets the new events and keeps its position.
    ///
    /// No system call. A descriptor that cannot be watched is reported as [`NVAL`](PollFlags::NVAL) by the next
    /// [`poll`](Self::poll); but see [`PollFd::new`] for a negative number.
    ///
    /// # Examples
    ///
    /// The second registration replaces the first:
    ///
    /// ```
    /// use select_sys::fd::AsFd;
    /// use select_sys::poll::{Poll, PollFlags};
    ///
    /// let stdin = std::io::stdin();
    /// let mut poll = Poll::new();
    /// poll.register(stdin.as_fd(), PollFlags::IN);
    /// poll.register(stdin.as_fd(), PollFlags::PRI);
    /// assert_eq!(poll.len(), 1);
    /// ```
    pub fn register(&mut self, fd: BorrowedFd<'fd>, events: PollFlags) {
        // A program that never waits must not use more and more memory.
        if self.fds.len() > 2 * self.indices.len() + MAX_UNUSED {
            self.compact();
        }
        let index = *self.indices.entry(fd.as_raw_fd()).or_insert(self.fds.len());
        match self.fds.get_mut(index) {
            Some(entry) => *entry = PollFd::new(fd, events),
            None => self.fds.push(PollFd::new(fd, events)),
        }
    }

    /// Watches a registered `fd` for other `events`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) (`ENOENT`): `fd` is not registered.
    pub fn modify(&mut self, fd: BorrowedFd<'_>, events: PollFlags) -> io::Result<()> {
        let index = self.index(fd)?;
        self.fds[index].set_events(events);
        Ok(())
    }

    /// Stops watching `fd`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) (`ENOENT`): `fd` is not registered.
    pub fn unregister(&mut self, fd: BorrowedFd<'_>) -> io::Result<()> {
        let index = self.index(fd)?;
        self.indices.remove(&fd.as_raw_fd());
        self.fds[index] = PollFd::unused();
        Ok(())
    }

    /// The number of registered descriptors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether no descriptor is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// The registered descriptors with their events, in the order of registration.
    ///
    /// They are entries for [`poll`](poll()). A copy of them can wait while another thread changes this object, for example.
    ///
    /// # Examples
    ///
    /// A wait that holds no lock:
    ///
    /// ```
    /// use select_sys::fd::AsFd;
    /// use select_sys::poll::{Poll, PollFd, PollFlags, poll};
    /// use std::os::unix::net::UnixStream;
    /// use std::sync::Mutex;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let shared = Mutex::new(Poll::new());
    /// shared.lock().unwrap().register(a.as_fd(), PollFlags::OUT);
    ///
    /// let mut fds: Vec<PollFd> = shared.lock().unwrap().entries().cloned().collect();
    /// assert_eq!(poll(&mut fds, None)?, 1);
    /// shared.lock().unwrap().register(b.as_fd(), PollFlags::IN);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn entries(&self) -> impl Iterator<Item = &PollFd<'fd>> {
        self.fds.iter().filter(|entry| !entry.is_unused())
    }

    /// `ppoll(2)`—Waits, and returns the descriptors that have events, in the order of registration.
    ///
    /// # Errors
    ///
    /// As [`poll`](poll()).
    pub fn poll(&mut self, timeout: impl Into<Timeout>) -> io::Result<Ready<'_, 'fd>> {
        if self.fds.len() != self.indices.len() {
            self.compact();
        }
        let left = poll(&mut self.fds, timeout)?;
        Ok(Ready { fds: self.fds.iter(), left })
    }

    /// Drops the unused entries.
    fn compact(&mut self) {
        self.fds.retain(|entry| !entry.is_unused());
        let indices = self.fds.iter().enumerate();
        self.indices.extend(indices.map(|(index, entry)| (entry.number(), index)));
    }

    fn index(&self, fd: BorrowedFd<'_>) -> io::Result<usize> {
        self.indices.get(&fd.as_raw_fd()).copied().ok_or_else(not_found)
    }
}

/// The descriptors that [`Poll::poll`] found ready, with their events.
#[derive(Clone, Debug)]
#[must_use = "iterate to see which descriptors are ready"]
pub struct Ready<'a, 'fd> {
    fds: std::slice::Iter<'a, PollFd<'fd>>,
    // The number of entries left that have events, as the kernel counted.
    left: usize,
}

impl<'fd> Iterator for Ready<'_, 'fd> {
    type Item = (BorrowedFd<'fd>, PollFlags);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let found = self.fds.find(|entry| !entry.revents().is_empty())?;
        Some((found.fd(), found.revents()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left))
    }
}
