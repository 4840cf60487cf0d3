//! The start of a wait on Linux, read from the coarse clock while that is good enough.

#![expect(unsafe_code, reason = "clock_gettime and clock_getres write to an address")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::sys::timespec::timespec;

/// The start of a wait.
///
/// Few waits need to know when they began: only those that a signal interrupts or that exceed what the kernel can count. So
/// the start comes from `CLOCK_MONOTONIC_COARSE`, which takes 5 ns where `CLOCK_MONOTONIC` takes 24 ns. A wait that began before
/// any wait of the process asked for its elapsed time ends up to two ticks late; later waits read the precise clock and are
/// exact.
///
/// # Precision of the coarse clock
///
/// A tick of the kernel advances it to the last multiple of the tick length (`timekeeping_advance` in
/// kernel/time/timekeeping.c). Ticks come at any phase between two multiples, so the clock is less than two tick lengths
/// behind. (Observed with a tick of 4 ms: between 0.23 and 4.49 ms.)
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    // Of CLOCK_MONOTONIC. Made a `Duration` when it is needed, which is rarely.
    seconds: u64,
    nanoseconds: u32,
    coarse: bool,
}

/// Whether a wait of the process has asked for its elapsed time.
static PRECISE: AtomicBool = AtomicBool::new(false);

impl Start {
    #[inline]
    pub(crate) fn now() -> Self {
        let coarse = !PRECISE.load(Ordering::Relaxed);
        Self::read(coarse)
    }

    #[inline]
    fn read(coarse: bool) -> Self {
        let clock = if coarse { libc::CLOCK_MONOTONIC_COARSE } else { libc::CLOCK_MONOTONIC };
        let mut time = timespec(Duration::ZERO);
        // SAFETY: `time` is a timespec to write to.
        let result = unsafe { libc::clock_gettime(clock, &raw mut time) };
        assert_eq!(result, 0, "Linux has had these clocks since 2.6.32");
        Self { seconds: time.tv_sec as u64, nanoseconds: time.tv_nsec as u32, coarse } // not negative
    }

    fn time(&self) -> Duration {
        Duration::new(self.seconds, self.nanoseconds)
    }

    /// The time since the start, never overestimated.
    pub(crate) fn elapsed(&self) -> Duration {
        PRECISE.store(true, Ordering::Relaxed);
        let behind = if self.coarse { 2 * tick() } else { Duration::ZERO };
        Self::read(false).time().saturating_sub(self.time() + behind)
    }
}

/// The length of a tick: the resolution of the coarse clock.
fn tick() -> Duration {
    let mut tick = timespec(Duration::ZERO);
    // SAFETY: `tick` is a timespec to write to.
    let result = unsafe { libc::clock_getres(libc::CLOCK_MONOTONIC_COARSE, &raw mut tick) };
    assert_eq!(result, 0, "Linux has had this clock since 2.6.32");
    Duration::new(tick.tv_sec as u64, tick.tv_nsec as u32) // not negative
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;
    use std::time::Instant;

    #[test]
    fn the_elapsed_time_is_never_overestimated() {
        for step in 0..40 {
            let before = Instant::now();
            let [coarse, precise] = [true, false].map(Start::read);
            let after = Instant::now();
            // At every phase of the tick.
            sleep(2 * tick() + Duration::from_micros(130 * step));

            let least = after.elapsed();
            let elapsed = [coarse.elapsed(), precise.elapsed()];
            let most = before.elapsed();
            assert!(elapsed.iter().all(|&elapsed| elapsed <= most), "{elapsed:?} of {most:?}");
            assert!(elapsed[0] + 2 * tick() >= least, "{elapsed:?} of {least:?}");
            assert!(elapsed[1] >= least, "{elapsed:?} of {least:?}");
        }
    }

    #[test]
    fn a_start_is_precise_once_one_was_needed() {
        let _ = Start::now().elapsed();
        assert!(!Start::now().coarse);
    }
}
