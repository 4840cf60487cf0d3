//! `pselect` of Apple's C library without its limit on numbers.

use std::ffi::c_int;

unsafe extern "C" {
    /// The plain name refuses numbers from `FD_SETSIZE` on with `EINVAL`. A C program gets this one with
    /// `_DARWIN_UNLIMITED_SELECT`: select(2) of macOS.
    #[link_name = "pselect$DARWIN_EXTSN"]
    pub(super) fn pselect(
        end: c_int,
        read: *mut libc::fd_set,
        write: *mut libc::fd_set,
        except: *mut libc::fd_set,
        limit: *const libc::timespec,
        mask: *const libc::sigset_t,
    ) -> c_int;
}
