//! Waits whose timeout ends while a signal handler runs.

use super::waits::ALL;
use conformance::{Run, pairs, signals, this_thread, until_asleep};
use selectors::sys::fd::AsFd;
use selectors::sys::select::{FdSet, select};
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, long_handlers:
    the_wait_times_out,
    readiness_during_a_handler_is_reported,
    the_sets_are_emptied,
);

const LIMIT: Duration = Duration::from_millis(100);

/// Interrupts `wait` with a handler that calls `meanwhile` and runs as long as the timeout, and returns the result. Returns
/// `None` if the signal came too late.
fn interrupted(meanwhile: impl Fn() + Send, wait: impl FnOnce() -> io::Result<usize>) -> Option<usize> {
    let thread = this_thread();
    let other = move |hold: &dyn Fn(&dyn Fn())| {
        until_asleep(&thread);
        hold(&|| {
            meanwhile();
            let start = Instant::now();
            while start.elapsed() < LIMIT {
                thread::yield_now();
            }
        });
    };
    let (result, begun) = signals::held_up(other, wait);
    let found = result.unwrap();
    // On a busy machine, the signalling thread may be too late.
    (begun > 0).then_some(found)
}

/// Repeats until the attempt succeeds.
fn until_some<T>(attempt: impl FnMut() -> Option<T>) -> T {
    std::iter::repeat_with(attempt).find_map(|found| found).unwrap()
}

fn the_wait_times_out() -> Run {
    signals::need()?;
    for &(name, wait) in ALL {
        let (a, _b) = pairs::streams();
        let mut elapsed = Duration::ZERO;
        let found = until_some(|| {
            let start = Instant::now();
            interrupted(
                || (),
                || {
                    let result = wait(Some(a.as_fd()), LIMIT.into());
                    elapsed = start.elapsed();
                    result
                },
            )
        });
        assert_eq!(found, 0, "{name}");
        assert!(elapsed >= LIMIT, "{name} waited {elapsed:?} instead of {LIMIT:?}");
    }
    Ok(())
}

fn readiness_during_a_handler_is_reported() -> Run {
    signals::need()?;
    for &(name, wait) in ALL {
        let found = until_some(|| {
            let (a, b) = pairs::streams();
            let write = || (&b).write_all(b"x").unwrap();
            interrupted(write, || wait(Some(a.as_fd()), LIMIT.into()))
        });
        assert_eq!(found, 1, "{name}");
    }
    Ok(())
}

/// An interrupted call leaves the sets as they were passed in. They must not be taken for an answer.
fn the_sets_are_emptied() -> Run {
    signals::need()?;
    let (a, _b) = pairs::streams();
    until_some(|| {
        let mut read = FdSet::from_iter([a.as_fd()]);
        let mut except = read.clone();
        let wait = || select(Some(&mut read), None, Some(&mut except), LIMIT);
        let found = interrupted(|| (), wait)?;
        assert_eq!(found, 0);
        assert!(read.is_empty() && except.is_empty());
        Some(())
    });
    Ok(())
}
