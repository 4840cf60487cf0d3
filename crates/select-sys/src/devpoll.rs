//! `/dev/poll`: a set of descriptors that the kernel keeps, level-triggered.
//!
//! Two ways to use it: an object with a set of its own ([`DevPoll`]), and one whose set outlives the borrow of its
//! descriptors ([`StoredFds`], for those who build a registry). What is to be watched for, and what was seen, is told with
//! the flags of `poll(2)`, [`PollFlags`].
//!
//! # Caveats
//!
//! * Nothing is refused when it is registered: changes are written together, in one `write(2)`, at the next wait.
//! * A set serves the process that first used it. In a forked child an inherited one fails with
//!   [`PermissionDenied`](io::ErrorKind::PermissionDenied); make a new one there.
//! * The set holds numbers. What is closed by its number and not unregistered is reported as
//!   [`NVAL`](PollFlags::NVAL), in each wait; another file that gets the number may be watched in its place, or not.
//! * The descriptor of a set cannot be waited for: it reports [`ERR`](PollFlags::ERR).
//!
//! # Portability
//!
//! illumos and Solaris, where it is an old interface that newer releases of Solaris may drop. The feature
//! `devpoll-emulation` has it on Linux, over `poll(2)`, to develop and test portable programs with: it follows the rules
//! of the device, but costs what `poll(2)` costs, and `EINVAL` ends a wait for more descriptors than the limit of the
//! process (`RLIMIT_NOFILE`).
//!
//! # References
//!
//! [poll(4D)](https://illumos.org/man/4D/poll)

#![expect(
    unsafe_code,
    reason = "numbers in the set are lent again as descriptors; getrlimit writes to an address"
)]

use std::io;
use std::marker::PhantomData;

use crate::Timeout;
use crate::fd::{AsFd, AsRawFd, BorrowedFd};
use crate::poll::PollFlags;

pub use cache::{Borrowed, ReadyFds, StoredFds};

mod cache;
mod set;

use set::Set;

/// `POLLREMOVE`: a change with exactly these events takes a descriptor out; any other unites masks.
// Not in libc 0.2; sys/poll.h of illumos.
pub(crate) const REMOVE: i16 = 0x800;

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
    // What is wanted came from a `BorrowedFd<'fd>`, so it is open for 'fd.
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
    /// (The device by itself would watch for both, and Python's documentation leaves it open.) No system call: what is
    /// wrong shows at the next [`poll`](Self::poll). A negative number, such as that of `rustix::fs::CWD`, is left out.
    pub fn register(&mut self, fd: BorrowedFd<'fd>, events: PollFlags) {
        self.set.want(fd.as_raw_fd(), Some(events));
    }

    /// Unregisters `fd`, if it is registered, and registers it for `events`.
    ///
    /// As in Python; [`register`](Self::register) does the same here. No system call.
    pub fn modify(&mut self, fd: BorrowedFd<'fd>, events: PollFlags) {
        self.register(fd, events);
    }

    /// Stops watching `fd`. One that is not registered is left at that.
    ///
    /// No system call.
    #[doc(alias = "POLLREMOVE")]
    pub fn unregister(&mut self, fd: BorrowedFd<'_>) {
        self.set.want(fd.as_raw_fd(), None);
    }

    /// How many descriptors are registered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// Whether no descriptor is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `ioctl(DP_POLL)`—Waits, and gives back each descriptor that has something to report, in an order of the kernel's.
    ///
    /// Before that, what was registered, modified and unregistered is written to the device. The timeout is rounded up to
    /// the next millisecond. One wait reports at most 65,536 descriptors; the next goes on with the others.
    ///
    /// # Errors
    ///
    /// Changes that could not be written are kept for the next time.
    ///
    /// * [`PermissionDenied`](io::ErrorKind::PermissionDenied) (from `EACCES`): this is a forked child, and the set its
    ///   parent's.
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
        // SAFETY: what is wanted is open for 'fd (the field's invariant), and `self` is not used after that.
        let found = unsafe { self.set.poll(timeout.into()) }?;
        Ok(Ready { found: ReadyFds::new(found), borrowed: PhantomData })
    }
}

/// The descriptor of the set. It cannot be waited for.
impl AsFd for DevPoll<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.set.as_fd()
    }
}

/// The descriptors that [`DevPoll::poll`] found ready, with what was seen.
#[derive(Clone, Debug)]
#[must_use = "iterate to see which descriptors are ready"]
pub struct Ready<'a, 'fd> {
    // What a `DevPoll<'fd>` found: numbers of descriptors that are registered with it.
    found: ReadyFds<'a>,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'fd> Iterator for Ready<'_, 'fd> {
    type Item = (BorrowedFd<'fd>, PollFlags);

    fn next(&mut self) -> Option<Self::Item> {
        let (fd, flags) = self.found.next()?;
        // SAFETY: `Set::poll` gives numbers that are wanted, and those came from a `BorrowedFd<'fd>`: open for 'fd, and
        // not -1.
        Some((unsafe { BorrowedFd::borrow_raw(fd) }, flags))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.found.size_hint()
    }
}

impl ExactSizeIterator for Ready<'_, '_> {}

/// How many descriptors the process may have: the most changes of one write.
pub(crate) fn limit() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is what the call writes to. It does not fail for a limit that there is.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    limit.rlim_cur.try_into().unwrap_or(usize::MAX)
}
