//! Calls that make a queue close-on-exec at once, and that are not in every version of the system.

#![expect(unsafe_code, reason = "looks a call up by its name")]

use std::io;

use crate::fd::OwnedFd;
use crate::kqueue::create;
use crate::kqueue_system::two_steps;

/// With a call that takes flags, where the C library has it: older ones do not, and linking with it would fail there.
pub(crate) fn at_once(name: &std::ffi::CStr, flags: libc::c_uint) -> io::Result<OwnedFd> {
    // SAFETY: a search by a name that ends in 0.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if found.is_null() {
        return two_steps::in_two_steps();
    }
    // SAFETY: both calls that this is for have this type: kqueuex(2) of FreeBSD, kqueue1(2) of OpenBSD.
    let create: unsafe extern "C" fn(libc::c_uint) -> libc::c_int = unsafe { std::mem::transmute(found) };
    // SAFETY: it takes flags, and no addresses.
    match create::owned(unsafe { create(flags) }) {
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => two_steps::in_two_steps(),
        result => result,
    }
}
