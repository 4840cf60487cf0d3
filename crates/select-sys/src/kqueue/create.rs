//! Making a queue that is close-on-exec.

#![expect(unsafe_code, reason = "makes descriptors")]

use std::io;

use crate::fd::{FromRawFd, OwnedFd};
use crate::time;

/// The descriptor that a call has just made, or the error that `errno` holds when it gave -1.
pub(crate) fn owned(fd: libc::c_int) -> io::Result<OwnedFd> {
    time::count(fd)?;
    // SAFETY: just made, open, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
