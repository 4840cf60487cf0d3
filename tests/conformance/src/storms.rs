//! Waits that many signals interrupt.

use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::Stream;
use crate::signals::{handled, storm};

/// The usual interval of the signals.
pub const EVERY: Duration = Duration::from_millis(5);

/// Far more than such a wait takes. A wait that began again after each signal would never end.
pub const TOO_LONG: Duration = Duration::from_secs(20);

/// Fewer signals prove nothing.
const ENOUGH: u64 = 3;

/// Runs `body` while signals come, and returns its result and the number of signals.
///
/// If `body` takes longer than [`TOO_LONG`], a byte is written to `end`, so that its peer becomes readable.
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

/// Repeats `body`, which returns the number of signals that came, until they were enough. On a busy machine the thread that
/// sends them may be late.
pub fn until_interrupted(mut body: impl FnMut() -> u64) {
    while body() < ENOUGH {}
}

/// Runs `body` while signals come, and `act` in another thread when enough have come.
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
