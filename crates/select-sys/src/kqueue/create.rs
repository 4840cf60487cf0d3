//! Making a queue that is close-on-exec.

#![expect(unsafe_code, reason = "makes descriptors; looks a call up by its name")]

use std::io;

use crate::fd::{FromRawFd, OwnedFd};
use crate::kqueue_system::kqueue;
use crate::time;

/// With `kqueue`, which takes no flags, and `fcntl`.
pub(crate) fn in_two_steps() -> io::Result<OwnedFd> {
    // SAFETY: takes nothing.
    let fd = owned(unsafe { kqueue() })?;
    rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC)?;
    Ok(fd)
}

/// With a call that takes flags, where the C library has it: older ones do not, and linking with it would fail there.
#[cfg_attr(
    not(any(target_os = "freebsd", target_os = "openbsd")),
    expect(dead_code, reason = "no such call")
)]
pub(crate) fn at_once(name: &std::ffi::CStr, flags: libc::c_uint) -> io::Result<OwnedFd> {
    // SAFETY: a search by a name that ends in 0.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if found.is_null() {
        return in_two_steps();
    }
    // SAFETY: both calls that this is for have this type: kqueuex(2) of FreeBSD, kqueue1(2) of OpenBSD.
    let create: unsafe extern "C" fn(libc::c_uint) -> libc::c_int = unsafe { std::mem::transmute(found) };
    // SAFETY: it takes flags, and no addresses.
    match owned(unsafe { create(flags) }) {
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => in_two_steps(),
        result => result,
    }
}

/// The descriptor that a call has just made, or the error that `errno` holds when it gave -1.
pub(crate) fn owned(fd: libc::c_int) -> io::Result<OwnedFd> {
    time::count(fd)?;
    // SAFETY: just made, open, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
