//! Kernels that write back what is left of a wait that was interrupted.

use std::io;
use std::time::Duration;

use crate::Timeout;
use crate::time::{LONGEST, timespec, wait};

/// As [`wait`], for a `call` that takes a timespec (null is for ever) and writes over it what is left when it is
/// interrupted: the clock is not read before. (It is for a time of which `wait` makes pieces.)
pub(crate) fn wait_timespec(
    timeout: Timeout,
    mut call: impl FnMut(*mut libc::timespec) -> io::Result<usize>,
) -> io::Result<usize> {
    let limit = timeout.limit().filter(|limit| timeout.is_finite() && *limit <= LONGEST);
    let Some(limit) = limit else {
        return wait(timeout, |left| {
            let mut left = left.map(timespec);
            call(left.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut))
        });
    };
    let mut left = timespec(limit);
    match call(&mut left) {
        Err(error) if timeout.goes_on_after(&error) => {
            // By the clock from here on, because not every system writes back (QEMU's emulation of Linux; a program under
            // STICKY_TIMEOUTS, see personality(2)): there, the time before the first interruption is waited for again.
            let left = Duration::new(left.tv_sec.unsigned_abs(), left.tv_nsec as u32); // neither is negative
            wait(Timeout::after(left), |left| {
                let mut left = timespec(left.unwrap_or_default());
                call(&mut left)
            })
        }
        result => result,
    }
}
