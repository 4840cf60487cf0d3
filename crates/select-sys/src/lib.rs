//! `select(2)`, `poll(2)`, `epoll(7)`, `/dev/poll` and `kqueue(2)` for Rust: thin, safe, every constant.
//!
//! Each module wraps one kernel interface and has its name: [`select`], [`poll`], `epoll`, `devpoll`, `kqueue`. A call
//! here is the system call, with four guarantees:
//!
//! * **Descriptors are borrowed, never numbers.** A type that keeps a descriptor between calls carries a lifetime
//!   ([`select::FdSet`], [`poll::PollFd`], [`poll::Poll`], `devpoll::DevPoll`), so the kernel is never asked about a
//!   descriptor that was closed meanwhile. The exception is `kqueue::Kevent`, whose `ident` can also be a process or a
//!   signal: if its number was closed and reused, the queue watches the new file, which is a mistake and touches no
//!   memory. No function is `unsafe`.
//! * **Timeouts are exact and never early.** Every wait takes a [`Timeout`] (or an `Option<Duration>`, a `Duration`,
//!   or `None`, which waits for ever). Kernels that take nanoseconds get nanoseconds; for others the time is rounded up.
//! * **Signals do not end a wait.** An interrupted call continues with the time that is left, unless the caller chose
//!   [`Timeout::interruptible`].
//! * **New descriptors are close-on-exec**, unless the caller chooses otherwise with `Epoll::with_flags`. They are from the
//!   start, except for a queue on systems that have only `kqueue`.
//!
//! The `selectors` crate has one portable registry over all of these, with typed keys and the caller's data.
//!
//! # Limits
//!
//! These wrappers keep no map from descriptors to data (epoll's 64 bits per registration are all there is), they do not
//! unregister on drop, and they do not hide differences between kernels: the `# Portability` sections list them.
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
//! | Module | Systems |
//! |---|---|
//! | `select`, `poll` | Unix (POSIX.1-2024), and Windows for sockets |
//! | `epoll` | Linux, Android |
//! | `devpoll` | illumos, Solaris |
//! | `kqueue` | FreeBSD, NetBSD, OpenBSD, `DragonFly`, Apple's systems |
//!
//! It was run on Linux natively; on FreeBSD 14.2, NetBSD 10.99 and OpenBSD 7.3 under QEMU (November 2026); and for Windows
//! under Wine. For other systems it was only compiled.
//!
//! # Features
//!
//! None is on by default. Both add an interface to Linux, to develop and test portable programs with:
//!
//! * `libkqueue`: `kqueue` over the system's libkqueue.
//! * `devpoll-emulation`: `devpoll` over `poll(2)`, by the rules of `/dev/poll`.

#![deny(missing_docs)]
#![deny(unsafe_code)] // a file that needs it says #![expect(unsafe_code)] and why

// The conditions are groups of systems, which `build.rs` defines.

#[cfg(devpoll)]
pub mod devpoll;
#[cfg(epoll)]
pub mod epoll;
pub mod fd;
#[cfg(kqueue)]
pub mod kqueue;
pub mod poll;
mod same_fds;
pub mod select;
mod sys;
mod timeout;

pub use timeout::{Countdown, Timeout};

/// The number of bytes (4096 on Linux, at least 512 anywhere) that a write to a pipe takes whole or not at all.
///
/// A pipe that is ready for writing takes this much without blocking, unless another writer is faster. It does not apply to
/// other kinds of files.
///
/// # References
///
/// [pipe(7)](https://man7.org/linux/man-pages/man7/pipe.7.html)
#[doc(alias = "select.PIPE_BUF")]
#[cfg(unix)]
pub const PIPE_BUF: usize = sys::PIPE_BUF;
