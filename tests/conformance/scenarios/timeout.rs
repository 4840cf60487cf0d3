//! Timeouts: how long a wait takes.

use conformance::{
    READ, Run, Stream, WAIT, WRITE, assert_list, assert_times_out, interests, pairs, when_asleep,
};
use selectors::backend::Backend;
use selectors::{Ready, Selector, Timeout};
use std::io::Write;
use std::time::{Duration, Instant};

conformance::scenarios!(timeout:
    a_wait_is_never_early,
    a_wait_without_keys_is_never_early,
    zero_does_not_wait,
    no_timeout_waits_until_something_is_ready,
    a_long_wait_ends_when_something_is_ready,
    a_ready_key_ends_the_wait_at_once,
    each_form_of_a_timeout_works,
    a_wait_until_a_deadline_is_not_early,
    a_deadline_in_the_past_does_not_wait,
);

type Pairs<B> = Selector<B, Stream>;

/// Whole milliseconds, slightly more and less, and fractions: kernels use different units.
const LIMITS: [Duration; 12] = {
    const fn micros(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }
    [
        Duration::from_nanos(1),
        Duration::from_nanos(999),
        micros(1),
        micros(100),
        Duration::from_nanos(999_999),
        micros(1000),
        Duration::from_nanos(1_000_001),
        micros(2500),
        Duration::from_nanos(3_999_001),
        micros(9000),
        micros(20_000),
        micros(67_000),
    ]
};

/// Returns limits beyond the range of a kernel, or of 64 bits of nanoseconds.
fn huge() -> [Duration; 8] {
    const DAY: u64 = 24 * 3600;
    [
        Duration::from_secs(3600),
        Duration::from_millis(i32::MAX as u64) + Duration::from_nanos(1),
        Duration::from_millis(u64::from(u32::MAX) + 1),
        Duration::from_secs(300 * 365 * DAY),
        Duration::from_secs(i64::MAX as u64),
        Duration::from_secs(i64::MAX as u64 + 1),
        Duration::from_secs(u64::MAX),
        Duration::MAX,
    ]
}

fn a_wait_is_never_early<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Pairs::<B>::new().unwrap();
    for end in [a, b] {
        selector.register(end, READ, ()).unwrap();
    }
    for limit in LIMITS {
        assert_times_out(&mut selector, limit);
    }
    Ok(())
}

fn a_wait_without_keys_is_never_early<B: Backend>() -> Run {
    let mut selector = Pairs::<B>::new().unwrap();
    for limit in LIMITS {
        assert_times_out(&mut selector, limit);
    }
    Ok(())
}

fn zero_does_not_wait<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Pairs::<B>::new().unwrap();
    assert_times_out(&mut selector, Duration::ZERO);
    let token = selector.register(a, READ, ()).unwrap();
    assert_times_out(&mut selector, Duration::ZERO);
    b.write_all(b"x").unwrap();
    assert_list(&selector.select(Duration::ZERO).unwrap(), [(token, READ)]);
    Ok(())
}

/// Asserts that data which comes during a wait ends it.
fn for_what_comes_later<B: Backend>(timeout: Timeout) {
    let (a, mut b) = pairs::streams();
    let mut selector = Pairs::<B>::new().unwrap();
    let token = selector.register(a, READ, ()).unwrap();
    let start = Instant::now();
    let write = move || {
        b.write_all(b"x").unwrap();
        b
    };
    let ready = when_asleep(write, || selector.select(timeout).unwrap());
    let elapsed = start.elapsed();
    assert_eq!(interests(&ready), [(token, READ)].into(), "{timeout:?}");
    assert!(elapsed < WAIT, "{timeout:?} took {elapsed:?}");
}

fn no_timeout_waits_until_something_is_ready<B: Backend>() -> Run {
    for_what_comes_later::<B>(Timeout::NEVER);
    Ok(())
}

fn a_long_wait_ends_when_something_is_ready<B: Backend>() -> Run {
    for limit in huge() {
        for_what_comes_later::<B>(limit.into());
    }
    Ok(())
}

fn a_ready_key_ends_the_wait_at_once<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Pairs::<B>::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    let start = Instant::now();
    for timeout in huge().map(Timeout::after).into_iter().chain([Timeout::NEVER, Timeout::ZERO]) {
        let ready = selector.select(timeout).unwrap();
        assert_eq!(interests(&ready), [(token, WRITE)].into(), "{timeout:?}");
    }
    assert!(start.elapsed() < WAIT);
    Ok(())
}

fn each_form_of_a_timeout_works<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Pairs::<B>::new().unwrap();
    selector.register(a, WRITE, ()).unwrap();
    let second = Duration::from_secs(1);
    assert_eq!(selector.select(None).unwrap().len(), 1);
    assert_eq!(selector.select(second).unwrap().len(), 1);
    assert_eq!(selector.select(Some(second)).unwrap().len(), 1);
    assert_eq!(selector.select(Timeout::after(second)).unwrap().len(), 1);
    assert_eq!(selector.select(Timeout::default().interruptible()).unwrap().len(), 1);
    assert_eq!(selector.select_into(&mut Ready::new(), Some(second)).unwrap(), 1);
    Ok(())
}

fn a_wait_until_a_deadline_is_not_early<B: Backend>() -> Run {
    let mut selector = Pairs::<B>::new().unwrap();
    for limit in LIMITS {
        let deadline = Instant::now() + limit;
        for timeout in [Timeout::until(deadline), Timeout::until(deadline).interruptible()] {
            assert!(selector.select(timeout).unwrap().is_empty());
            assert!(Instant::now() >= deadline, "a wait until {limit:?} from now ended early");
        }
    }
    Ok(())
}

fn a_deadline_in_the_past_does_not_wait<B: Backend>() -> Run {
    let mut selector = Pairs::<B>::new().unwrap();
    let now = Instant::now();
    for deadline in [Some(now), now.checked_sub(Duration::from_secs(1))].into_iter().flatten() {
        assert_eq!(Timeout::until(deadline), Timeout::ZERO);
        assert!(selector.select(Timeout::until(deadline)).unwrap().is_empty());
    }
    Ok(())
}
