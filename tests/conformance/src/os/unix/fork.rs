//! A copy of this process.

#![expect(unsafe_code, reason = "fork(2) has no safe interface")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::process::{Pid, WaitOptions, waitpid};

/// Runs `body` in a forked child, and says whether it came to its end.
///
/// # Panics
///
/// There can be no child.
pub fn in_a_fork(body: impl FnOnce()) -> bool {
    // SAFETY: the child does not return from this function. It is a copy of this thread alone, and takes no lock that
    // another thread may hold but that of the allocator, which the C library makes usable in a child.
    match unsafe { libc::fork() } {
        0 => {
            let result = catch_unwind(AssertUnwindSafe(body));
            // SAFETY: ends the process, without what it would do at its end.
            unsafe { libc::_exit(i32::from(result.is_err())) }
        }
        child => {
            let child = Pid::from_raw(child).filter(|_| child > 0).expect("fork(2) works");
            let (_, status) = waitpid(Some(child), WaitOptions::empty()).unwrap().unwrap();
            status.exit_status() == Some(0)
        }
    }
}
