//! `pollts`, which takes nanoseconds: NetBSD's name for `ppoll`, which its C library has under that name since 10 only.

#![expect(unsafe_code, reason = "pollts takes the list by address")]

use std::io;
use std::time::Duration;

use crate::time;

/// `pollts(2)`, once.
///
/// # Safety
///
/// At `fds` must be `len` entries that nobody else uses.
pub(crate) unsafe fn exact(
    fds: *mut libc::pollfd,
    len: libc::nfds_t,
    left: Option<Duration>,
) -> io::Result<usize> {
    let left = left.map(time::timespec);
    let left = left.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the list is the caller's promise. `left` is null or a timespec that outlives the call; there is no signal
    // mask.
    time::count(unsafe { libc::pollts(fds, len, left, std::ptr::null()) })
}
