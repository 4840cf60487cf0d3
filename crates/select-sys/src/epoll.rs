//! `epoll(7)`: a set of descriptors that the kernel keeps, level- or edge-triggered.
//!
//! The kernel keeps the set, so the cost of a wait grows with the number of events, not with the number of registered
//! descriptors. Each registration carries 64 bits of the caller's choice, which are part of its events.
//!
//! # Caveats
//!
//! * A registration belongs to the *open file*, not to the descriptor. Closing a descriptor ends it only if
//!   no duplicate (`dup`, a forked child) keeps the file open. Otherwise its events continue, and nobody can
//!   unregister them. So unregister before closing.
//! * Files that are always ready (regular files, directories, `/dev/null`) are refused with `EPERM`.
//! * A forked child shares the set with its parent.
//!
//! # Portability
//!
//! Linux 2.6.27 and newer, and Android. The `epoll` of illumos is not supported.
//!
//! # References
//!
//! [epoll(7)](https://man7.org/linux/man-pages/man7/epoll.7.html)

use std::io;

use crate::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use crate::sys;
use crate::timeout::{Deadline, Timeout};

pub use event::Event;
pub use flags::{CreateFlags, EventFlags};

mod event;
mod flags;

/// An epoll instance: a descriptor of a set that the kernel keeps.
///
/// Calls take `&self`: other threads may register while one waits, and the wait takes it into account. Dropping closes the
/// descriptor. The descriptor itself is readable while a wait would return events.
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

    /// Takes ownership of a descriptor of an epoll instance.
    ///
    /// Nothing is checked: on any other descriptor, calls fail, usually with `EINVAL`.
    ///
    /// # Examples
    ///
    /// Two objects for the same set in the kernel:
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

    /// Returns the descriptor, open and with all registrations.
    #[must_use]
    pub fn into_fd(self) -> OwnedFd {
        self.fd
    }

    /// `epoll_ctl(EPOLL_CTL_ADD)`—Watches `fd` for `flags`; its events will carry `data`.
    ///
    /// A file that is already ready is reported, also edge-triggered. A duplicate of a registered descriptor can be
    /// registered too.
    ///
    /// # Errors
    ///
    /// * `EEXIST`: this descriptor is registered already.
    /// * `EPERM`: this kind of file is always ready and cannot be watched (regular files, directories, `/dev/null`).
    /// * `EBADF`: `fd` was opened with `O_PATH`.
    /// * `EINVAL`: `fd` is this epoll instance itself; or [`EXCLUSIVE`](EventFlags::EXCLUSIVE) is not allowed here;
    ///   or more than 500 epoll instances would watch one file through another instance.
    /// * `ELOOP`: epoll instances would watch each other, or form a chain longer than 5.
    /// * `ENOSPC`: the user would exceed the limit in `/proc/sys/fs/epoll/max_user_watches`.
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
    pub fn register(&self, fd: &(impl AsFd + ?Sized), flags: EventFlags, data: u64) -> io::Result<()> {
        Ok(rustix::event::epoll::add(&self.fd, fd.as_fd(), to_rustix_data(data), to_rustix(flags))?)
    }

    /// `epoll_ctl(EPOLL_CTL_MOD)`—Replaces the `flags` and `data` of a registered `fd`, and arms it again.
    ///
    /// A file that is already ready is reported (again), also edge-triggered.
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
    pub fn modify(&self, fd: &(impl AsFd + ?Sized), flags: EventFlags, data: u64) -> io::Result<()> {
        Ok(rustix::event::epoll::modify(&self.fd, fd.as_fd(), to_rustix_data(data), to_rustix(flags))?)
    }

    /// `epoll_ctl(EPOLL_CTL_DEL)`—Stops watching `fd`.
    ///
    /// No later wait reports it. Events that an earlier wait returned are not changed.
    ///
    /// # Errors
    ///
    /// * `ENOENT`: this descriptor is not registered.
    /// * `EPERM`, `EINVAL`, `EBADF`: it is not registered, and cannot be; see [`register`](Self::register).
    ///
    /// # Examples
    ///
    /// Unregister before closing, so that a duplicate that is still open reports nothing:
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
    pub fn unregister(&self, fd: &(impl AsFd + ?Sized)) -> io::Result<()> {
        Ok(rustix::event::epoll::delete(&self.fd, fd.as_fd())?)
    }

    /// Puts the set of `other` in the place of this one, under this descriptor.
    ///
    /// Afterwards both share that set. The earlier one is closed if nobody else has it: duplicates of this descriptor keep it,
    /// and so do waits that have begun.
    ///
    /// # Errors
    ///
    /// Any error of the system; the earlier set stays.
    ///
    /// # Examples
    ///
    /// Remove everything at once:
    ///
    /// ```
    /// use select_sys::epoll::{Epoll, Event, EventFlags};
    /// use std::os::unix::net::UnixStream;
    /// use std::time::Duration;
    ///
    /// let (epoll, (a, _b)) = (Epoll::new()?, UnixStream::pair()?);
    /// epoll.register(&a, EventFlags::OUT, 1)?;
    /// epoll.replace(&Epoll::new()?)?;
    /// assert!(epoll.wait(&mut [Event::default()], Duration::ZERO)?.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # References
    ///
    /// [dup3(2)](https://man7.org/linux/man-pages/man2/dup.2.html)
    #[doc(alias = "dup3")]
    pub fn replace(&self, other: &Self) -> io::Result<()> {
        sys::epoll::replace(self.as_fd(), other.as_fd())
    }

    /// `epoll_pwait2(2)`—Waits for events, and returns the filled part of `buffer`.
    ///
    /// It returns at most `buffer.len()` events; the kernel reports the others first at the next wait. A
    /// registration has at most one event in a buffer. When the time runs out, the result is empty.
    ///
    /// Without a limit, or with one of whole milliseconds, the call is `epoll_wait`, which costs less. Any other limit
    /// goes to `epoll_pwait2`, in nanoseconds. Where the system lacks that call (before Linux 5.11, or in a
    /// sandbox that refuses it with an error), the limit is rounded up to milliseconds, and the process
    /// does not try the call again. On Android the limit is always rounded up.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: `buffer` is empty, or the descriptor (see [`from_fd`](Self::from_fd)) is no epoll instance.
    /// * [`Interrupted`](io::ErrorKind::Interrupted): a signal handler ran, or the process was stopped and continued,
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
        let (fd, mut deadline) = (self.fd.as_raw_fd(), Deadline::new(timeout.into()));
        loop {
            let result = sys::epoll::wait(fd, Event::as_raw_slice(buffer), deadline.left());
            if !deadline.should_retry(&result) {
                return result.map(|found| &buffer[..found]);
            }
        }
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
