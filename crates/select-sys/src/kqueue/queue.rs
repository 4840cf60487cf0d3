//! The queue.

#![expect(unsafe_code, reason = "a fork handler is registered with the C library; dropping is conditional")]

use std::io;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::event::Kevent;
use crate::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use crate::poll::{PollFd, PollFlags, poll};
use crate::sys::kqueue as sys;
use crate::timeout::{Deadline, Timeout};

/// A kernel queue.
///
/// Calls take `&self`: other threads may change the queue while one waits. Dropping closes the descriptor.
///
/// A forked child does not inherit a queue: the descriptor is closed there, and another file may have its number
/// (kqueue(2) of each of these systems). In a child every call fails with `EBADF`, and dropping does not close the number.
///
/// # Examples
///
/// Wait for data to read:
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
    // Not closed nor used in a forked child; see `check`.
    fd: ManuallyDrop<OwnedFd>,
    // The value of `fork_count` when the queue was made.
    fork_count: usize,
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
    /// The queue is close-on-exec from the start with `kqueuex` (FreeBSD 14) and `kqueue1` (NetBSD, OpenBSD 7.4). Elsewhere a
    /// second call sets it, and a program that another thread executes between the two calls inherits the queue. (On FreeBSD
    /// and Apple's systems that cannot happen, as a queue is never inherited across `fork`.)
    #[doc(alias = "kqueuex")]
    #[doc(alias = "kqueue1")]
    pub fn new() -> io::Result<Self> {
        sys::create().map(Self::from_fd)
    }

    /// Takes ownership of a descriptor of a queue.
    ///
    /// Nothing is checked: on any other descriptor, calls fail with `EBADF` or `EINVAL`.
    #[doc(alias = "fromfd")]
    #[must_use]
    pub fn from_fd(fd: OwnedFd) -> Self {
        Self { fd: ManuallyDrop::new(fd), fork_count: fork_count() }
    }

    /// Returns the descriptor, open.
    ///
    /// # Errors
    ///
    /// `EBADF`: in a forked child.
    pub fn into_fd(self) -> io::Result<OwnedFd> {
        self.check()?;
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not dropped and not used again, so the descriptor is taken only once.
        Ok(unsafe { ManuallyDrop::take(&mut this.fd) })
    }

    /// `kevent(2)`—Makes all `changes`, then waits for events, and returns the filled part of `events`.
    ///
    /// A change that fails is reported as an event with [`Flags::ERROR`] (see [`Kevent::error`]) if `events` has room, and the
    /// changes after it are made. If it has no room, the call fails with the error, and the changes after it are not
    /// made. A call that reports such an event does not wait, and reports nothing else.
    ///
    /// A change with [`Flags::RECEIPT`] is answered in the same way. If there is no room for the answer the call ends
    /// there, without an error on FreeBSD and NetBSD, and the changes after it are not made; on Apple's systems they are.
    ///
    /// [`Flags::ERROR`]: super::Flags::ERROR
    /// [`Flags::RECEIPT`]: super::Flags::RECEIPT
    ///
    /// With an empty `events` the call makes the changes and then waits until there is an event or the time is over, without
    /// taking the event; without a limit it does not wait at all. A condition that was true when the queue was last asked ends
    /// such a wait too, although it is over.
    ///
    /// # Errors
    ///
    /// * The error of a change, if `events` has no room for it: `EBADF` (no such descriptor), `ENOENT` (no such entry),
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
            sys::control(fd, Kevent::as_raw_slice(changes), &mut [], Some(Duration::ZERO))?;
            if timeout.limit().is_some_and(|limit| !limit.is_zero()) {
                poll(&mut [PollFd::new(self.fd.as_fd(), PollFlags::IN)], timeout)?;
            }
            return Ok(&[]);
        }
        let (mut changes, mut deadline) = (Kevent::as_raw_slice(changes), Deadline::new(timeout));
        loop {
            let result = sys::control(fd, changes, Kevent::as_raw_slice_mut(events), deadline.left());
            if !deadline.should_retry(&result) {
                return result.map(|found| &events[..found]);
            }
            // An interrupted call has made them. kevent(2) of FreeBSD: "EINTR: A signal was delivered before the timeout expired
            // and before any events were placed on the kqueue", and "all changes contained in the changelist have been
            // applied"; `kevent1` of NetBSD (sys/kern/kern_event.c) makes them before it can sleep.
            changes = &[];
        }
    }

    /// The descriptor; `EBADF` in a forked child.
    fn check(&self) -> io::Result<&OwnedFd> {
        if self.fork_count == fork_count() {
            Ok(&self.fd)
        } else {
            Err(io::Error::from_raw_os_error(libc::EBADF))
        }
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

/// How many times this process and its ancestors were forked.
///
/// A handler that the C library runs in each child counts, because asking for the process's number is a system call.
/// A child made without the C library (by a bare `rfork`) is not counted.
fn fork_count() -> usize {
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    static FORKS: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn count() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }

    // Not a `Once`: a child that is forked while another thread runs it would wait for ever. Two threads may register the
    // handler twice. It counts twice then, which makes no difference, as counts are only compared.
    if !REGISTERED.load(Ordering::Acquire) {
        // SAFETY: the handler accesses an atomic only, as a child of a threaded process may. It stays in memory for as long as
        // this crate. If there is no memory to register it, children are not detected.
        unsafe { libc::pthread_atfork(None, None, Some(count)) };
        REGISTERED.store(true, Ordering::Release);
    }
    FORKS.load(Ordering::Relaxed)
}
