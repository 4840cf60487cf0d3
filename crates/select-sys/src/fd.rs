//! The descriptor types that the signatures of this crate use, from the standard library.

use std::io;

use rustix::io::Errno;

pub use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

/// The number of a descriptor, or `EBADF` for a negative one, which stands for something else: that of `rustix::fs::CWD` is
/// `AT_FDCWD`.
pub(crate) fn number(fd: BorrowedFd<'_>) -> io::Result<RawFd> {
    let number = fd.as_raw_fd();
    if number < 0 { Err(Errno::BADF.into()) } else { Ok(number) }
}
