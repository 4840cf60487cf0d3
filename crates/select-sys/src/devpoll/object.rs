//! A set whose descriptors are borrowed while they are in it.

#![expect(unsafe_code, reason = "numbers in the set are lent as descriptors")]

use std::io;
use std::marker::PhantomData;

use super::set::Set;
use super::stored::ReadyFds;
use crate::fd::{AsFd, AsRawFd, BorrowedFd};
use crate::poll::PollFlags;
use crate::timeout::Timeout;

/// A set of descriptors in the kernel.
///
/// # Examples
///
/// Register, change, wait:
///
/// ```
/// use select_sys::Timeout;
/// use select_sys::devpoll::DevPoll;
/// use select_sys::fd::AsFd;
/// use select_sys::poll::PollFlags;
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut devpoll = DevPoll::new()?;
/// devpoll.register(a.as_fd(), PollFlags::IN);
/// assert_eq!(devpoll.poll(Timeout::ZERO)?.count(), 0);
///
/// devpoll.modify(a.as_fd(), PollFlags::OUT);
/// for (fd, flags) in devpoll.poll(None)? {
///     println!("{fd:?} has {flags:?}");
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct DevPoll<'fd> {
    // Each number in it came from a `BorrowedFd<'fd>`, so it is open for 'fd.
    set: Set,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'fd> DevPoll<'fd> {
    /// `open("/dev/poll", O_RDWR | O_CLOEXEC)`—Makes a new, empty set.
    ///
    /// # Errors
    ///
    /// * `EMFILE`, `ENFILE`: no descriptors left in the process, in the system.
    /// * `ENXIO`: too many sets in the system.
    /// * `ENOENT`, `EACCES`: there is no `/dev/poll`, in a zone or a chroot, say, or it must not be opened.
    pub fn new() -> io::Result<Self> {
        Ok(Self { set: Set::open()?, borrowed: PhantomData })
    }

    /// Watches `fd` for `events`; a descriptor that is registered already gets the new events instead of the old.
    ///
    /// (The device itself would watch for both.) No system call: errors show at the next [`poll`](Self::poll). A negative
    /// number, such as that of `rustix::fs::CWD`, is ignored.
    pub fn register(&mut self, fd: BorrowedFd<'fd>, events: PollFlags) {
        self.set.add(fd.as_raw_fd(), events);
    }

    /// Unregisters `fd`, if it is registered, and registers it for `events`.
    ///
    /// The same as [`register`](Self::register), under the name that Python has for it. No system call.
    pub fn modify(&mut self, fd: BorrowedFd<'fd>, events: PollFlags) {
        self.register(fd, events);
    }

    /// Stops watching `fd`; does nothing if it is not registered.
    ///
    /// No system call.
    #[doc(alias = "POLLREMOVE")]
    pub fn unregister(&mut self, fd: BorrowedFd<'_>) {
        self.set.remove(fd.as_raw_fd());
    }

    /// The number of registered descriptors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// Whether no descriptor is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `ioctl(DP_POLL)`—Waits, and returns the descriptors that have events, in the kernel's order.
    ///
    /// First it writes the changes since the last wait to the device. The timeout is rounded up to milliseconds. One wait reports
    /// at most 65,536 descriptors; the next one continues with the others.
    ///
    /// # Errors
    ///
    /// Changes that could not be written are kept for the next wait.
    ///
    /// * [`PermissionDenied`](io::ErrorKind::PermissionDenied) (from `EACCES`): this process is a forked child, and its parent
    ///   owns the set.
    /// * [`Interrupted`](io::ErrorKind::Interrupted): a signal handler ran and the timeout is
    ///   [`interruptible`](Timeout::interruptible).
    /// * The error of a file that cannot be watched.
    ///
    /// # References
    ///
    /// [poll(4D)](https://illumos.org/man/4D/poll)
    #[doc(alias = "DP_POLL")]
    #[doc(alias = "dvpoll")]
    pub fn poll(&mut self, timeout: impl Into<Timeout>) -> io::Result<Ready<'_, 'fd>> {
        // SAFETY: the descriptors in the set are open for 'fd (the field's invariant), and `self` is not used after that.
        let results = unsafe { self.set.poll(timeout.into()) }?;
        Ok(Ready { results: ReadyFds::new(results), borrowed: PhantomData })
    }
}

/// The descriptor of the set. It cannot be waited for.
impl AsFd for DevPoll<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.set.as_fd()
    }
}

/// The descriptors that [`DevPoll::poll`] found ready, with their events.
#[derive(Clone, Debug)]
#[must_use = "iterate to see which descriptors are ready"]
pub struct Ready<'a, 'fd> {
    // Numbers of descriptors that are registered with a `DevPoll<'fd>`.
    results: ReadyFds<'a>,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'fd> Iterator for Ready<'_, 'fd> {
    type Item = (BorrowedFd<'fd>, PollFlags);

    fn next(&mut self) -> Option<Self::Item> {
        let (fd, flags) = self.results.next()?;
        // SAFETY: `Set::poll` returns numbers that are in the set, and those came from a `BorrowedFd<'fd>`: open for 'fd, and
        // not -1.
        Some((unsafe { BorrowedFd::borrow_raw(fd) }, flags))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.results.size_hint()
    }
}

impl ExactSizeIterator for Ready<'_, '_> {}
