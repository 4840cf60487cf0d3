//! Comparing borrowed descriptors with stored numbers.

use std::io;
use std::ops::ControlFlow;

use crate::fd::{AsRawFd, BorrowedFd, RawFd};

/// Whether `fds` have exactly these `numbers`, in this order; or the first error that `fds` yields.
#[inline]
pub(crate) fn have_numbers<'fd>(
    fds: impl IntoIterator<Item = io::Result<BorrowedFd<'fd>>>,
    numbers: impl IntoIterator<Item = RawFd>,
) -> io::Result<bool> {
    // `try_fold` and not `for`: an iterator that chains others then visits them in separate loops.
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
