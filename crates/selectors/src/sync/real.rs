//! The locks and atomics of `std`.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Spins until the condition holds or the time is over.
pub(crate) fn spin(limit: Duration, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() && start.elapsed() < limit {
        std::hint::spin_loop();
    }
}

/// Returns a number that no other running thread has, and that is not 0.
#[inline]
// Clippy 1.96 reports this constant where the system has no thread-local variables of its own, such as OpenBSD.
#[allow(clippy::missing_const_for_thread_local, reason = "a false report on some systems")]
pub(crate) fn thread_id() -> usize {
    thread_local!(static PLACE: u8 = const { 0 });
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}
