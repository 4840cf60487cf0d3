//! The start of a wait on Linux, read from the coarse clock while that is good enough.

#![expect(unsafe_code, reason = "clock_gettime and clock_getres write to an address")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::sys::timespec::{duration, timespec};

/// The start of a wait.
///
/// Few waits need to know when they began: only those that a signal interrupts or that exceed what the kernel can count. So
/// the start comes from `CLOCK_MONOTONIC_COARSE`, which takes 5 ns where `CLOCK_MONOTONIC` takes 24 ns. The first wait of the
/// process that asks for its elapsed time ends up to two ticks late; later waits read the precise clock and are exact.
///
/// # Precision of the coarse clock
///
/// A tick of the kernel advances it to the last multiple of the tick length (`timekeeping_advance` in
/// kernel/time/timekeeping.c). Ticks come at any phase between two multiples, so the clock is less than two tick lengths
/// behind. (Observed with a tick of 4 ms: between 0.23 and 4.49 ms.)
#[derive(Debug)]
pub(crate) struct Start {
    // Of CLOCK_MONOTONIC.
    time: Duration,
    coarse: bool,
}

/// Whether a wait of the process has asked for its elapsed time.
static PRECISE: AtomicBool = AtomicBool::new(false);

impl Start {
    #[inline]
    pub(crate) fn now() -> Self {
        let coarse = !PRECISE.load(Ordering::Relaxed);
        let clock = if coarse { libc::CLOCK_MONOTONIC_COARSE } else { libc::CLOCK_MONOTONIC };
        Self { time: read(clock), coarse }
    }

    /// The time since the start, never overestimated.
    pub(crate) fn elapsed(&self) -> Duration {
        PRECISE.store(true, Ordering::Relaxed);
        let behind = if self.coarse { 2 * tick() } else { Duration::ZERO };
        read(libc::CLOCK_MONOTONIC).saturating_sub(self.time + behind)
    }
}

/// The length of a tick: the resolution of the coarse clock.
fn tick() -> Duration {
    let mut tick = timespec(Duration::ZERO);
    // SAFETY: `tick` is a timespec to write to.
    let result = unsafe { libc::clock_getres(libc::CLOCK_MONOTONIC_COARSE, &raw mut tick) };
    assert_eq!(result, 0, "Linux has had this clock since 2.6.32");
    duration(tick)
}

#[inline]
fn read(clock: libc::clockid_t) -> Duration {
    let mut time = timespec(Duration::ZERO);
    // SAFETY: `time` is a timespec to write to.
    let result = unsafe { libc::clock_gettime(clock, &raw mut time) };
    assert_eq!(result, 0, "Linux has had these clocks since 2.6.32");
    duration(time)
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
            let coarse = Start { time: read(libc::CLOCK_MONOTONIC_COARSE), coarse: true };
            let precise = Start { time: read(libc::CLOCK_MONOTONIC), coarse: false };
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
