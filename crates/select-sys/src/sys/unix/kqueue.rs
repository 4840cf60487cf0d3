//! `kqueue(2)` and `kevent(2)`.

#![expect(unsafe_code, reason = "kevent takes lists by address; a function is looked up by its name")]

use std::ffi::{CStr, c_int, c_uint};
use std::io;
use std::time::Duration;

use super::errno::cvt;
use super::fd::{FromRawFd, OwnedFd, RawFd};
use super::timespec::timespec;

#[cfg(any(apple, target_os = "dragonfly"))]
pub(crate) mod darwin;
#[cfg(target_os = "freebsd")]
pub(crate) mod freebsd;
#[cfg(libkqueue)]
pub(crate) mod libkqueue;
#[cfg(target_os = "netbsd")]
pub(crate) mod netbsd;
#[cfg(target_os = "openbsd")]
pub(crate) mod openbsd;

#[cfg(any(apple, target_os = "dragonfly"))]
pub(crate) use darwin as system;
#[cfg(target_os = "freebsd")]
pub(crate) use freebsd as system;
#[cfg(libkqueue)]
pub(crate) use libkqueue as system;
#[cfg(target_os = "netbsd")]
pub(crate) use netbsd as system;
#[cfg(target_os = "openbsd")]
pub(crate) use openbsd as system;

pub use system::{Data, Extension, FilterBits, FlagBits};
pub(crate) use system::{NO_EXTENSION, kevent};

/// Makes a queue, close-on-exec.
pub(crate) fn create() -> io::Result<OwnedFd> {
    if let Some((name, flags)) = system::CREATE_CLOEXEC {
        match create_with(name, flags) {
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {}
            result => return result,
        }
    }
    // SAFETY: the call takes no arguments.
    let queue = owned(unsafe { system::kqueue() })?;
    rustix::io::fcntl_setfd(&queue, rustix::io::FdFlags::CLOEXEC)?;
    Ok(queue)
}

/// Makes a queue by a function that takes flags; `ENOSYS` if the C library lacks it.
///
/// The function is looked up, as linking with it would fail on older systems.
fn create_with(name: &CStr, flags: c_uint) -> io::Result<OwnedFd> {
    // SAFETY: a search by a name that ends in 0.
    let function = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if function.is_null() {
        return Err(io::Error::from_raw_os_error(libc::ENOSYS));
    }
    // SAFETY: the functions in `CREATE_CLOEXEC` have this type: kqueuex(2) of FreeBSD, kqueue1(2) of NetBSD and OpenBSD. (The
    // latter take an `int`, which is passed in the same way.)
    let function: unsafe extern "C" fn(c_uint) -> c_int = unsafe { std::mem::transmute(function) };
    // SAFETY: it takes flags, and no addresses.
    owned(unsafe { function(flags) })
}

/// The descriptor that a call has just made.
fn owned(fd: c_int) -> io::Result<OwnedFd> {
    cvt(fd)?;
    // SAFETY: just made, open, and owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Makes changes and waits, once.
///
/// Lists of more than `c_int::MAX` items are over 64 GiB; the items beyond are ignored.
pub(crate) fn control(
    fd: RawFd,
    changes: &[kevent],
    events: &mut [kevent],
    limit: Option<Duration>,
) -> io::Result<usize> {
    let limit = limit.map(|limit| timespec(round(limit)));
    let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let (changes_len, capacity) = (changes.len().min(MAX), events.len().min(MAX));
    let (changes, events) = (changes.as_ptr(), events.as_mut_ptr());
    // SAFETY: `changes` is read, `events` is mutably borrowed and written, each up to its length, which fits a `c_int`. `limit`
    // is null or a timespec that outlives the call.
    cvt(unsafe { kevent(fd, changes, changes_len as _, events, capacity as _, limit) })
}

const MAX: usize = c_int::MAX as usize;

/// The time that the call gets.
#[cfg(not(libkqueue))]
fn round(limit: Duration) -> Duration {
    limit
}

/// The time that the call gets: libkqueue rounds down to milliseconds for `epoll_wait`.
#[cfg(libkqueue)]
fn round(limit: Duration) -> Duration {
    Duration::from_millis(crate::sys::millis::ceil(limit) as u64) // not negative
}
