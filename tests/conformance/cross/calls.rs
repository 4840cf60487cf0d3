//! The number of system calls of each operation.

use crate::sys::observed::{begin, calls};
use conformance::{BOTH, READ, Run, Stream, WAIT, in_child, pairs};
use selectors::backend::Backend as _;
use selectors::{AnySelector, BackendKind, Mode, Ready, Timeout};
use std::io::Write;
use std::time::Duration;

conformance::scenarios_of!(cross, calls:
    a_wait_makes_one_call,
    a_woken_wait_makes_one_or_two_calls,
    a_wake_makes_one_call_and_further_ones_none,
    a_change_makes_one_call_on_epoll,
    a_change_to_the_same_makes_no_call,
);

/// The emulations make more calls.
const KINDS: [BackendKind; 3] = [BackendKind::Epoll, BackendKind::Poll, BackendKind::Select];

/// Runs `body` for each kind in a process whose system calls are counted, with a selector and a list that have grown.
fn on_each(body: impl Fn(&mut AnySelector<Stream>, &mut Ready)) -> Run {
    for kind in KINDS {
        in_child(kind.name(), &[], || {
            let mut selector = AnySelector::open(kind).unwrap();
            // Allocate memory for some keys before calls are counted.
            let pairs = [(); 8].map(|()| pairs::streams());
            let tokens = pairs.map(|(a, _)| selector.register(a, BOTH, ()).unwrap());
            let mut ready = Ready::new();
            selector.select_into(&mut ready, Timeout::ZERO).unwrap();
            for token in tokens {
                selector.unregister(token).unwrap();
            }
            selector.select_into(&mut ready, Timeout::ZERO).unwrap();
            begin()?;
            body(&mut selector, &mut ready);
            Ok(())
        })?;
    }
    Ok(())
}

/// Returns the number of system calls of `body`.
fn count(body: impl FnOnce()) -> usize {
    calls(body).1.len()
}

fn a_wait_makes_one_call() -> Run {
    on_each(|selector, ready| {
        let (a, mut b) = pairs::streams();
        selector.register(a, READ, ()).unwrap();
        selector.select_into(ready, Timeout::ZERO).unwrap();
        for timeout in [Timeout::ZERO, Duration::from_millis(1).into()] {
            assert_eq!(count(|| assert_eq!(selector.select_into(ready, timeout).unwrap(), 0)), 1);
        }
        b.write_all(b"x").unwrap();
        for timeout in [Timeout::ZERO, WAIT.into(), Timeout::NEVER] {
            assert_eq!(count(|| assert_eq!(selector.select_into(ready, timeout).unwrap(), 1)), 1);
        }
    })
}

/// A back end without edges has to read from the descriptor that woke it.
fn a_woken_wait_makes_one_or_two_calls() -> Run {
    on_each(|selector, ready| {
        let waker = selector.waker().unwrap();
        selector.select_into(ready, Timeout::ZERO).unwrap();
        let expected = if selector.backend().supports(READ, Mode::Edge) { 1 } else { 2 };
        for _ in 0..2 {
            waker.wake().unwrap();
            assert_eq!(
                count(|| assert_eq!(selector.select_into(ready, Timeout::NEVER).unwrap(), 0)),
                expected
            );
            assert!(ready.woken());
        }
    })
}

fn a_wake_makes_one_call_and_further_ones_none() -> Run {
    on_each(|selector, ready| {
        let waker = selector.waker().unwrap();
        let other = waker.clone();
        for _ in 0..2 {
            assert_eq!(count(|| waker.wake().unwrap()), 1);
            for waker in [&waker, &other] {
                assert_eq!(count(|| waker.wake().unwrap()), 0);
            }
            selector.select_into(ready, Timeout::NEVER).unwrap();
            assert!(ready.woken());
        }
    })
}

/// The others pass all keys to each wait.
fn a_change_makes_one_call_on_epoll() -> Run {
    on_each(|selector, ready| {
        let expected = usize::from(selector.kind() == BackendKind::Epoll);
        let ((a, _b), mut token, mut key) = (pairs::streams(), None, None);
        assert_eq!(count(|| token = Some(selector.register(a, READ, ()).unwrap())), expected);
        let token = token.unwrap();
        assert_eq!(count(|| selector.modify(token, BOTH).unwrap()), expected);
        assert_eq!(count(|| selector.modify_with(token, BOTH, Mode::Oneshot).unwrap()), expected);
        assert_eq!(selector.select_into(ready, Timeout::NEVER).unwrap(), 1);
        assert_eq!(count(|| selector.rearm(token).unwrap()), expected);
        assert_eq!(count(|| selector.pause(token).unwrap()), expected);
        assert_eq!(count(|| selector.rearm(token).unwrap()), expected);
        assert_eq!(count(|| key = Some(selector.unregister(token).unwrap())), expected);
    })
}

fn a_change_to_the_same_makes_no_call() -> Run {
    on_each(|selector, _| {
        let (a, _b) = pairs::streams();
        let token = selector.register(a, BOTH, ()).unwrap();
        assert_eq!(count(|| selector.modify(token, BOTH).unwrap()), 0);
        assert_eq!(count(|| selector.modify_with(token, BOTH, Mode::Level).unwrap()), 0);
        assert_eq!(count(|| selector.rearm(token).unwrap()), 0);
        selector.pause(token).unwrap();
        assert_eq!(count(|| selector.pause(token).unwrap()), 0);
    })
}
