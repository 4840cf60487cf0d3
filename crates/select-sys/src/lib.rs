//! `select(2)`, `poll(2)`, `epoll(7)`, `/dev/poll` and `kqueue(2)` for Rust: thin, safe, every constant.
//!
//! Each module wraps one kernel interface and carries its name: [`select`], [`poll`], `epoll`, `devpoll`, `kqueue`. A call
//! here is the system call, with four things settled once for all of them:
//!
//! * **Descriptors are borrowed, never numbers.** Whatever keeps a descriptor between calls carries a lifetime
//!   ([`select::FdSet`], [`poll::PollFd`], [`poll::Poll`], `devpoll::DevPoll`), so nothing here asks the kernel about a
//!   descriptor that was closed behind its back. The exception is `kqueue::Kevent`, whose `ident` names processes and
//!   signals as well: with a number that was closed and given again, the queue watches the file that has it now, which
//!   is a mistake and touches no memory. No function is `unsafe`.
//! * **Times are exact and never early.** Every wait takes a [`Timeout`] (or an `Option<Duration>`, a `Duration`,
//!   or `None`, which is for ever). Where the kernel takes nanoseconds it gets them, elsewhere the time is rounded up.
//! * **Signals do not end a wait.** An interrupted call goes on with the time that is left, unless
//!   [`Timeout::interruptible`] asks for the interruption.
//! * **Descriptors made here are close-on-exec**, unless `Epoll::with_flags` is told otherwise; from the start, but for a
//!   queue on systems that only have `kqueue`.
//!
//! For one portable registry on top of all of these, with your data and typed keys, use the `selectors` crate.
//!
//! # Things these wrappers do not do
//!
//! They keep no map from descriptors to data (epoll's 64 bits per registration are all there is), they do not
//! unregister on drop, and they do not hide what differs between kernels: `# Portability` sections tell it.
//!
//! # Examples
//!
//! Wait for a socket with `epoll`:
//!
//! ```
//! use select_sys::epoll::{Epoll, Event, EventFlags};
//! use std::io::Write;
//! use std::os::unix::net::UnixStream;
//! use std::time::Duration;
//!
//! let (reader, mut writer) = UnixStream::pair()?;
//! let epoll = Epoll::new()?;
//! epoll.register(&reader, EventFlags::IN, 7)?;
//!
//! writer.write_all(b"x")?;
//! let mut buffer = [Event::default(); 8];
//! let ready = epoll.wait(&mut buffer, Duration::from_secs(1))?;
//! assert_eq!(ready.len(), 1);
//! assert_eq!(ready[0].data(), 7);
//! assert!(ready[0].flags().contains(EventFlags::IN));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Coming from Python
//!
//! | `select` module | here |
//! |---|---|
//! | `select.select(r, w, x, timeout)` | [`select::select`] over three [`select::FdSet`]s |
//! | `select.poll()` | [`poll::Poll`]; the bare call is [`poll::poll`] over [`poll::PollFd`]s |
//! | `poll.register`, `.modify`, `.unregister`, `.poll` | [`Poll::register`](poll::Poll::register), [`modify`](poll::Poll::modify), [`unregister`](poll::Poll::unregister), [`poll`](poll::Poll::poll) |
//! | `POLLIN`, `POLLPRI`, … | [`poll::PollFlags`] |
//! | `select.devpoll()`, its `register`, `modify`, `unregister`, `poll` | `devpoll::DevPoll`, on illumos and Solaris |
//! | `select.epoll()` | `epoll::Epoll` |
//! | `epoll.register`, `.modify`, `.unregister` | `Epoll::register`, `modify`, `unregister` |
//! | `epoll.poll(timeout, maxevents)` | `Epoll::wait`; `maxevents` is the length of the buffer |
//! | `epoll.fromfd`, `.fileno`, `.close`, `.closed` | `Epoll::from_fd`, [`AsFd`](fd::AsFd), drop; a closed object cannot be named |
//! | `EPOLLIN`, `EPOLLET`, … | `epoll::EventFlags` |
//! | `select.kqueue()`, its `control`, `fromfd` | `kqueue::Kqueue`, its `control` and `from_fd`, on the BSDs and Apple's systems |
//! | `select.kevent(ident, …)` | `kqueue::Kevent` |
//! | `KQ_FILTER_…`, `KQ_EV_…`, `KQ_NOTE_…` | `kqueue::Filter`, `kqueue::Flags`, `kqueue::Notes` |
//! | `EPOLL_CLOEXEC` | `epoll::CreateFlags::CLOEXEC`, always set by `Epoll::new` |
//! | `select.error` | [`std::io::Error`] |
//! | `select.PIPE_BUF` | `PIPE_BUF` |
//!
//! # Portability
//!
//! `select` and `poll` are in POSIX.1-2024, and on Windows for sockets. `epoll` is of Linux and Android, `kqueue` of the
//! BSDs and Apple's systems, `devpoll` of illumos and Solaris. So far this has been run on Linux, and for Windows under
//! Wine; for the others it compiles.
//!
//! # Features
//!
//! None is on by default. Both add something to Linux alone, to develop and test portable programs with:
//!
//! * `libkqueue`: `kqueue` over the system's libkqueue.
//! * `devpoll-emulation`: `devpoll` over `poll(2)`, by the rules of `/dev/poll`.

#![deny(missing_docs)]
#![deny(unsafe_code)] // a file that must says #![expect(unsafe_code)] and why

// The table of platforms: the only place in this crate that names any, but for single constants.

#[cfg(not(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "linux",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "solaris",
    target_vendor = "apple",
    windows,
)))]
compile_error!(
    "this platform is unknown: its calls, and how exactly its `poll` can wait, are to be added to the table"
);

#[cfg(unix)]
pub mod fd;
#[cfg(windows)]
#[path = "fd/winsock.rs"]
pub mod fd;
mod lent;
pub mod poll;
pub mod select;
mod time;

#[cfg(unix)]
#[path = "poll/unix.rs"]
mod poll_system;
#[cfg(windows)]
#[path = "poll/winsock.rs"]
mod poll_system;
#[cfg(unix)]
#[path = "select/unix.rs"]
mod select_system;
#[cfg(windows)]
#[path = "select/winsock.rs"]
mod select_system;
#[cfg(unix)]
#[path = "time/unix.rs"]
mod time_system;
#[cfg(windows)]
#[path = "time/winsock.rs"]
mod time_system;

#[cfg(all(any(target_os = "android", target_os = "linux"), target_pointer_width = "64"))]
#[path = "select/linux.rs"]
mod select_call;
#[cfg(target_vendor = "apple")]
#[path = "select/darwin.rs"]
mod select_call;
#[cfg(all(
    unix,
    not(target_vendor = "apple"),
    not(all(any(target_os = "android", target_os = "linux"), target_pointer_width = "64")),
))]
#[path = "select/pselect.rs"]
mod select_call;

#[cfg(all(any(target_os = "android", target_os = "linux"), target_pointer_width = "64"))]
#[path = "poll/linux.rs"]
mod poll_exact;
#[cfg(any(
    all(any(target_os = "android", target_os = "linux"), not(target_pointer_width = "64")),
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "openbsd",
))]
#[path = "poll/ppoll.rs"]
mod poll_exact;
#[cfg(target_os = "netbsd")]
#[path = "poll/pollts.rs"]
mod poll_exact;
#[cfg(any(target_os = "illumos", target_os = "solaris", target_vendor = "apple"))]
#[path = "poll/no_ppoll.rs"]
mod poll_exact;

#[cfg(any(target_os = "android", target_os = "linux"))]
pub mod epoll;

#[cfg(any(
    target_os = "illumos",
    target_os = "solaris",
    all(target_os = "linux", feature = "devpoll-emulation"),
))]
pub mod devpoll;
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
#[path = "devpoll/device.rs"]
mod devpoll_system;
#[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
#[path = "devpoll/emulated.rs"]
#[doc(hidden)] // public for the suite that holds it to the rules of the device
pub mod devpoll_system;

#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple",
    all(target_os = "linux", feature = "libkqueue"),
))]
pub mod kqueue;
#[cfg(target_os = "freebsd")]
#[path = "kqueue/freebsd.rs"]
mod kqueue_system;
#[cfg(target_os = "netbsd")]
#[path = "kqueue/netbsd.rs"]
mod kqueue_system;
#[cfg(target_os = "openbsd")]
#[path = "kqueue/openbsd.rs"]
mod kqueue_system;
#[cfg(any(target_os = "dragonfly", target_vendor = "apple"))]
#[path = "kqueue/plain.rs"]
mod kqueue_system;
#[cfg(all(target_os = "linux", feature = "libkqueue"))]
#[path = "kqueue/libkqueue.rs"]
mod kqueue_system;

pub use time::Timeout;

/// The number of bytes (4096 on Linux, at least 512 anywhere) that a write to a pipe takes at once or not at all.
///
/// A pipe reported as ready for writing takes this much without blocking, unless another writer is faster. It says
/// nothing about other kinds of files.
///
/// # References
///
/// [pipe(7)](https://man7.org/linux/man-pages/man7/pipe.7.html)
#[doc(alias = "select.PIPE_BUF")]
#[cfg(unix)]
pub const PIPE_BUF: usize = libc::PIPE_BUF as _; // `int` on illumos and Solaris
