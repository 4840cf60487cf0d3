//! How long a wait takes.

use super::seccomp::{self, in_a_thread_where};
use super::waits::{ALL, assert_never_early};
use conformance::{Run, WAIT, pairs, when_asleep};
use selectors::Timeout;
use selectors::sys::fd::AsFd;
use std::io::Write;
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, timeouts:
    from_what_a_timeout_is_made,
    never_early,
    not_ready_is_not_early_either,
    zero_does_not_wait,
    no_limit_waits_until_something_is_ready,
    huge_limits,
    more_than_the_kernel_can_count,
);

/// The longest wait that the kernel can be asked for: an `int` of milliseconds.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

fn from_what_a_timeout_is_made() -> Run {
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

fn never_early() -> Run {
    let limits = [1, 999, 1000, 100_000, 999_999, 1_000_000, 1_000_001, 2_500_000, 20_000_000, 67_000_000];
    for &(name, wait) in ALL {
        assert_never_early(name, wait, &limits.map(Duration::from_nanos));
    }
    Ok(())
}

fn not_ready_is_not_early_either() -> Run {
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

fn zero_does_not_wait() -> Run {
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

fn no_limit_waits_until_something_is_ready() -> Run {
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

fn huge_limits() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let (nanosecond, millisecond) = (Duration::from_nanos(1), Duration::from_millis(1));
    let limits = [
        Duration::from_secs(30 * 24 * 3600),
        LONGEST - nanosecond,
        LONGEST,
        LONGEST + nanosecond,
        LONGEST + millisecond,
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

/// 24.8 days cannot be waited for here, but a filter can make the kernel say at once that they are over. The wait goes on
/// then until no more is left than the kernel can count.
fn more_than_the_kernel_can_count() -> Run {
    let more = Duration::from_millis(20);
    for limit in [LONGEST + more, LONGEST + more + Duration::from_nanos(1)] {
        for &(name, wait) in ALL {
            in_a_thread_where(&seccomp::waits(), 0, || {
                let start = Instant::now();
                assert_eq!(wait(None, limit.into()).unwrap(), 0);
                let elapsed = start.elapsed();
                assert!((more..WAIT).contains(&elapsed), "{name} took {elapsed:?}");
            })?;
        }
    }
    Ok(())
}
