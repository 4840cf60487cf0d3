//! `epoll(7)`: a set of descriptors that the kernel keeps, level- or edge-triggered.
//!
//! The set lives in the kernel, so a wait costs as much as there is to report, however many descriptors are
//! registered. Each registration carries 64 bits of yours, which come back with its events.
//!
//! # Caveats
//!
//! * A registration belongs to the *open file*, not to the descriptor. Closing a descriptor removes it only when
//!   no duplicate (`dup`, a forked child) keeps the file open; until then its events keep coming and nobody can
//!   unregister them. Unregister first, close then.
//! * Files that are always ready (regular files, directories, `/dev/null`) are refused with `EPERM`.
//! * A forked child shares the set with its parent.
//!
//! # Portability
//!
//! Linux 2.6.27 and newer, Android. illumos has a look-alike, which is not used here.
//!
//! # References
//!
//! [epoll(7)](https://man7.org/linux/man-pages/man7/epoll.7.html)

#![expect(unsafe_code, reason = "epoll_wait and epoll_pwait2 write into a buffer given by address")]

use std::fmt;
use std::io;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::Timeout;
use crate::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use crate::time;

pub use flags::{CreateFlags, EventFlags};

mod flags;

/// `struct epoll_event`: what was seen, and the 64 bits that were given at registration.
///
/// The buffer of [`Epoll::wait`] is made of these; `Event::default()` is an empty one.
///
/// # Examples
///
/// A buffer on the stack, one on the heap:
///
/// ```
/// use select_sys::epoll::Event;
///
/// let small = [Event::default(); 16];
/// let large = vec![Event::default(); 1024];
/// assert!(small[0].flags().is_empty() && large[0].data() == 0);
/// ```
#[doc(alias = "epoll_event")]
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Event(libc::epoll_event);

impl Event {
    /// What was seen: what was asked for, and `ERR` and `HUP` in any case.
    #[doc(alias = "events")]
    #[must_use]
    #[inline]
    pub fn flags(&self) -> EventFlags {
        EventFlags::from_bits_retain(self.0.events)
    }

    /// The 64 bits that were given to [`Epoll::register`] or [`Epoll::modify`].
    #[doc(alias = "epoll_data")]
    #[must_use]
    #[inline]
    pub fn data(&self) -> u64 {
        self.0.u64
    }
}

impl Default for Event {
    fn default() -> Self {
        Self(libc::epoll_event { events: 0, u64: 0 })
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        (self.flags(), self.data()) == (other.flags(), other.data())
    }
}

impl Eq for Event {}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("flags", &self.flags()).field("data", &self.data()).finish()
    }
}

/// An epoll instance: a descriptor, and behind it a set that the kernel keeps.
///
/// Calls take `&self`: other threads may register while one waits, and the wait sees it. Dropping closes the
/// descriptor. The descriptor itself is readable, for any wait, while this one would find something.
///
/// # Examples
///
/// An edge-triggered registration is reported once for each change:
///
/// ```
/// use select_sys::Timeout;
/// use select_sys::epoll::{Epoll, Event, EventFlags};
/// use std::io::Write;
/// use std::os::unix::net::UnixStream;
///
/// let (reader, mut writer) = UnixStream::pair()?;
/// let epoll = Epoll::new()?;
/// epoll.register(&reader, EventFlags::IN | EventFlags::ET, 1)?;
///
/// let mut buffer = [Event::default(); 4];
/// writer.write_all(b"news")?;
/// assert_eq!(epoll.wait(&mut buffer, Timeout::ZERO)?.len(), 1);
/// assert_eq!(epoll.wait(&mut buffer, Timeout::ZERO)?.len(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "fileno")]
#[derive(Debug)]
pub struct Epoll {
    fd: OwnedFd,
}

impl Epoll {
    /// `epoll_create1(EPOLL_CLOEXEC)`—Makes a new, empty epoll instance.
    ///
    /// # Errors
    ///
    /// * `EMFILE`, `ENFILE`: no descriptors left in the process, in the system.
    /// * `ENOMEM`: no memory left in the kernel.
    /// * `ENOSYS`: a kernel (or sandbox) without epoll.
    ///
    /// # References
    ///
    /// [epoll_create1(2)](https://man7.org/linux/man-pages/man2/epoll_create.2.html)
    #[doc(alias = "epoll_create1")]
    #[doc(alias = "epoll_create")]
    pub fn new() -> io::Result<Self> {
        Self::with_flags(CreateFlags::CLOEXEC)
    }

    /// `epoll_create1(flags)`—Makes a new, empty epoll instance, which a child program inherits unless `CLOEXEC` is set.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and `EINVAL` for a flag that the kernel does not know.
    ///
    /// # Examples
    ///
    /// An instance that survives `execve`:
    ///
    /// ```
    /// use select_sys::epoll::{CreateFlags, Epoll};
    ///
    /// let inherited = Epoll::with_flags(CreateFlags::empty())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_flags(flags: CreateFlags) -> io::Result<Self> {
        let flags = rustix::event::epoll::CreateFlags::from_bits_retain(flags.bits());
        Ok(Self { fd: rustix::event::epoll::create(flags)? })
    }

    /// Takes over a descriptor that is an epoll instance already.
    ///
    /// Nothing is checked: on any other descriptor, calls fail, with `EINVAL` as a rule.
    ///
    /// # Examples
    ///
    /// Two objects for one set in the kernel:
    ///
    /// ```
    /// use select_sys::epoll::Epoll;
    /// use select_sys::fd::AsFd;
    ///
    /// let epoll = Epoll::new()?;
    /// let twin = Epoll::from_fd(epoll.as_fd().try_clone_to_owned()?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "fromfd")]
    #[must_use]
    pub fn from_fd(fd: OwnedFd) -> Self {
        Self { fd }
    }

    /// Gives up the descriptor, open, with all that is registered.
    #[must_use]
    pub fn into_fd(self) -> OwnedFd {
        self.fd
    }

    /// `epoll_ctl(EPOLL_CTL_ADD)`—Watches `fd` for `flags`; its events will carry `data`.
    ///
    /// What is ready at this moment is reported, also edge-triggered. A duplicate of a registered descriptor can be
    /// registered beside it.
    ///
    /// # Errors
    ///
    /// * `EEXIST`: this descriptor is registered already.
    /// * `EPERM`: this kind of file cannot be watched (regular files, directories, `/dev/null`): it is always ready.
    /// * `EBADF`: `fd` was opened with `O_PATH`.
    /// * `EINVAL`: `fd` is this epoll instance itself; or [`EXCLUSIVE`](EventFlags::EXCLUSIVE) is not allowed here;
    ///   or more than 500 epoll instances would watch one file through another instance.
    /// * `ELOOP`: epoll instances would watch one another, or a chain of them be longer than 5.
    /// * `ENOSPC`: over the limit of `/proc/sys/fs/epoll/max_user_watches` for this user.
    /// * `ENOMEM`: no memory left in the kernel.
    ///
    /// # Examples
    ///
    /// The 64 bits are an index into a list:
    ///
    /// ```
    /// use select_sys::epoll::{Epoll, Event, EventFlags};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let (epoll, streams) = (Epoll::new()?, [("a", a), ("b", b)]);
    /// for (index, (_, stream)) in (0..).zip(&streams) {
    ///     epoll.register(stream, EventFlags::OUT, index)?;
    /// }
    /// for event in epoll.wait(&mut [Event::default(); 8], None)? {
    ///     println!("{} has {:?}", streams[event.data() as usize].0, event.flags());
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # References
    ///
    /// [epoll_ctl(2)](https://man7.org/linux/man-pages/man2/epoll_ctl.2.html)
    #[doc(alias = "epoll_ctl")]
    #[doc(alias = "EPOLL_CTL_ADD")]
    pub fn register(&self, fd: impl AsFd, flags: EventFlags, data: u64) -> io::Result<()> {
        Ok(rustix::event::epoll::add(&self.fd, fd, to_rustix_data(data), to_rustix(flags))?)
    }

    /// `epoll_ctl(EPOLL_CTL_MOD)`—Watches a registered `fd` for other `flags`, with other `data`; arms it again.
    ///
    /// What is ready at this moment is reported (again), also edge-triggered.
    ///
    /// # Errors
    ///
    /// * `ENOENT`: this descriptor is not registered.
    /// * `EINVAL`: the registration is, or would become, [`EXCLUSIVE`](EventFlags::EXCLUSIVE).
    /// * `EPERM`, `EINVAL`, `EBADF`: it is not registered, and could not be, see [`register`](Self::register).
    ///
    /// # Examples
    ///
    /// A one-shot registration is armed again:
    ///
    /// ```
    /// use select_sys::Timeout;
    /// use select_sys::epoll::{Epoll, Event, EventFlags};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let (epoll, once) = (Epoll::new()?, EventFlags::OUT | EventFlags::ONESHOT);
    /// epoll.register(&a, once, 0)?;
    /// let mut buffer = [Event::default()];
    /// assert_eq!(epoll.wait(&mut buffer, Timeout::ZERO)?.len(), 1);
    /// assert_eq!(epoll.wait(&mut buffer, Timeout::ZERO)?.len(), 0);
    /// epoll.modify(&a, once, 0)?;
    /// assert_eq!(epoll.wait(&mut buffer, Timeout::ZERO)?.len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # References
    ///
    /// [epoll_ctl(2)](https://man7.org/linux/man-pages/man2/epoll_ctl.2.html)
    #[doc(alias = "EPOLL_CTL_MOD")]
    pub fn modify(&self, fd: impl AsFd, flags: EventFlags, data: u64) -> io::Result<()> {
        Ok(rustix::event::epoll::modify(&self.fd, fd, to_rustix_data(data), to_rustix(flags))?)
    }

    /// `epoll_ctl(EPOLL_CTL_DEL)`—Stops watching `fd`.
    ///
    /// No later wait reports it. A wait that returned before may have: its buffer is not searched.
    ///
    /// # Errors
    ///
    /// * `ENOENT`: this descriptor is not registered.
    /// * `EPERM`, `EINVAL`, `EBADF`: it is not registered, and could not be, see [`register`](Self::register).
    ///
    /// # Examples
    ///
    /// Unregister first, close then; a duplicate that is still open tells nothing:
    ///
    /// ```
    /// use select_sys::Timeout;
    /// use select_sys::epoll::{Epoll, Event, EventFlags};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let duplicate = a.try_clone()?;
    /// let epoll = Epoll::new()?;
    /// epoll.register(&a, EventFlags::OUT, 0)?;
    /// epoll.unregister(&a)?;
    /// drop(a);
    /// assert!(epoll.wait(&mut [Event::default()], Timeout::ZERO)?.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # References
    ///
    /// [epoll_ctl(2)](https://man7.org/linux/man-pages/man2/epoll_ctl.2.html)
    #[doc(alias = "EPOLL_CTL_DEL")]
    pub fn unregister(&self, fd: impl AsFd) -> io::Result<()> {
        Ok(rustix::event::epoll::delete(&self.fd, fd)?)
    }

    /// `epoll_pwait2(2)`—Waits for events and gives back the filled part of `buffer`.
    ///
    /// At most `buffer.len()` events are reported; the kernel reports the others first at the next wait. A
    /// registration has at most one event in a buffer. When the time runs out, what is given back is empty.
    ///
    /// A timeout of whole milliseconds, of zero or of none goes through `epoll_wait`, which is cheaper; any other
    /// through `epoll_pwait2`, in nanoseconds. Where that call is missing (before Linux 5.11, or in a
    /// sandbox that refuses it with an error) the time is rounded up to the next millisecond instead, and the process
    /// does not try again. On Android it is rounded up always.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: `buffer` is empty, or the descriptor (see [`from_fd`](Self::from_fd)) is no epoll instance.
    /// * [`Interrupted`](io::ErrorKind::Interrupted): a signal handler ran, or the process was stopped and goes on,
    ///   and the timeout is [`interruptible`](Timeout::interruptible).
    ///
    /// # Examples
    ///
    /// Nothing is registered, so this waits for its time:
    ///
    /// ```
    /// use select_sys::epoll::{Epoll, Event};
    /// use std::time::{Duration, Instant};
    ///
    /// let (epoll, limit) = (Epoll::new()?, Duration::from_micros(250));
    /// let start = Instant::now();
    /// assert!(epoll.wait(&mut [Event::default()], limit)?.is_empty());
    /// assert!(start.elapsed() >= limit);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # References
    ///
    /// [epoll_wait(2)](https://man7.org/linux/man-pages/man2/epoll_wait.2.html)
    #[doc(alias = "epoll_wait")]
    #[doc(alias = "maxevents")]
    #[doc(alias = "epoll_pwait")]
    #[doc(alias = "epoll_pwait2")]
    #[inline(always)]
    pub fn wait<'b>(&self, buffer: &'b mut [Event], timeout: impl Into<Timeout>) -> io::Result<&'b [Event]> {
        let (fd, room) = (self.fd.as_raw_fd(), &mut *buffer);
        let found = time::wait(timeout.into(), move |left| match left {
            None => wait_millis(fd, room, -1),
            Some(left) if left.subsec_nanos() % 1_000_000 == 0 => {
                wait_millis(fd, room, time::millis_up(left))
            }
            Some(left) => wait_exactly(fd, room, left),
        })?;
        Ok(&buffer[..found])
    }
}

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for Epoll {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl From<OwnedFd> for Epoll {
    fn from(fd: OwnedFd) -> Self {
        Self::from_fd(fd)
    }
}

impl From<Epoll> for OwnedFd {
    fn from(epoll: Epoll) -> Self {
        epoll.into_fd()
    }
}

fn to_rustix(flags: EventFlags) -> rustix::event::epoll::EventFlags {
    rustix::event::epoll::EventFlags::from_bits_retain(flags.bits())
}

fn to_rustix_data(data: u64) -> rustix::event::epoll::EventData {
    rustix::event::epoll::EventData::new_u64(data)
}

/// The kernel refuses buffers of more than `INT_MAX` bytes with `EINVAL` (`EP_MAX_EVENTS` in fs/eventpoll.c); the
/// rest of a longer one is left unused.
#[inline]
fn room(buffer: &[Event]) -> libc::c_int {
    const MOST: usize = libc::c_int::MAX as usize / size_of::<libc::epoll_event>();
    buffer.len().min(MOST) as libc::c_int // MOST fits
}

/// `epoll_wait`: negative is for ever.
#[inline]
fn wait_millis(fd: RawFd, buffer: &mut [Event], millis: libc::c_int) -> io::Result<usize> {
    // SAFETY: `Event` is `repr(transparent)` over `epoll_event`, so `buffer` is room for `buffer.len()` of them,
    // borrowed for the call, and `room` is no more than that. The kernel writes whole, initialised events.
    time::count(unsafe { libc::epoll_wait(fd, buffer.as_mut_ptr().cast(), room(buffer), millis) })
}

/// `epoll_pwait2`, or the next whole millisecond where there is none.
fn wait_exactly(fd: RawFd, buffer: &mut [Event], left: Duration) -> io::Result<usize> {
    /// Before Android 15 an app that calls it is ended: the filter that apps run under answers with SIGSYS
    /// (`SECCOMP_RET_TRAP`) to what bionic does not call.
    const DEADLY: bool = cfg!(target_os = "android");

    /// Linux before 5.11 has no `epoll_pwait2`.
    static MISSING: AtomicBool = AtomicBool::new(DEADLY);

    /// `struct __kernel_timespec`, which this call takes on 32-bit machines too.
    #[repr(C)]
    struct KernelTimespec {
        seconds: i64,
        nanoseconds: i64,
    }

    let exact = |buffer: &mut [Event]| {
        let left = KernelTimespec {
            seconds: left.as_secs().try_into().unwrap_or(i64::MAX),
            nanoseconds: left.subsec_nanos().into(),
        };
        // SAFETY: by syscall number, because glibc has had a wrapper only since 2.35. Arguments as in epoll_wait(2):
        // descriptor, the address of `buffer` and the room in it (see `wait_millis`), a timespec that outlives the call and
        // has the layout of the kernel's, no signal mask (so its size is not looked at).
        time::count(unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                fd,
                buffer.as_mut_ptr(),
                room(buffer),
                &raw const left,
                std::ptr::null::<libc::sigset_t>(),
                0_usize,
            )
        })
    };
    let rounded = |buffer: &mut [Event]| wait_millis(fd, buffer, time::millis_up(left));
    time::exact_or_rounded(&MISSING, buffer, exact, rounded)
}
