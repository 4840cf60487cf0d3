//! Results and `errno`.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// The result of a call that returns -1 and sets `errno` when it fails.
#[inline]
pub(crate) fn cvt(result: impl TryInto<usize>) -> io::Result<usize> {
    result.try_into().map_err(|_| io::Error::last_os_error())
}

/// The result of `poll`, `select` and their variants.
///
/// POSIX has `poll` fail with `EAGAIN` when the kernel has no memory for the moment, and macOS and illumos do so. It would
/// be an `io::ErrorKind::WouldBlock`, which programs take for "nothing is ready", so it becomes `ENOMEM`.
#[inline]
pub(crate) fn cvt_wait(result: libc::c_int) -> io::Result<usize> {
    cvt(result).map_err(|error| match error.raw_os_error() {
        Some(libc::EAGAIN) => io::Error::from_raw_os_error(libc::ENOMEM),
        _ => error,
    })
}

/// `ENOENT`.
pub(crate) fn not_found() -> io::Error {
    io::Error::from_raw_os_error(libc::ENOENT)
}

/// The result of `exact`, or of `fallback` where the system lacks the call.
///
/// `missing` remembers that it does: a kernel does not gain a call while the process runs. Both functions get `list`.
#[cfg(any(ppoll, epoll))]
pub(crate) fn with_fallback<T>(
    missing: &AtomicBool,
    list: &mut [T],
    exact: impl FnOnce(&mut [T]) -> io::Result<usize>,
    fallback: impl FnOnce(&mut [T]) -> io::Result<usize>,
) -> io::Result<usize> {
    if missing.load(Ordering::Relaxed) {
        return fallback(list);
    }
    match exact(list) {
        // ENOSYS: the kernel is older than the call. EPERM: seccomp filters that are older than the call refuse it so
        // (container runtimes did by default). None of the waits has this error of its own.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
            missing.store(true, Ordering::Relaxed);
            fallback(list)
        }
        result => result,
    }
}
