//! Unix.

pub(crate) mod clock;
#[cfg(devpoll)]
pub(crate) mod devpoll;
#[cfg(epoll)]
pub(crate) mod epoll;
pub(crate) mod errno;
#[cfg(ppoll)]
mod fallback;
pub(crate) mod fd;
#[cfg(kqueue)]
pub(crate) mod kqueue;
pub(crate) mod poll;
#[cfg(devpoll)]
pub(crate) mod rlimit;
pub(crate) mod select;
pub(crate) mod timespec;

/// `PIPE_BUF` of limits.h.
#[cfg(known_unix)]
pub(crate) const PIPE_BUF: usize = libc::PIPE_BUF as _; // `int` on illumos and Solaris
/// The minimum of POSIX (`_POSIX_PIPE_BUF` of limits.h): the crate `libc` has no other constant on Haiku and the Hurd.
#[cfg(not(known_unix))]
pub(crate) const PIPE_BUF: usize = 512;
