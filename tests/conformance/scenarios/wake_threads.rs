//! Wakes from other threads, at every moment of a wait.

use super::wake::Streams;
use conformance::{Run, StopAtEnd, assert_idle, wait_woken, when_asleep};
use selectors::Waker;
use selectors::backend::Backend;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::thread;

conformance::scenarios!(wake_threads:
    a_wake_ends_a_wait_without_a_limit,
    another_thread_can_wake,
    each_of_many_wakes_ends_a_wait,
    four_threads_lose_no_wake,
    a_selector_can_be_dropped_while_threads_wake_it,
);

fn a_wake_ends_a_wait_without_a_limit<B: Backend>() -> Run {
    let mut selector = Streams::<B>::new().unwrap();
    let waker = selector.waker().unwrap();
    for _ in 0..2 {
        let ready = when_asleep(|| waker.wake().unwrap(), || selector.select(None).unwrap());
        assert!(ready.woken() && ready.is_empty(), "{ready:?}");
    }
    Ok(())
}

fn another_thread_can_wake<B: Backend>() -> Run {
    fn lend_and_send<T: Send + Sync + Clone + 'static>(_: &T) {}
    let mut selector = Streams::<B>::new().unwrap();
    let waker: Waker = selector.waker().unwrap();
    lend_and_send(&waker);
    thread::scope(|scope| {
        scope.spawn(|| waker.wake().unwrap());
    });
    wait_woken(&mut selector);
    Ok(())
}

/// Each wake comes when the previous one was reported, so it may come between two waits.
fn each_of_many_wakes_ends_a_wait<B: Backend>() -> Run {
    let mut selector = Streams::<B>::new().unwrap();
    let waker = selector.waker().unwrap();
    let (seen, before) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            for () in before {
                waker.wake().unwrap();
            }
        });
        for _ in 0..500 {
            seen.send(()).unwrap();
            wait_woken(&mut selector);
        }
        drop(seen);
    });
    assert_idle(&mut selector);
    Ok(())
}

/// Wakes come at every moment of a wait and between waits, and each wait is ended by one. A thread's memory writes before its
/// last wake are visible after the wait that this wake ends.
fn four_threads_lose_no_wake<B: Backend>() -> Run {
    const WAITS: u32 = 10_000;
    const THREADS: u64 = 4;
    let mut selector = Streams::<B>::new().unwrap();
    let waker = selector.waker().unwrap();
    let (stop, finished) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for rhythm in 7..7 + THREADS {
            let (waker, stop, finished) = (waker.clone(), &stop, &finished);
            scope.spawn(move || {
                let mut count = 0;
                while !stop.load(Ordering::Relaxed) {
                    waker.wake().unwrap();
                    count += 1;
                    // The selector has to wait now and then.
                    if count % rhythm == 0 {
                        thread::yield_now();
                    }
                }
                finished.fetch_add(1, Ordering::Relaxed);
                waker.wake().unwrap();
            });
        }
        let stop = StopAtEnd(&stop);
        for _ in 0..WAITS {
            wait_woken(&mut selector);
        }
        drop(stop);
        while finished.load(Ordering::Relaxed) < THREADS {
            wait_woken(&mut selector);
        }
    });
    Ok(())
}

fn a_selector_can_be_dropped_while_threads_wake_it<B: Backend>() -> Run {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stop = StopAtEnd(&stop);
        for _ in 0..20 {
            let mut selector = Streams::<B>::new().unwrap();
            let waker = selector.waker().unwrap();
            let (begun, beginning) = channel();
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    waker.wake().unwrap();
                    let _ = begun.send(());
                    thread::yield_now();
                }
            });
            beginning.recv().unwrap();
            drop(selector);
        }
    });
    Ok(())
}
