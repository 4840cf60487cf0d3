//! Making a queue close-on-exec with two calls.

#![expect(unsafe_code, reason = "kqueue is a system call")]

use std::io;

use crate::fd::OwnedFd;
use crate::kqueue::create::owned;
use crate::kqueue_system::kqueue;

/// With `kqueue`, which takes no flags, and `fcntl`.
pub(crate) fn in_two_steps() -> io::Result<OwnedFd> {
    // SAFETY: takes nothing.
    let fd = owned(unsafe { kqueue() })?;
    rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC)?;
    Ok(fd)
}
