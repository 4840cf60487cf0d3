//! Wakes from threads, at all moments of a wait.

use super::wake::{Files, assert_not_woken, assert_woken};
use conformance::{Run, WAIT};
use selectors::Waker;
use selectors::backend::Backend;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

conformance::scenarios!(wake_threads:
    a_wait_without_a_limit,
    every_thread_may_have_one,
    each_of_many_ends_a_wait,
    four_threads_lose_nothing,
    the_selector_goes_meanwhile,
);

fn a_wait_without_a_limit<B: Backend>() -> Run {
    const LATER: Duration = Duration::from_millis(10);
    let mut selector = Files::<B>::new().unwrap();
    let waker = selector.waker().unwrap();
    for _ in 0..2 {
        let (waker, start) = (waker.clone(), Instant::now());
        let thread = thread::spawn(move || {
            thread::sleep(LATER);
            waker.wake().unwrap();
        });
        let ready = selector.select(None).unwrap();
        let elapsed = start.elapsed();
        thread.join().unwrap();
        assert!(ready.woken() && ready.is_empty(), "{ready:?}");
        assert!((LATER..WAIT).contains(&elapsed), "{elapsed:?}");
    }
    Ok(())
}

fn every_thread_may_have_one<B: Backend>() -> Run {
    fn lend_and_send<T: Send + Sync + Clone + 'static>(_: &T) {}
    let mut selector = Files::<B>::new().unwrap();
    let waker: Waker = selector.waker().unwrap();
    lend_and_send(&waker);
    thread::scope(|scope| {
        scope.spawn(|| waker.wake().unwrap());
    });
    assert_woken(&mut selector);
    Ok(())
}

/// Each is sent when the one before was seen, which is when a wake can slip between a wait and the next.
fn each_of_many_ends_a_wait<B: Backend>() -> Run {
    let mut selector = Files::<B>::new().unwrap();
    let waker = selector.waker().unwrap();
    let (seen, before) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            for () in before {
                waker.wake().unwrap();
            }
        });
        for _ in 0..2000 {
            seen.send(()).unwrap();
            assert_woken(&mut selector);
        }
        drop(seen);
    });
    assert_not_woken(&mut selector);
    Ok(())
}

/// Whatever a thread did before it woke the selector is seen after the wait that this ends.
fn four_threads_lose_nothing<B: Backend>() -> Run {
    const EACH: u64 = 5000;
    const THREADS: u64 = 4;
    let mut selector = Files::<B>::new().unwrap();
    let waker = selector.waker().unwrap();
    let (done, begin) = (AtomicU64::new(0), Barrier::new(THREADS as usize + 1));
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (waker, done, begin) = (waker.clone(), &done, &begin);
            scope.spawn(move || {
                begin.wait();
                for count in 0..EACH {
                    done.fetch_add(1, Ordering::Relaxed);
                    waker.wake().unwrap();
                    // Now and then, each in its own rhythm, the selector gets the time to wait.
                    if count % (7 + number) == 0 {
                        thread::yield_now();
                    }
                }
            });
        }
        begin.wait();
        while done.load(Ordering::Relaxed) < THREADS * EACH {
            assert_woken(&mut selector);
        }
    });
    Ok(())
}

fn the_selector_goes_meanwhile<B: Backend>() -> Run {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..20 {
            let mut selector = Files::<B>::new().unwrap();
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
        stop.store(true, Ordering::Relaxed);
    });
    Ok(())
}
