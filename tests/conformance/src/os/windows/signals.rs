//! Signals: Windows sends none to a thread that waits.

use std::time::Duration;

use crate::NotRun;

/// To be asked first.
///
/// # Errors
///
/// There are no signals here.
pub fn need() -> Result<(), NotRun> {
    Err(NotRun::because("on Windows no signal ends a wait"))
}

/// Runs `body`.
pub fn storm<T>(_: Duration, body: impl FnOnce() -> T) -> (T, u64) {
    (body(), 0)
}

/// Runs `body`.
pub fn held_up<T>(_: impl FnOnce(&dyn Fn(&dyn Fn())) + Send, body: impl FnOnce() -> T) -> (T, u64) {
    (body(), 0)
}

/// How many signals were handled until now.
pub fn handled() -> u64 {
    0
}
