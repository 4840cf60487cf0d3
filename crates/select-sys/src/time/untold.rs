//! Kernels, or C libraries, that do not tell what is left of a wait.

use std::io;

use crate::Timeout;
use crate::time::{timespec, wait};

/// As [`wait`], for a `call` that takes a timespec; null is for ever.
pub(crate) fn wait_timespec(
    timeout: Timeout,
    mut call: impl FnMut(*mut libc::timespec) -> io::Result<usize>,
) -> io::Result<usize> {
    wait(timeout, |left| {
        let mut left = left.map(timespec);
        call(left.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut))
    })
}
