//! The operating system: everything that differs between Unix and Windows.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

// The waker of a system without epoll needs one, see `waker`.
#[cfg(all(unix, not(epoll)))]
mod socketpair;
#[cfg(all(unix, not(epoll)))]
pub(crate) use socketpair::*;

#[cfg(windows)]
mod loopback;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use {loopback::*, windows::*};
