//! Results and `errno`.

use std::io;

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
