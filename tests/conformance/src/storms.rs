//! Waits in a storm of signals.

use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::Stream;
use crate::signals::{handled, storm};

/// How often a signal comes where nothing else is said.
pub const EVERY: Duration = Duration::from_millis(5);

/// Far more than any wait in a storm takes: one that starts anew after each signal takes for ever.
pub const TOO_LONG: Duration = Duration::from_secs(20);

/// Fewer signals are no test.
const ENOUGH: u64 = 3;

/// Runs `body` in a storm of signals; the other end of `end` becomes readable if it takes too long.
///
/// Gives back what `body` did, and how many signals were handled.
pub fn in_a_storm<T>(end: &Stream, body: impl FnOnce() -> T) -> (T, u64) {
    thread::scope(|scope| {
        let (done, waiting) = channel::<()>();
        scope.spawn(move || {
            if waiting.recv_timeout(TOO_LONG) == Err(RecvTimeoutError::Timeout) {
                let mut end = end;
                end.write_all(b"x").unwrap();
            }
        });
        let result = storm(EVERY, body);
        drop(done);
        result
    })
}

/// Runs `body`, which says how many signals came, until they were enough: on a busy machine the one who sends them may have
/// to wait.
pub fn until_interrupted(mut body: impl FnMut() -> u64) {
    while body() < ENOUGH {}
}

/// Runs `body` in a storm of signals, and `act` in another thread when enough have come.
pub fn after_some_signals<T>(act: impl FnOnce() + Send, body: impl FnOnce() -> T) -> T {
    let before = handled();
    let (result, _) = storm(EVERY, || {
        thread::scope(|scope| {
            scope.spawn(move || {
                while handled() < before + ENOUGH {
                    thread::yield_now();
                }
                act();
            });
            body()
        })
    });
    result
}
