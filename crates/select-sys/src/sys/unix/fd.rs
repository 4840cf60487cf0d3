//! Descriptors.

use std::io;

use rustix::io::Errno;

pub use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

/// The number of a descriptor.
///
/// Fails with `EBADF` for a negative number. `rustix::fs::CWD` has one, `AT_FDCWD`.
pub(crate) fn number(fd: BorrowedFd<'_>) -> io::Result<RawFd> {
    let number = fd.as_raw_fd();
    if number < 0 { Err(Errno::BADF.into()) } else { Ok(number) }
}
