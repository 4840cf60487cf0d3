//! Linux's own `ppoll`, which takes nanoseconds and tells what is left of them. The C library hides that.

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
        // SAFETY: by system call number, see ppoll(2), "C library/kernel differences". The list is the caller's promise.
        // `left` is null or a timespec, mutably borrowed for the call, of the kernel's layout on a machine of 64 bits;
        // there is no signal mask, so its size is not looked at.
        time::count(unsafe {
            libc::syscall(libc::SYS_ppoll, fds, len, left, std::ptr::null::<libc::sigset_t>(), 0_usize)
        })
    })
}
