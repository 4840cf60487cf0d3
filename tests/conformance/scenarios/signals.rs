//! Signals while a selector waits.

use conformance::signals::{self, handled, storm};
use conformance::storms::{EVERY, TOO_LONG, after_some_signals, in_a_storm, until_interrupted};
use conformance::{
    BOTH, READ, Run, Stream, WAIT, assert_idle, assert_list, assert_ready, assert_times_out, interests, pairs,
};
use selectors::backend::Backend;
use selectors::{Error, Ready, Selector, Timeout};
use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

conformance::scenarios!(signals:
    a_wait_keeps_its_end,
    a_wait_without_keys_keeps_its_end,
    a_wait_that_is_interrupted_near_its_end_is_not_early,
    waits_of_many_lengths_keep_their_end,
    data_that_comes_meanwhile_is_reported,
    a_wake_that_comes_meanwhile_is_reported,
    zero_is_not_disturbed,
    an_interruptible_wait_returns_interrupted,
    an_interrupted_wait_loses_nothing,
    readiness_comes_before_a_signal,
    an_interruptible_wait_without_signals_keeps_its_end,
);

fn a_wait_keeps_its_end<B: Backend>() -> Run {
    signals::need()?;
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    selector.register(&a, READ, ()).unwrap();
    for limit in [Duration::from_millis(100), Duration::from_micros(60_500)] {
        until_interrupted(|| {
            let start = Instant::now();
            let (ready, signals) = in_a_storm(&b, || selector.select(limit).unwrap());
            let elapsed = start.elapsed();
            assert!(ready.is_empty(), "the wait began again after each signal");
            assert!(elapsed >= limit, "a wait of {limit:?} took {elapsed:?}");
            signals
        });
    }
    Ok(())
}

fn a_wait_without_keys_keeps_its_end<B: Backend>() -> Run {
    signals::need()?;
    let mut selector = Selector::<B, Stream>::new().unwrap();
    until_interrupted(|| storm(EVERY, || assert_times_out(&mut selector, Duration::from_millis(50))).1);
    Ok(())
}

/// Signals come when hardly anything is left of a wait.
fn a_wait_that_is_interrupted_near_its_end_is_not_early<B: Backend>() -> Run {
    signals::need()?;
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    selector.register(&a, READ, ()).unwrap();
    let limit = EVERY - Duration::from_micros(100);
    let mut waits = || {
        for _ in 0..20 {
            assert_times_out(&mut selector, limit);
        }
    };
    until_interrupted(|| in_a_storm(&b, &mut waits).1);
    Ok(())
}

/// An interrupted wait continues with the time that is left. A clock that is a tick behind must not end it early, and the wait
/// must not begin again.
fn waits_of_many_lengths_keep_their_end<B: Backend>() -> Run {
    signals::need()?;
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    selector.register(&a, READ, ()).unwrap();
    for every in [Duration::from_micros(700), Duration::from_millis(3)] {
        for limit in [2_000, 3_999, 4_100, 9_900, 10_001, 33_300].map(Duration::from_micros) {
            storm(every, || assert_times_out(&mut selector, limit));
        }
    }
    Ok(())
}

fn data_that_comes_meanwhile_is_reported<B: Backend>() -> Run {
    signals::need()?;
    for timeout in [Timeout::NEVER, Timeout::after(WAIT), Timeout::after(Duration::MAX)] {
        let (a, b) = pairs::streams();
        let mut selector = Selector::<B, _>::new().unwrap();
        let token = selector.register(&a, READ, ()).unwrap();
        let write = || (&b).write_all(b"x").unwrap();
        let ready = after_some_signals(write, || selector.select(timeout).unwrap());
        assert_eq!(interests(&ready), [(token, READ)].into(), "{timeout:?}");
    }
    Ok(())
}

fn a_wake_that_comes_meanwhile_is_reported<B: Backend>() -> Run {
    signals::need()?;
    let mut selector = Selector::<B, Stream>::new().unwrap();
    let waker = selector.waker().unwrap();
    for timeout in [Timeout::NEVER, Timeout::after(WAIT)] {
        let ready = after_some_signals(|| waker.wake().unwrap(), || selector.select(timeout).unwrap());
        assert!(ready.woken() && ready.is_empty(), "{timeout:?}");
    }
    Ok(())
}

fn zero_is_not_disturbed<B: Backend>() -> Run {
    signals::need()?;
    let ((a, b), (c, mut d)) = (pairs::streams(), pairs::streams());
    d.write_all(b"x").unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    selector.register(&a, READ, ()).unwrap();
    let token = selector.register(&c, READ, ()).unwrap();
    let before = handled();
    in_a_storm(&b, || {
        while handled() < before + 3 {
            assert_ready(&mut selector, [(token, READ)]);
        }
    });
    Ok(())
}

fn an_interruptible_wait_returns_interrupted<B: Backend>() -> Run {
    signals::need()?;
    let exact = Timeout::after(2 * TOO_LONG + Duration::from_nanos(1));
    for timeout in [Timeout::NEVER, Timeout::after(2 * TOO_LONG), exact] {
        let (a, b) = pairs::streams();
        let mut selector = Selector::<B, _>::new().unwrap();
        selector.register(&a, READ, ()).unwrap();
        let (result, signals) = in_a_storm(&b, || selector.select(timeout.interruptible()));
        let error = result.expect_err("the wait was not interrupted");
        assert!(matches!(error, Error::Interrupted), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        assert!(signals > 0);
    }
    Ok(())
}

fn an_interrupted_wait_loses_nothing<B: Backend>() -> Run {
    signals::need()?;
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, BOTH, ()).unwrap();
    let mut ready = Ready::new();
    assert_eq!(selector.select_into(&mut ready, None).unwrap(), 1);
    selector.modify(token, READ).unwrap();
    let (result, _) = in_a_storm(&b, || selector.select_into(&mut ready, Timeout::NEVER.interruptible()));
    assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
    assert!(ready.is_empty() && !ready.woken(), "{ready:?}");
    assert!(selector.key(token).unwrap().is_armed());

    assert_idle(&mut selector);
    b.write_all(b"x").unwrap();
    assert_eq!(selector.select_into(&mut ready, WAIT).unwrap(), 1);
    assert_list(&ready, [(token, READ)]);
    Ok(())
}

fn readiness_comes_before_a_signal<B: Backend>() -> Run {
    signals::need()?;
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, READ, ()).unwrap();
    b.write_all(b"x").unwrap();
    let before = handled();
    in_a_storm(&b, || {
        while handled() < before + 3 {
            for timeout in [Timeout::ZERO, Timeout::NEVER, Timeout::after(WAIT)] {
                let ready = selector.select(timeout.interruptible()).unwrap();
                assert_list(&ready, [(token, READ)]);
            }
        }
    });
    Ok(())
}

fn an_interruptible_wait_without_signals_keeps_its_end<B: Backend>() -> Run {
    signals::need()?;
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    selector.register(&a, READ, ()).unwrap();
    let (limit, start) = (Duration::from_micros(5500), Instant::now());
    assert!(selector.select(Timeout::after(limit).interruptible()).unwrap().is_empty());
    assert!(start.elapsed() >= limit);
    Ok(())
}
