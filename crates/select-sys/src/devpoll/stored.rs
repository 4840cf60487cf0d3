//! A set that outlives the borrow of its descriptors.

#![expect(unsafe_code, reason = "waits with numbers whose descriptors were shown to it")]

use std::io;
use std::marker::PhantomData;

use super::set::Set;
use crate::fd::{self, AsFd, AsRawFd, BorrowedFd, RawFd};
use crate::poll::PollFlags;
use crate::timeout::Timeout;

/// A set in the kernel that is stored between waits, while its descriptors are borrowed for one wait at a time.
///
/// A registry that owns files cannot store a [`DevPoll`](super::DevPoll) of them: it would borrow from itself. This type stores
/// bare numbers, and cannot wait. The registry calls [`add`](Self::add), [`modify`](Self::modify) and [`remove`](Self::remove)
/// when its registrations change. Before each wait it shows the borrowed descriptors to [`retain`](Self::retain), and gets
/// something that can wait. A descriptor that it does not show is removed before the kernel looks at it.
///
/// A change costs the same however many descriptors there are and whatever their numbers. A wait writes the changes to the
/// device, in one call, and visits each descriptor that it is shown once.
///
/// # Examples
///
/// Two waits on one set; the second has nothing to write:
///
/// ```
/// use select_sys::Timeout;
/// use select_sys::devpoll::StoredFds;
/// use select_sys::fd::{AsFd, AsRawFd};
/// use select_sys::poll::PollFlags;
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut stored = StoredFds::new()?;
/// stored.add(a.as_fd(), PollFlags::OUT)?;
/// for _ in 0..2 {
///     let borrowed = stored.retain([Ok(a.as_fd())])?;
///     let ready: Vec<_> = borrowed.poll(Timeout::ZERO)?.collect();
///     assert_eq!(ready, [(a.as_raw_fd(), PollFlags::OUT)]);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct StoredFds {
    // Its numbers may be stale; see `retain`.
    set: Set,
}

impl StoredFds {
    /// `open("/dev/poll", O_RDWR | O_CLOEXEC)`—Makes a new, empty set.
    ///
    /// # Errors
    ///
    /// As [`DevPoll::new`](super::DevPoll::new).
    pub fn new() -> io::Result<Self> {
        Set::open().map(|set| Self { set })
    }

    /// Watches `fd` for `events`.
    ///
    /// The number may have been another file's: the device forgets the file that it has under this number. No system call.
    ///
    /// # Errors
    ///
    /// `EBADF` for a negative number, such as that of `rustix::fs::CWD`.
    pub fn add(&mut self, fd: BorrowedFd<'_>, events: PollFlags) -> io::Result<()> {
        self.set.add(fd::number(fd)?, events);
        Ok(())
    }

    /// Watches `fd` for other `events`. A descriptor that is not in the set is added.
    ///
    /// The number must still be the same file's; if it is not, use [`add`](Self::add). No system call. If the events are the
    /// same as before, there is nothing to write.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn modify(&mut self, fd: BorrowedFd<'_>, events: PollFlags) -> io::Result<()> {
        self.set.modify(fd::number(fd)?, events);
        Ok(())
    }

    /// Stops watching `fd`; does nothing if it is not in the set.
    ///
    /// No system call.
    pub fn remove(&mut self, fd: BorrowedFd<'_>) {
        self.set.remove(fd.as_raw_fd());
    }

    /// The number of descriptors in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// Whether no descriptor is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all descriptors but `fds`, and lends the set to one wait.
    ///
    /// The order is free, and a descriptor may come more than once. No system call.
    ///
    /// # Errors
    ///
    /// The first error that `fds` yields, or [`NotFound`](io::ErrorKind::NotFound) (`ENOENT`) for a descriptor that is not in
    /// the set. Then nothing is removed.
    pub fn retain<'a, 'fd>(
        &'a mut self,
        fds: impl IntoIterator<Item = io::Result<BorrowedFd<'fd>>>,
    ) -> io::Result<Borrowed<'a, 'fd>> {
        self.set.retain(fds)?;
        Ok(Borrowed { set: &mut self.set, borrowed: PhantomData })
    }
}

/// The descriptor of the set. It cannot be waited for.
impl AsFd for StoredFds {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.set.as_fd()
    }
}

/// A stored set whose descriptors are borrowed, for one wait.
///
/// # Examples
///
/// No descriptors, so this waits for its time:
///
/// ```
/// use select_sys::devpoll::StoredFds;
/// use std::time::Duration;
///
/// let mut stored = StoredFds::new()?;
/// let borrowed = stored.retain([])?;
/// assert_eq!(borrowed.poll(Duration::from_millis(1))?.count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "call `poll` to wait"]
pub struct Borrowed<'a, 'fd> {
    // `retain` has just seen a `BorrowedFd<'fd>` with the number of each descriptor in it.
    set: &'a mut Set,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'a> Borrowed<'a, '_> {
    /// `ioctl(DP_POLL)`—Writes the changes to the device, waits, and returns the numbers that have events.
    ///
    /// # Errors
    ///
    /// As [`DevPoll::poll`](super::DevPoll::poll).
    pub fn poll(self, timeout: impl Into<Timeout>) -> io::Result<ReadyFds<'a>> {
        // SAFETY: the descriptors in the set are open for 'fd (the field's invariant), which outlasts this call; only another
        // `retain` makes another wait possible.
        let results = unsafe { self.set.poll(timeout.into()) }?;
        Ok(ReadyFds::new(results))
    }
}

/// The numbers of the descriptors that [`Borrowed::poll`] found ready, with their events.
#[derive(Clone, Debug)]
#[must_use = "iterate to see which descriptors are ready"]
pub struct ReadyFds<'a>(std::slice::Iter<'a, libc::pollfd>);

impl<'a> ReadyFds<'a> {
    pub(super) fn new(results: &'a [libc::pollfd]) -> Self {
        Self(results.iter())
    }
}

impl Iterator for ReadyFds<'_> {
    type Item = (RawFd, PollFlags);

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.0.next()?;
        Some((entry.fd, PollFlags::from_bits_retain(entry.revents as u16)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for ReadyFds<'_> {}
