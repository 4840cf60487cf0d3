//! `kqueue(2)`: a queue in the kernel that reports many kinds of events, not of descriptors alone.
//!
//! A [`Kevent`] is both a change to the queue and a report from it: of a descriptor that can be read, a file that was
//! renamed, a process that exited, a signal, a timer. [`Kqueue::control`] is the one call.
//!
//! # Caveats
//!
//! * An entry belongs to the *number* of a descriptor and is gone when that is closed, also while duplicates are open.
//! * Reading and writing are two entries of one descriptor, and come as two events.
//! * A queue is not inherited by a forked child: see [`Kqueue`].
//! * Regular files are ready for reading while the position is not at their end, and not otherwise.
//! * Every change of an entry writes its `udata` over the one that is there.
//!
//! # Portability
//!
//! FreeBSD, NetBSD, OpenBSD, `DragonFly`, macOS and its kin. The widths of the fields and many constants differ; the types
//! here are those of each system. On Linux, the feature `libkqueue` offers the library of that name, which emulates the
//! calls well enough to develop with; it reports errors otherwise than the BSDs do.
//!
//! # References
//!
//! [kqueue(2)](https://man.freebsd.org/cgi/man.cgi?query=kqueue&sektion=2)

#![expect(
    unsafe_code,
    reason = "kevent takes lists by address; the fork handler is registered with the C library"
)]

use std::cmp;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io;
use std::mem::ManuallyDrop;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::Timeout;
use crate::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use crate::time;

pub use flags::{Filter, Flags};
pub use notes::Notes;

pub(crate) mod create;
mod flags;
mod notes;

use crate::kqueue_system as sys;
pub use sys::{Data, Extension, FilterBits, FlagBits};

/// `struct kevent`: a change to a queue, or a report from it.
///
/// Ordered and compared by its six fields, in their order; [`ext`](Self::ext) does not count.
///
/// # Examples
///
/// Watch a descriptor for data, edge-triggered:
///
/// ```
/// use select_sys::fd::AsFd;
/// use select_sys::kqueue::{Filter, Flags, Kevent};
///
/// let stdin = std::io::stdin();
/// let change = Kevent { udata: 7, ..Kevent::for_fd(stdin.as_fd(), Filter::READ, Flags::ADD | Flags::CLEAR) };
/// assert_eq!(change.filter, Filter::READ);
/// ```
#[doc(alias = "kevent")]
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Kevent {
    /// What it is about: a descriptor, a process, a signal, as the filter says.
    pub ident: usize,
    /// What kind of thing that is.
    pub filter: Filter,
    /// What to do; what is told.
    pub flags: Flags,
    /// More of both, of a meaning that depends on the filter.
    pub fflags: Notes,
    /// A number of a meaning that depends on the filter.
    pub data: Data,
    /// Yours: it comes back with each event.
    pub udata: usize,
    /// What the system has beyond these: four numbers on FreeBSD, nothing elsewhere. Zero unless set.
    pub ext: Extension,
}

const _: () = {
    assert!(size_of::<Kevent>() == size_of::<sys::kevent>());
    assert!(align_of::<Kevent>() >= align_of::<sys::kevent>()); // packed to 4 on Apple's systems
    assert!(std::mem::offset_of!(Kevent, ident) == std::mem::offset_of!(sys::kevent, ident));
    assert!(std::mem::offset_of!(Kevent, filter) == std::mem::offset_of!(sys::kevent, filter));
    assert!(std::mem::offset_of!(Kevent, flags) == std::mem::offset_of!(sys::kevent, flags));
    assert!(std::mem::offset_of!(Kevent, fflags) == std::mem::offset_of!(sys::kevent, fflags));
    assert!(std::mem::offset_of!(Kevent, data) == std::mem::offset_of!(sys::kevent, data));
    assert!(std::mem::offset_of!(Kevent, udata) == std::mem::offset_of!(sys::kevent, udata));
};

impl Kevent {
    /// An event about anything that has a number. The other fields are zero.
    #[must_use]
    pub const fn new(ident: usize, filter: Filter, flags: Flags) -> Self {
        Self { ident, filter, flags, fflags: Notes::empty(), data: 0, udata: 0, ext: sys::NO_EXTENSION }
    }

    /// An event about a descriptor.
    ///
    /// Nothing keeps the descriptor open. If it is closed meanwhile, the kernel has forgotten its entries, and a change
    /// fails with `EBADF` or concerns whoever has the number now.
    #[must_use]
    pub fn for_fd(fd: BorrowedFd<'_>, filter: Filter, flags: Flags) -> Self {
        Self::new(fd.as_raw_fd() as usize, filter, flags) // a negative one (AT_FDCWD) is not open: EBADF
    }

    /// What went wrong with a change, if this event tells that.
    ///
    /// A change with [`Flags::RECEIPT`] is answered in any case; when it went well, this is `None`.
    #[must_use]
    pub fn error(&self) -> Option<io::Error> {
        let failed = self.flags.contains(Flags::ERROR) && self.data != 0;
        failed.then(|| io::Error::from_raw_os_error(self.data as i32)) // an errno
    }
}

impl Kevent {
    fn six(&self) -> (usize, Filter, Flags, Notes, Data, usize) {
        (self.ident, self.filter, self.flags, self.fflags, self.data, self.udata)
    }
}

impl PartialEq for Kevent {
    fn eq(&self, other: &Self) -> bool {
        self.six() == other.six()
    }
}

impl Eq for Kevent {}

impl PartialOrd for Kevent {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kevent {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        self.six().cmp(&other.six())
    }
}

impl Hash for Kevent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.six().hash(state);
    }
}

impl Default for Kevent {
    fn default() -> Self {
        Self::new(0, Filter::READ, Flags::empty())
    }
}

impl fmt::Debug for Kevent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kevent")
            .field("ident", &self.ident)
            .field("filter", &self.filter)
            .field("flags", &self.flags)
            .field("fflags", &notes::Named(self.fflags, self.filter))
            .field("data", &self.data)
            .field("udata", &format_args!("{:#x}", self.udata))
            .finish()
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "Filter({name})"),
            None => write!(f, "Filter({})", self.bits()),
        }
    }
}

/// A kernel queue.
///
/// Calls take `&self`: other threads may change the queue while one waits. Dropping closes the descriptor.
///
/// A forked child does not inherit a queue: the descriptor is closed there, and its number may have been given to
/// another file. In a child every call fails with `EBADF`, and dropping leaves the number alone. So says
/// kqueue(2) of each of these systems.
///
/// # Examples
///
/// Wait for data:
///
/// ```
/// use select_sys::fd::AsFd;
/// use select_sys::kqueue::{Filter, Flags, Kevent, Kqueue};
/// use std::io::Write;
/// use std::os::unix::net::UnixStream;
/// use std::time::Duration;
///
/// let (a, mut b) = UnixStream::pair()?;
/// b.write_all(b"hello")?;
///
/// let queue = Kqueue::new()?;
/// let changes = [Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)];
/// let mut events = [Kevent::default(); 4];
/// let events = queue.control(&changes, &mut events, Duration::from_secs(1))?;
/// assert_eq!(events.len(), 1);
/// assert_eq!((events[0].filter, events[0].data), (Filter::READ, 5));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Kqueue {
    // Not to be closed, nor used, in a forked child; see `fd`.
    fd: ManuallyDrop<OwnedFd>,
    // `forks` when it was made.
    born: usize,
}

impl Kqueue {
    /// `kqueue(2)`—Makes a new, empty queue, close-on-exec.
    ///
    /// # Errors
    ///
    /// * `EMFILE`, `ENFILE`: no descriptors left in the process, in the system.
    /// * `ENOMEM`: no memory left in the kernel, or no queues left for the user (`RLIMIT_KQUEUES` on FreeBSD).
    ///
    /// # Portability
    ///
    /// Close-on-exec from the start with `kqueuex` (FreeBSD 14) and `kqueue1` (NetBSD, OpenBSD 7.4); elsewhere it is set
    /// right after, and another thread that executes a program between the two calls hands the queue on (on FreeBSD and
    /// Apple's systems a queue is never inherited across `fork`, so that cannot happen).
    #[doc(alias = "kqueuex")]
    #[doc(alias = "kqueue1")]
    pub fn new() -> io::Result<Self> {
        sys::create().map(Self::from_fd)
    }

    /// Takes over a descriptor that is a queue already.
    ///
    /// Nothing is checked: on any other descriptor, calls fail with `EBADF` or `EINVAL`.
    #[doc(alias = "fromfd")]
    #[must_use]
    pub fn from_fd(fd: OwnedFd) -> Self {
        Self { fd: ManuallyDrop::new(fd), born: forks() }
    }

    /// Gives up the descriptor, open.
    ///
    /// # Errors
    ///
    /// `EBADF`: in a forked child.
    pub fn into_fd(self) -> io::Result<OwnedFd> {
        self.check()?;
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not dropped and not used again, so the descriptor is taken but once.
        Ok(unsafe { ManuallyDrop::take(&mut this.fd) })
    }

    /// `kevent(2)`—Makes all `changes`, then waits for events, and gives back the filled part of `events`.
    ///
    /// A change that fails is reported as an event with [`Flags::ERROR`] ([`Kevent::error`]) where `events` has room; the
    /// changes after it are made. Where there is no room, the call fails with its error, and the changes after it are not
    /// made. When anything of this kind is reported, the call does not wait, and reports nothing else.
    ///
    /// A change with [`Flags::RECEIPT`] is answered in the same way. Where there is no room for the answer the call ends
    /// there, without an error on FreeBSD and NetBSD, and the changes after it are not made.
    ///
    /// With no room in `events` it makes the changes and then waits, without taking an event, until there is one or the
    /// time is over; with no room and no timeout it does not wait. What was ready when the queue was last asked, and is
    /// over, ends such a wait too.
    ///
    /// A limit of any length will do: the kernel gets at most 24.8 days at a time.
    ///
    /// # Errors
    ///
    /// * The error of a change, where `events` has no room for it: `EBADF` (no such descriptor), `ENOENT` (no such entry),
    ///   `EINVAL` (no such filter), `ESRCH` (no such process) and others.
    /// * `ENOMEM`: no memory left in the kernel.
    /// * `EBADF`: in a forked child, or the descriptor (see [`from_fd`](Self::from_fd)) is no queue.
    /// * [`Interrupted`](io::ErrorKind::Interrupted): a signal handler ran and the timeout is
    ///   [`interruptible`](Timeout::interruptible). The changes have been made.
    ///
    /// # References
    ///
    /// [kevent(2)](https://man.freebsd.org/cgi/man.cgi?query=kevent&sektion=2)
    #[doc(alias = "kevent")]
    pub fn control<'e>(
        &self,
        changes: &[Kevent],
        events: &'e mut [Kevent],
        timeout: impl Into<Timeout>,
    ) -> io::Result<&'e [Kevent]> {
        let (fd, timeout) = (self.check()?.as_raw_fd(), timeout.into());
        if events.is_empty() {
            once(fd, changes, events, Some(Duration::ZERO))?;
            if timeout.limit().is_some_and(|limit| !limit.is_zero()) {
                let mut queue = [crate::poll::PollFd::new(self.fd.as_fd(), crate::poll::PollFlags::IN)];
                crate::poll::poll(&mut queue, timeout)?;
            }
            return Ok(&[]);
        }
        let mut changes = changes;
        let found = time::wait(timeout, |left| {
            let result = once(fd, changes, events, left);
            // "EINTR: A signal was delivered before the timeout expired and before any events were placed on the kqueue",
            // and "all changes contained in the changelist have been applied": kevent(2) of FreeBSD; NetBSD's `kevent1` (in
            // sys/kern/kern_event.c) makes them before it can sleep. So they are not sent again.
            changes = &[];
            result
        })?;
        Ok(&events[..found])
    }

    /// The queue, unless this is a forked child.
    fn check(&self) -> io::Result<&OwnedFd> {
        if self.born == forks() { Ok(&self.fd) } else { Err(io::Error::from_raw_os_error(libc::EBADF)) }
    }
}

impl From<OwnedFd> for Kqueue {
    fn from(fd: OwnedFd) -> Self {
        Self::from_fd(fd)
    }
}

impl Drop for Kqueue {
    fn drop(&mut self) {
        if self.check().is_ok() {
            // SAFETY: dropped once, here: `into_fd` does not run this.
            unsafe { ManuallyDrop::drop(&mut self.fd) };
        }
    }
}

/// The descriptor of the queue, readable when there is an event.
///
/// # Panics
///
/// In a forked child, where there is none.
impl AsFd for Kqueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.check().expect("a kqueue is not inherited by a forked child").as_fd()
    }
}

/// `kevent(2)`, once.
fn once(fd: RawFd, changes: &[Kevent], events: &mut [Kevent], left: Option<Duration>) -> io::Result<usize> {
    let left = left.map(|left| time::timespec(if IN_MILLIS { millis(left) } else { left }));
    let left = left.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // `int` but for NetBSD's size_t. A slice of `Kevent`s with more than INT_MAX items is over 64 GiB; what is beyond is
    // left out rather than counted wrong.
    let (changes_len, room) = (changes.len().min(i32::MAX as usize), events.len().min(i32::MAX as usize));
    // SAFETY: `Kevent` has the layout of the system's struct (asserted above), and any bits are valid in each of its
    // fields. `changes` is read, `events` mutably borrowed and written, each up to the length passed. `left` is null or a
    // timespec that outlives the call.
    let found = unsafe {
        sys::kevent(
            fd,
            changes.as_ptr().cast(),
            changes_len as _,
            events.as_mut_ptr().cast(),
            room as _,
            left,
        )
    };
    time::count(found)
}

/// Whether the call counts milliseconds, and rounds down: libkqueue waits with `epoll_wait`.
const IN_MILLIS: bool = cfg!(target_os = "linux");

fn millis(left: Duration) -> Duration {
    Duration::from_millis(time::millis_up(left) as u64) // not negative
}

/// How many times this process is a forked child, that of its parents included.
///
/// Counted by a handler that the C library runs in each child, because asking for the process's number is a system call.
/// A child made without the C library (a bare `rfork`) is not counted.
fn forks() -> usize {
    static HANDLER: Once = Once::new();
    static FORKS: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn count() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }

    HANDLER.call_once(|| {
        // SAFETY: the handler touches an atomic alone, as a child of a threaded process may. It is in memory for as long as
        // this crate is. If there is no memory for it, children are not told apart.
        unsafe { libc::pthread_atfork(None, None, Some(count)) };
    });
    FORKS.load(Ordering::Relaxed)
}
