//! Comparing borrowed descriptors with stored numbers.

use std::io;

use crate::fd::{AsRawFd, BorrowedFd, RawFd};

/// Whether `fds` have exactly these `numbers`, in this order; or the first error that `fds` yields.
#[inline]
pub(crate) fn have_numbers<'fd>(
    fds: impl IntoIterator<Item = io::Result<BorrowedFd<'fd>>>,
    numbers: impl IntoIterator<Item = RawFd>,
) -> io::Result<bool> {
    let mut numbers = numbers.into_iter();
    for fd in fds {
        if numbers.next() != Some(fd?.as_raw_fd()) {
            return Ok(false);
        }
    }
    Ok(numbers.next().is_none())
}
