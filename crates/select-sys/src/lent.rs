//! Descriptors that are lent again, beside the numbers that were kept of them.

use std::io;
use std::ops::ControlFlow;

use crate::fd::{AsRawFd, BorrowedFd, RawFd};

/// Whether these descriptors have these numbers, as many and in this order; or the first error that `fds` yields.
#[inline]
pub(crate) fn have_numbers<'fd>(
    fds: impl IntoIterator<Item = io::Result<BorrowedFd<'fd>>>,
    numbers: impl IntoIterator<Item = RawFd>,
) -> io::Result<bool> {
    // Not a `for`: an iterator that is a chain of others goes through them one after the other here.
    let rest = fds.into_iter().try_fold(numbers.into_iter(), |mut numbers, fd| match fd {
        Ok(fd) if numbers.next() == Some(fd.as_raw_fd()) => ControlFlow::Continue(numbers),
        Ok(_) => ControlFlow::Break(Ok(false)),
        Err(error) => ControlFlow::Break(Err(error)),
    });
    match rest {
        ControlFlow::Break(result) => result,
        ControlFlow::Continue(mut numbers) => Ok(numbers.next().is_none()),
    }
}
