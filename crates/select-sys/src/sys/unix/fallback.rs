//! Calls that a system may lack.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// The result of `exact`, or of `fallback` where the system lacks the call.
///
/// `missing` remembers that it does: a kernel does not gain a call while the process runs. Both functions get `list`.
pub(crate) fn with_fallback<T>(
    missing: &AtomicBool,
    list: &mut [T],
    exact: impl FnOnce(&mut [T]) -> io::Result<usize>,
    fallback: impl FnOnce(&mut [T]) -> io::Result<usize>,
) -> io::Result<usize> {
    if missing.load(Ordering::Relaxed) {
        return fallback(list);
    }
    match exact(list) {
        // ENOSYS: the kernel is older than the call. EPERM: seccomp filters that are older than the call refuse it so
        // (container runtimes did by default). None of the waits has this error of its own.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
            missing.store(true, Ordering::Relaxed);
            fallback(list)
        }
        result => result,
    }
}
