//! Wakes during waits that fail.

use conformance::{Control, MockBackend, Run, Stream, WAIT, assert_idle, errno, wait_woken};
use selectors::backend::Backend;
use selectors::{Error, Ready, Selector};
use std::panic::{AssertUnwindSafe, catch_unwind};

conformance::scenarios!(failed_waits:
    a_wake_outlives_a_wait_that_is_refused,
    a_wake_outlives_a_wait_that_fails_after_it_reported,
    a_wake_outlives_a_wait_that_panics,
);

/// Wakes a selector, runs a wait that fails, and asserts that the next wait is woken.
fn a_wake_outlives<B: Backend>(
    wait: impl FnOnce(&mut Selector<MockBackend<B>, Stream>, &Control, &mut Ready),
) -> Run {
    let (mut selector, control) = MockBackend::<B>::selector();
    let waker = selector.waker().unwrap();
    let mut ready = Ready::new();
    waker.wake().unwrap();
    wait(&mut selector, &control, &mut ready);
    assert!(ready.is_empty() && !ready.woken(), "{ready:?}");
    wait_woken(&mut selector);
    assert_idle(&mut selector);
    waker.wake().unwrap();
    wait_woken(&mut selector);
    Ok(())
}

fn a_wake_outlives_a_wait_that_is_refused<B: Backend>() -> Run {
    a_wake_outlives::<B>(|selector, control, ready| {
        control.refuse(Some(errno::UNHEARD_OF));
        assert!(matches!(selector.select_into(ready, WAIT), Err(Error::Os { .. })));
        control.refuse(None);
    })
}

fn a_wake_outlives_a_wait_that_fails_after_it_reported<B: Backend>() -> Run {
    a_wake_outlives::<B>(|selector, control, ready| {
        control.report_and_fail(errno::UNHEARD_OF);
        assert!(matches!(selector.select_into(ready, WAIT), Err(Error::Os { .. })));
    })
}

fn a_wake_outlives_a_wait_that_panics<B: Backend>() -> Run {
    a_wake_outlives::<B>(|selector, control, _| {
        control.report_and_panic();
        assert!(catch_unwind(AssertUnwindSafe(|| selector.select(WAIT))).is_err());
    })
}
