//! The call, and the entries of its list.

#![expect(
    unsafe_code,
    reason = "a list is passed as the system's structs, and numbers in it are lent as descriptors"
)]

use std::fmt;
use std::io;
use std::marker::PhantomData;

use super::flags::PollFlags;
use crate::fd::{AsRawFd, BorrowedFd, RawFd};
use crate::sys::poll as sys;
use crate::timeout::{Deadline, Timeout};

/// `struct pollfd`: a descriptor, the events to watch for, and the events that occurred.
///
/// # Examples
///
/// Wait for data to read, then for room to write:
///
/// ```
/// use select_sys::Timeout;
/// use select_sys::fd::{AsFd, AsRawFd};
/// use select_sys::poll::{PollFd, PollFlags, poll};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut fds = [PollFd::new(a.as_fd(), PollFlags::IN | PollFlags::PRI)];
/// assert_eq!(poll(&mut fds, Timeout::ZERO)?, 0);
/// fds[0].set_events(PollFlags::OUT);
/// assert_eq!(poll(&mut fds, Timeout::ZERO)?, 1);
/// assert_eq!((fds[0].fd().as_raw_fd(), fds[0].revents()), (a.as_raw_fd(), PollFlags::OUT));
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "pollfd")]
#[derive(Clone)]
#[repr(transparent)]
pub struct PollFd<'fd> {
    // In an entry that leaves this crate the descriptor is open for 'fd: it came from a `BorrowedFd<'fd>`.
    raw: sys::pollfd,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'fd> PollFd<'fd> {
    /// An entry that watches `fd` for `events`.
    ///
    /// `poll` ignores an entry with a negative number, such as that of `rustix::fs::CWD`.
    #[must_use]
    pub fn new(fd: BorrowedFd<'fd>, events: PollFlags) -> Self {
        Self { raw: sys::entry(fd.as_raw_fd(), events.bits() as i16), borrowed: PhantomData }
    }

    /// An entry that `poll` ignores. It must not be lent as a descriptor.
    pub(super) fn unused() -> Self {
        Self { raw: sys::entry(sys::UNUSED_FD, 0), borrowed: PhantomData }
    }

    /// The number of the descriptor.
    #[inline]
    pub(super) fn number(&self) -> RawFd {
        sys::number(&self.raw)
    }

    pub(super) fn is_unused(&self) -> bool {
        self.number() == sys::UNUSED_FD
    }

    /// The same list as the system's structs.
    #[inline]
    fn as_raw_slice(fds: &mut [Self]) -> &mut [sys::pollfd] {
        // SAFETY: `PollFd` is `repr(transparent)` over `pollfd`, so this is the same slice, borrowed for as long. Only
        // `poll` gets it, which leaves the numbers alone.
        unsafe { std::slice::from_raw_parts_mut(fds.as_mut_ptr().cast(), fds.len()) }
    }

    /// The same list as borrowed descriptors.
    ///
    /// # Safety
    ///
    /// The number of each entry came from a `BorrowedFd<'fd>`.
    #[inline]
    pub(super) unsafe fn from_raw_slice(entries: &mut [sys::pollfd]) -> &mut [Self] {
        // SAFETY: `PollFd` is `repr(transparent)` over `pollfd`, so this is the same slice, borrowed for as long. The caller
        // promises what the field needs.
        unsafe { std::slice::from_raw_parts_mut(entries.as_mut_ptr().cast(), entries.len()) }
    }

    /// The descriptor.
    #[must_use]
    #[inline]
    pub fn fd(&self) -> BorrowedFd<'fd> {
        // SAFETY: the number came from a `BorrowedFd<'fd>` (the field's invariant), so it is open for 'fd and not -1.
        unsafe { BorrowedFd::borrow_raw(self.number()) }
    }

    /// The events to watch for.
    #[must_use]
    #[inline]
    pub fn events(&self) -> PollFlags {
        PollFlags::from_bits_retain(self.raw.events as u16)
    }

    /// Sets the events to watch for from the next call on.
    pub fn set_events(&mut self, events: PollFlags) {
        self.raw.events = events.bits() as i16;
    }

    /// The events that the last call reported.
    ///
    /// Empty before the first call; unspecified after a call that failed.
    #[must_use]
    #[inline]
    pub fn revents(&self) -> PollFlags {
        PollFlags::from_bits_retain(self.raw.revents as u16)
    }
}

impl fmt::Debug for PollFd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollFd")
            .field("fd", &self.number())
            .field("events", &self.events())
            .field("revents", &self.revents())
            .finish()
    }
}

/// `ppoll(2)`—Waits until at least one entry of `fds` has an event, and returns the number of entries that have.
///
/// Each entry's [`revents`](PollFd::revents) is overwritten. A descriptor may be in the list several times, and counts as often.
/// With an empty list the call waits for its timeout. Apple's systems differ; see the [module](super).
///
/// The kernel gets the timeout in nanoseconds; systems without `ppoll` get it rounded up to milliseconds. Without a limit, or
/// with a limit of zero, the call is `poll`, which costs less.
///
/// # Errors
///
/// * `EINVAL`: more entries than the process may have descriptors (`RLIMIT_NOFILE`). FreeBSD and NetBSD accept some more;
///   Apple's systems never accept more than 10,240.
/// * `WSAEINVAL`: on Windows, an entry requests an event that `WSAPoll` does not support; see the [module](super).
/// * [`OutOfMemory`](io::ErrorKind::OutOfMemory) (`ENOMEM`, also where the system says `EAGAIN`; `WSAENOBUFS`): no memory left
///   in the kernel.
/// * [`Interrupted`](io::ErrorKind::Interrupted): a signal handler ran and the timeout is
///   [`interruptible`](Timeout::interruptible).
///
/// # Examples
///
/// Wait until one of two sockets can be read:
///
/// ```
/// use select_sys::fd::AsFd;
/// use select_sys::poll::{PollFd, PollFlags, poll};
/// use std::io::Write;
/// use std::os::unix::net::UnixStream;
///
/// let (a, b) = UnixStream::pair()?;
/// (&b).write_all(b"hello")?;
/// let mut fds = [PollFd::new(a.as_fd(), PollFlags::IN), PollFd::new(b.as_fd(), PollFlags::IN)];
/// assert_eq!(poll(&mut fds, None)?, 1);
/// assert_eq!(fds[0].revents(), PollFlags::IN);
/// assert_eq!(fds[1].revents(), PollFlags::empty());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # References
///
/// [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html),
/// [WSAPoll](https://learn.microsoft.com/en-us/windows/win32/api/winsock2/nf-winsock2-wsapoll)
#[doc(alias = "ppoll")]
#[doc(alias = "WSAPoll")]
#[inline]
pub fn poll(fds: &mut [PollFd<'_>], timeout: impl Into<Timeout>) -> io::Result<usize> {
    let list = PollFd::as_raw_slice(fds);
    let mut deadline = Deadline::new(timeout.into());
    loop {
        let result = sys::poll(list, deadline.left());
        if !deadline.should_retry(&result) {
            return result;
        }
    }
}
