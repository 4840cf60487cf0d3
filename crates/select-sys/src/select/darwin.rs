//! `pselect` of Apple's C library, without its limit.

#![expect(unsafe_code, reason = "pselect takes the sets by address")]

use std::ffi::c_int;
use std::io;

use crate::time;

unsafe extern "C" {
    // The plain name refuses numbers from `FD_SETSIZE` on with EINVAL; this one is what C gets that defines
    // `_DARWIN_UNLIMITED_SELECT`: select(2) of macOS.
    #[link_name = "pselect$DARWIN_EXTSN"]
    fn unlimited(
        limit: c_int,
        read: *mut libc::fd_set,
        write: *mut libc::fd_set,
        except: *mut libc::fd_set,
        time: *const libc::timespec,
        mask: *const libc::sigset_t,
    ) -> c_int;
}

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
    time::count(unsafe { unlimited(limit, read, write, except, left, std::ptr::null()) })
}
