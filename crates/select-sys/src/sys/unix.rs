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
