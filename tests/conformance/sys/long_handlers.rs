//! Waits whose time is over before a signal handler is that interrupted them.

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

/// What `wait` finds, if a handler interrupted it for as long as it was to wait at most, and did `meanwhile`.
fn held_up(meanwhile: impl Fn() + Send, wait: impl FnOnce() -> io::Result<usize>) -> Option<usize> {
    let thread = this_thread();
    let other = move |hold: &dyn Fn(&dyn Fn())| {
        until_asleep(thread);
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
    // On a busy machine, the one who signals may have come too late.
    (begun > 0).then_some(found)
}

/// Tries again until there is something.
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
            held_up(
                || (),
                || {
                    let result = wait(Some(a.as_fd()), LIMIT.into());
                    elapsed = start.elapsed();
                    result
                },
            )
        });
        assert_eq!(found, 0, "{name}");
        assert!(elapsed >= LIMIT, "{name} was to wait for {LIMIT:?}, and came back after {elapsed:?}");
    }
    Ok(())
}

fn readiness_during_a_handler_is_reported() -> Run {
    signals::need()?;
    for &(name, wait) in ALL {
        let found = until_some(|| {
            let (a, b) = pairs::streams();
            let write = || (&b).write_all(b"x").unwrap();
            held_up(write, || wait(Some(a.as_fd()), LIMIT.into()))
        });
        assert_eq!(found, 1, "{name}");
    }
    Ok(())
}

/// They are not what was asked for, which the kernel leaves in them when it is interrupted.
fn the_sets_are_emptied() -> Run {
    signals::need()?;
    let (a, _b) = pairs::streams();
    until_some(|| {
        let mut read = FdSet::from_iter([a.as_fd()]);
        let mut except = read.clone();
        let wait = || select(Some(&mut read), None, Some(&mut except), LIMIT);
        let found = held_up(|| (), wait)?;
        assert_eq!(found, 0);
        assert!(read.is_empty() && except.is_empty());
        Some(())
    });
    Ok(())
}
