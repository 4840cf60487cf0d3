//! Signals: Windows sends none to a waiting thread.

use std::time::Duration;

use selectors::Waker;

use crate::NotRun;

/// Ends a scenario about signals where there are none.
///
/// # Errors
///
/// This system has no signals.
pub fn need() -> Result<(), NotRun> {
    Err(NotRun::because("Windows has no signals"))
}

/// Runs `body`.
pub fn storm<T>(_: Duration, body: impl FnOnce() -> T) -> (T, u64) {
    (body(), 0)
}

/// Runs `body`.
pub fn waking<T>(_: Duration, _: &Waker, body: impl FnOnce(&dyn Fn() -> u64) -> T) -> T {
    body(&|| 0)
}

/// Runs `body`.
pub fn held_up<T>(_: impl FnOnce(&dyn Fn(&dyn Fn())) + Send, body: impl FnOnce() -> T) -> (T, u64) {
    (body(), 0)
}

/// Returns the number of signals that were handled so far.
pub fn handled() -> u64 {
    0
}
