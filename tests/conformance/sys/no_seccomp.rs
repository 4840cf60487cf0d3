//! In the place of the filters of system calls, where there are none.

use std::ffi::{c_int, c_long};

use conformance::{NotRun, Run};

/// Every call that waits.
pub(super) fn waits() -> Vec<c_long> {
    Vec::new()
}

/// Does not run `body`.
///
/// # Errors
///
/// Always.
pub(super) fn in_a_thread_where(_calls: &[c_long], _errno: c_int, _body: impl FnOnce() + Send) -> Run {
    Err(NotRun::because("this platform has no filters of system calls"))
}
