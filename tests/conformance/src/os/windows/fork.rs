//! Forked children: Windows has none.

use std::time::Duration;

use crate::NotRun;

/// Does not run `body`.
///
/// # Errors
///
/// This system has no fork(2).
pub fn in_a_fork_within(_: Duration, _: impl FnOnce()) -> Result<bool, NotRun> {
    Err(NotRun::because("Windows has no fork(2)"))
}
