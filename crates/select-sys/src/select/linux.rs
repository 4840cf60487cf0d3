//! Linux's own `pselect6`, which tells what is left of the time. The C library hides that.

#![expect(unsafe_code, reason = "the sets are passed by address")]

use std::ffi::{c_int, c_void};
use std::io;

use crate::time;

/// `pselect(2)`, once; null for ever, or for an empty set.
///
/// # Safety
///
/// What is not null must be whole words for `limit` bits, and a timespec, that nobody else uses.
pub(crate) unsafe fn pselect(
    limit: c_int,
    [read, write, except]: [*mut libc::fd_set; 3],
    left: *mut libc::timespec,
) -> io::Result<usize> {
    // SAFETY: by system call number, see select(2), "C library/kernel differences". The addresses are the caller's
    // promise; a timespec has the kernel's layout on a machine of 64 bits. There is no signal mask.
    time::count(unsafe {
        libc::syscall(libc::SYS_pselect6, limit, read, write, except, left, std::ptr::null::<c_void>())
    })
}
