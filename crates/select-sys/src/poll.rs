//! `poll(2)`: one call with a list of descriptors.
//!
//! Three ways to use it: the call itself over your own list ([`poll`], [`PollFd`]), an object that keeps the list
//! ([`Poll`]), and a list that outlives the borrow of its descriptors ([`StoredFds`], for those who build a registry).
//!
//! # Caveats
//!
//! * [`ERR`](PollFlags::ERR), [`HUP`](PollFlags::HUP) and [`NVAL`](PollFlags::NVAL) are reported whether asked for
//!   or not, even for a descriptor registered for nothing.
//! * The call looks at every descriptor in the list each time: its cost grows with their number.
//!
//! # Portability
//!
//! POSIX.1-2024. Regular files are always ready. Linux takes lists up to the limit of open descriptors
//! (`RLIMIT_NOFILE`), and fails with `EINVAL` beyond.
//!
//! On Windows this is `WSAPoll`, which waits for sockets only. It can be asked for [`IN`](PollFlags::IN),
//! [`RDNORM`](PollFlags::RDNORM), [`RDBAND`](PollFlags::RDBAND) (urgent data), [`OUT`](PollFlags::OUT) and
//! [`WRNORM`](PollFlags::WRNORM), where `IN` is both of the `RD` ones. With anything else in an entry, be it
//! [`PRI`](PollFlags::PRI) or [`HUP`](PollFlags::HUP), the call fails with `WSAEINVAL`. Before Windows 10 version 2004
//! it does not report that a connection attempt failed. A peer that shut down its sending is reported with `HUP`.
//!
//! # References
//!
//! [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html)

#![expect(
    unsafe_code,
    reason = "the call takes the list by address, and numbers in it are lent as descriptors"
)]

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::marker::PhantomData;

use crate::Timeout;
use crate::fd::{AsRawFd, BorrowedFd, RawFd};
use crate::poll_system as sys;

pub use cache::StoredFds;

mod cache;

bitflags::bitflags! {
    /// `POLL*`: what to watch for, and what was seen. Unknown bits are kept.
    ///
    /// # Examples
    ///
    /// Something to read, or the end of the stream:
    ///
    /// ```
    /// use select_sys::poll::PollFlags;
    ///
    /// let seen = PollFlags::IN | PollFlags::HUP;
    /// assert!(seen.contains(PollFlags::IN) && seen.intersects(PollFlags::HUP | PollFlags::RDHUP));
    /// ```
    ///
    /// # References
    ///
    /// [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html)
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct PollFlags: u16 {
        /// `POLLIN`: there is something to read, or the end of it.
        #[doc(alias = "POLLIN")]
        const IN = sys::POLLIN as u16;
        /// `POLLPRI`: an exceptional condition, such as urgent data on a TCP socket.
        #[doc(alias = "POLLPRI")]
        const PRI = sys::POLLPRI as u16;
        /// `POLLOUT`: writing will not block.
        #[doc(alias = "POLLOUT")]
        const OUT = sys::POLLOUT as u16;
        /// `POLLERR`: an error is pending, or the read end of the pipe is gone. Reported only.
        #[doc(alias = "POLLERR")]
        const ERR = sys::POLLERR as u16;
        /// `POLLHUP`: hung up; data may still be left to read. Reported only.
        #[doc(alias = "POLLHUP")]
        const HUP = sys::POLLHUP as u16;
        /// `POLLNVAL`: the descriptor is not open, or opened with `O_PATH`. Reported only.
        #[doc(alias = "POLLNVAL")]
        const NVAL = sys::POLLNVAL as u16;
        /// `POLLRDNORM`: the same as [`IN`](Self::IN) for most files.
        #[doc(alias = "POLLRDNORM")]
        const RDNORM = sys::POLLRDNORM as u16;
        /// `POLLRDBAND`: data of a priority band can be read.
        #[doc(alias = "POLLRDBAND")]
        const RDBAND = sys::POLLRDBAND as u16;
        /// `POLLWRNORM`: the same as [`OUT`](Self::OUT) for most files.
        #[doc(alias = "POLLWRNORM")]
        const WRNORM = sys::POLLWRNORM as u16;
        /// `POLLWRBAND`: data of a priority band can be written.
        #[doc(alias = "POLLWRBAND")]
        const WRBAND = sys::POLLWRBAND as u16;
        /// `POLLMSG`: a STREAMS message; never reported by Linux.
        // Not in libc 0.2: include/uapi/asm-generic/poll.h and arch/sparc/include/uapi/asm/poll.h.
        #[doc(alias = "POLLMSG")]
        #[cfg(any(target_os = "android", target_os = "linux"))]
        const MSG = if cfg!(any(target_arch = "sparc", target_arch = "sparc64")) { 0x200 } else { 0x400 };
        /// `POLLRDHUP`: the peer closed its end or shut down writing (Linux 2.6.17, FreeBSD 13.1, illumos).
        ///
        /// On FreeBSD, regular files and devices that are always ready answer it with [`NVAL`](Self::NVAL).
        ///
        /// Only where asked for.
        #[doc(alias = "POLLRDHUP")]
        #[cfg(any(target_os = "android", target_os = "linux", target_os = "freebsd", target_os = "illumos"))]
        const RDHUP = libc::POLLRDHUP as u16;

        // The kernel may report bits that are not listed here.
        const _ = !0;
    }
}

/// `struct pollfd`: a descriptor, what to watch it for, and what was seen.
///
/// # Examples
///
/// First wait for something to read, then for room to write:
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
    // `fd` is open for 'fd: it came from a `BorrowedFd<'fd>`.
    raw: sys::pollfd,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'fd> PollFd<'fd> {
    /// An entry that watches `fd` for `events`.
    ///
    /// The call passes over a negative number, such as that of `rustix::fs::CWD`, and sees nothing.
    #[must_use]
    pub fn new(fd: BorrowedFd<'fd>, events: PollFlags) -> Self {
        Self { raw: sys::entry(fd.as_raw_fd(), events), borrowed: PhantomData }
    }

    /// The descriptor.
    #[must_use]
    #[inline]
    pub fn fd(&self) -> BorrowedFd<'fd> {
        // SAFETY: the number came from a `BorrowedFd<'fd>` (the field's invariant), so it is open for 'fd and not -1.
        unsafe { BorrowedFd::borrow_raw(sys::number(&self.raw)) }
    }

    /// What is watched for.
    #[must_use]
    #[inline]
    pub fn events(&self) -> PollFlags {
        PollFlags::from_bits_retain(self.raw.events as u16)
    }

    /// Watches for something else from the next call on.
    pub fn set_events(&mut self, events: PollFlags) {
        self.raw.events = events.bits() as i16;
    }

    /// What the last call saw; nothing before the first. After a call that failed it means nothing.
    #[must_use]
    #[inline]
    pub fn revents(&self) -> PollFlags {
        PollFlags::from_bits_retain(self.raw.revents as u16)
    }
}

impl fmt::Debug for PollFd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollFd")
            .field("fd", &sys::number(&self.raw))
            .field("events", &self.events())
            .field("revents", &self.revents())
            .finish()
    }
}

/// `ppoll(2)`—Waits until an entry of `fds` has something to report, and gives back how many have.
///
/// The answers are in [`PollFd::revents`] of the entries; all are overwritten. The kernel gets the timeout in
/// nanoseconds (without `ppoll` in the system, rounded up to the next millisecond); a wait without a limit, or with no
/// time, goes through `poll`, which is cheaper. A descriptor may stand in the list more than once, and counts as often. An
/// empty list waits for the timeout.
///
/// # Errors
///
/// * `EINVAL`: more entries than the process may have descriptors (`RLIMIT_NOFILE`); FreeBSD and NetBSD take some more.
/// * `WSAEINVAL`: on Windows, an entry is to be watched for something that `WSAPoll` does not know; see the
///   [module](self).
/// * `ENOMEM` (`WSAENOBUFS`): no memory left in the kernel.
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
    // SAFETY: `PollFd` is `repr(transparent)` over `pollfd`, so this is the same slice, and borrowed for as long. The call
    // leaves the numbers in it alone.
    let list = unsafe { std::slice::from_raw_parts_mut(fds.as_mut_ptr().cast::<sys::pollfd>(), fds.len()) };
    sys::poll(list, timeout.into())
}

/// A polling object: keeps the list for [`poll`], in the order of registration.
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
    // In the order of registration. An unregistered one has the number -1, which poll(2) passes over, until `compact`; such
    // an entry is never lent.
    fds: Vec<PollFd<'fd>>,
    // Each descriptor's place in `fds`: exactly the registered ones, each once.
    places: HashMap<RawFd, usize>,
}

/// So many entries of what was unregistered are kept until the next wait.
const FEW: usize = 64;

impl<'fd> Poll<'fd> {
    /// An empty polling object. No system call, no allocation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Watches `fd` for `events`; a descriptor that is registered already gets the new events and keeps its place.
    ///
    /// No system call: what is wrong with a descriptor shows at the next [`poll`](Self::poll), as
    /// [`NVAL`](PollFlags::NVAL); but see [`PollFd::new`] for a negative number.
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
        // So that a program that never waits takes no more and more memory.
        if self.fds.len() > 2 * self.places.len() + FEW {
            self.compact();
        }
        let place = *self.places.entry(fd.as_raw_fd()).or_insert(self.fds.len());
        match self.fds.get_mut(place) {
            Some(known) => *known = PollFd::new(fd, events),
            None => self.fds.push(PollFd::new(fd, events)),
        }
    }

    /// Watches a registered `fd` for other `events`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) (`ENOENT`): `fd` is not registered.
    pub fn modify(&mut self, fd: BorrowedFd<'_>, events: PollFlags) -> io::Result<()> {
        let place = self.place(fd)?;
        self.fds[place].set_events(events);
        Ok(())
    }

    /// Stops watching `fd`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) (`ENOENT`): `fd` is not registered.
    pub fn unregister(&mut self, fd: BorrowedFd<'_>) -> io::Result<()> {
        let place = self.place(fd)?;
        self.places.remove(&fd.as_raw_fd());
        self.fds[place].raw = sys::entry(sys::NOBODY, PollFlags::empty());
        Ok(())
    }

    /// How many descriptors are registered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether no descriptor is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The registered descriptors and what each is watched for, in the order of registration.
    ///
    /// They are entries for [`poll`](poll()): a copy of them can be waited with while this object is changed, by another
    /// thread for example.
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
        self.fds.iter().filter(|entry| sys::number(&entry.raw) != sys::NOBODY)
    }

    /// `ppoll(2)`—Waits, and gives back each descriptor that has something to report, in the order of registration.
    ///
    /// # Errors
    ///
    /// As [`poll`](poll()).
    pub fn poll(&mut self, timeout: impl Into<Timeout>) -> io::Result<Ready<'_, 'fd>> {
        if self.fds.len() != self.places.len() {
            self.compact();
        }
        let left = poll(&mut self.fds, timeout)?;
        Ok(Ready { fds: self.fds.iter(), left })
    }

    /// Drops the entries of what was unregistered.
    fn compact(&mut self) {
        self.fds.retain(|entry| sys::number(&entry.raw) != sys::NOBODY);
        let places = self.fds.iter().enumerate();
        self.places.extend(places.map(|(place, entry)| (sys::number(&entry.raw), place)));
    }

    fn place(&self, fd: BorrowedFd<'_>) -> io::Result<usize> {
        self.places.get(&fd.as_raw_fd()).copied().ok_or_else(sys::not_registered)
    }
}

/// The descriptors that [`Poll::poll`] found ready, with what was seen.
#[derive(Clone, Debug)]
#[must_use = "iterate to see which descriptors are ready"]
pub struct Ready<'a, 'fd> {
    fds: std::slice::Iter<'a, PollFd<'fd>>,
    // How many of `fds` still have something to report, as the kernel counted.
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
