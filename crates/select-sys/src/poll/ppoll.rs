//! `ppoll`, which takes nanoseconds.

#![expect(unsafe_code, reason = "ppoll takes the list by address")]

use std::io;

use crate::Timeout;
use crate::time::{self, wait_timespec};

/// `ppoll(2)`, retried as `wait_timespec` says.
///
/// # Safety
///
/// At `fds` must be `len` entries that nobody else uses.
pub(crate) unsafe fn exact(fds: *mut libc::pollfd, len: libc::nfds_t, timeout: Timeout) -> io::Result<usize> {
    wait_timespec(timeout, |left| {
        // SAFETY: the list is the caller's promise. `left` is null or a timespec that outlives the call; there is no
        // signal mask.
        time::count(unsafe { libc::ppoll(fds, len, left, std::ptr::null()) })
    })
}
