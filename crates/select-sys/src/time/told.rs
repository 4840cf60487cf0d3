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
            // The kernel writes before the handler runs, so that the handler's time is waited for again.
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

#[cfg(test)]
#[expect(unsafe_code, reason = "what stands in for the kernel is passed an address")]
mod tests {
    use super::*;

    /// Waits with a call that is interrupted once, `left` before its end; gives back what it was asked for each time.
    fn interrupted(timeout: Timeout, left: Duration) -> (io::Result<usize>, Vec<Duration>) {
        let mut asked = Vec::new();
        let result = wait_timespec(timeout, |time| {
            // SAFETY: null is for ever only; otherwise it is a timespec that outlives this call.
            let time = unsafe { &mut *time };
            asked.push(Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32));
            if asked.len() == 1 {
                *time = timespec(left);
                return Err(io::ErrorKind::Interrupted.into());
            }
            Ok(7)
        });
        (result, asked)
    }

    #[test]
    fn a_wait_goes_on_with_what_the_kernel_says_is_left() {
        let (limit, left) = (Duration::from_millis(4), Duration::from_nanos(1));
        let (result, asked) = interrupted(limit.into(), left);
        assert_eq!((result.unwrap(), &asked[..]), (7, &[limit, left][..]));

        let (result, asked) = interrupted(limit.into(), Duration::ZERO);
        assert_eq!((result.unwrap(), &asked[..]), (7, &[limit, Duration::ZERO][..]), "a last look");

        let (result, asked) = interrupted(Timeout::after(limit).interruptible(), left);
        assert_eq!((result.unwrap_err().kind(), asked.len()), (io::ErrorKind::Interrupted, 1));
    }
}
