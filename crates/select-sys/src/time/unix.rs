//! What `errno` and the C library have to do with time.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether a wait may end before its time: the kernel counts with the clock of [`Instant`](std::time::Instant).
pub(crate) const MAY_BE_EARLY: bool = false;

/// Calls `exact`, which takes nanoseconds; where the system has no such call, `rounded`, from then on at once.
///
/// `missing` remembers: a kernel does not get a new call while the process lives.
pub(crate) fn exact_or_rounded(
    missing: &AtomicBool,
    exact: impl FnOnce() -> io::Result<usize>,
    rounded: impl FnOnce() -> io::Result<usize>,
) -> io::Result<usize> {
    if missing.load(Ordering::Relaxed) {
        return rounded();
    }
    match exact() {
        // ENOSYS: a kernel that is older than the call. EPERM: how seccomp filters that are older than the call refuse it
        // (container runtimes did so by default); none of the waits has this error of its own.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
            missing.store(true, Ordering::Relaxed);
            rounded()
        }
        result => result,
    }
}

/// Seconds and nanoseconds, exact, of a time that [`wait`](crate::time::wait) passed.
pub(crate) fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos() as _, // below 1e9, fits every target's type (i32 or i64)
    }
}

/// What a call found, or the error that `errno` holds when it gave -1.
pub(crate) fn count(result: impl TryInto<usize>) -> io::Result<usize> {
    result.try_into().map_err(|_| io::Error::last_os_error())
}
