//! `pselect` of the C library.

#![expect(unsafe_code, reason = "pselect takes the sets by address")]

use std::ffi::c_int;
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
    // SAFETY: the addresses are the caller's promise; there is no signal mask.
    time::count(unsafe { libc::pselect(limit, read, write, except, left, std::ptr::null()) })
}
