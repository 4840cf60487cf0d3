//! The length of waits.

use super::waits::{ALL, assert_never_early};
use conformance::{Run, pairs, when_asleep};
use selectors::Timeout;
use selectors::sys::fd::AsFd;
use std::io::Write;
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, timeouts:
    timeouts_convert_from_durations_and_options,
    waits_never_end_early,
    waits_on_idle_descriptors_never_end_early,
    zero_returns_at_once,
    never_waits_until_something_is_ready,
    huge_limits_are_accepted,
);

/// The longest wait of the calls that take an `int` of milliseconds.
pub(super) const KERNEL_MAXIMUM: Duration = Duration::from_millis(i32::MAX as u64);

fn timeouts_convert_from_durations_and_options() -> Run {
    let second = Duration::from_secs(1);
    assert_eq!(Timeout::from(None), Timeout::NEVER);
    assert_eq!(Timeout::default(), Timeout::NEVER);
    assert_eq!(Timeout::from(Some(Duration::ZERO)), Timeout::ZERO);
    assert_eq!(Timeout::from(Duration::ZERO), Timeout::ZERO);
    assert_eq!(Timeout::from(second), Timeout::after(second));
    assert_eq!(Timeout::after(second).limit(), Some(second));
    for timeout in [Timeout::NEVER, Timeout::ZERO, Timeout::after(second)] {
        assert!(!timeout.is_interruptible());
        assert!(timeout.interruptible().is_interruptible());
        assert_eq!(timeout.interruptible().limit(), timeout.limit());
        assert_ne!(timeout.interruptible(), timeout);
    }
    Ok(())
}

fn waits_never_end_early() -> Run {
    let limits = [1, 999, 1000, 100_000, 999_999, 1_000_000, 1_000_001, 2_500_000, 20_000_000, 67_000_000];
    for &(name, wait) in ALL {
        assert_never_early(name, wait, &limits.map(Duration::from_nanos));
    }
    Ok(())
}

fn waits_on_idle_descriptors_never_end_early() -> Run {
    let (a, _b) = pairs::streams();
    for &(name, wait) in ALL {
        for limit in [Duration::from_micros(1500), Duration::from_millis(3)] {
            let start = Instant::now();
            assert_eq!(wait(Some(a.as_fd()), limit.into()).unwrap(), 0);
            assert!(start.elapsed() >= limit, "{name}");
        }
    }
    Ok(())
}

fn zero_returns_at_once() -> Run {
    let (a, mut b) = pairs::streams();
    for &(name, wait) in ALL {
        assert_eq!(wait(Some(a.as_fd()), Timeout::ZERO).unwrap(), 0, "{name}");
    }
    b.write_all(b"x").unwrap();
    for &(name, wait) in ALL {
        assert_eq!(wait(Some(a.as_fd()), Timeout::ZERO).unwrap(), 1, "{name}");
    }
    Ok(())
}

fn never_waits_until_something_is_ready() -> Run {
    for &(name, wait) in ALL {
        let (a, mut b) = pairs::streams();
        let write = move || {
            b.write_all(b"x").unwrap();
            b
        };
        let found = when_asleep(write, || wait(Some(a.as_fd()), Timeout::NEVER));
        assert_eq!(found.unwrap(), 1, "{name}");
    }
    Ok(())
}

fn huge_limits_are_accepted() -> Run {
    let (a, _b) = pairs::ready();
    let (nanosecond, millisecond) = (Duration::from_nanos(1), Duration::from_millis(1));
    let limits = [
        Duration::from_secs(30 * 24 * 3600),
        KERNEL_MAXIMUM - nanosecond,
        KERNEL_MAXIMUM,
        KERNEL_MAXIMUM + nanosecond,
        KERNEL_MAXIMUM + millisecond,
        Duration::from_millis(u64::from(u32::MAX)),
        Duration::from_secs(i64::MAX as u64),
        Duration::from_secs(u64::MAX),
        Duration::MAX,
    ];
    for &(name, wait) in ALL {
        for limit in limits {
            assert_eq!(wait(Some(a.as_fd()), limit.into()).unwrap(), 1, "{name} {limit:?}");
        }
    }
    Ok(())
}
