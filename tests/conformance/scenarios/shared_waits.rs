//! `SharedSelector`: several waits at once, their ends, and wakers.

use super::shared::{Shared, shared, soon};
use conformance::signals::{self, storm};
use conformance::storms::EVERY;
use conformance::{
    READ, Run, Stream, Thread, WAIT, WRITE, assert_list, pairs, this_thread, until_asleep, wait_woken,
};
use selectors::backend::Backend;
use selectors::{Error, Interest, Mode, Ready, Selector, SharedSelector, Timeout};
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

conformance::scenarios!(shared_waits:
    a_wait_keeps_its_end_while_others_change,
    a_wait_keeps_its_end_while_another_waits_for_ever,
    a_wait_that_had_no_turn_looks_at_its_end,
    zero_looks_while_another_waits,
    an_interruptible_wait_ends_by_a_signal_to_its_thread,
    a_wait_sleeps_through_signals_while_others_change,
    changes_are_made_while_three_threads_wait,
    a_wait_is_not_starved_by_changes,
    a_one_shot_key_is_reported_to_one_of_three_threads,
    an_edge_is_reported_to_one_of_three_threads,
    a_level_is_reported_to_the_next_wait_too,
    a_wake_ends_one_wait,
    a_wake_before_a_wait_ends_it,
    a_wake_while_others_change_is_reported,
    a_wake_can_be_passed_on,
);

/// Threads that change a selector until this is dropped.
struct Changing<'a>(&'a AtomicBool);

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `body` while two threads register and unregister a stream that is not ready, again and again.
fn while_others_change<B: Backend + Send, T>(shared: &Shared<B>, body: impl FnOnce() -> T) -> T {
    let (stop, changes) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for number in 0..2 {
            let (stop, changes) = (&stop, &changes);
            scope.spawn(move || {
                let (mut a, _b) = pairs::streams();
                while !stop.load(Ordering::Relaxed) {
                    let token = shared.with(|selector| selector.register(a, READ, number)).unwrap();
                    a = shared.with(|selector| selector.unregister(token)).unwrap().fileobj;
                    changes.fetch_add(1, Ordering::Relaxed);
                    thread::yield_now();
                }
            });
        }
        let _stop = Changing(&stop);
        while changes.load(Ordering::Relaxed) < 2 {
            thread::yield_now();
        }
        body()
    })
}

/// Waits, and asserts that the wait takes its time.
fn assert_times_out<B: Backend>(shared: &Shared<B>, limit: Duration) {
    let start = Instant::now();
    let ready = shared.select(limit).unwrap();
    let elapsed = start.elapsed();
    assert!(ready.is_empty() && !ready.woken(), "expected nothing, found {ready:?}");
    assert!((limit..limit + WAIT).contains(&elapsed), "a wait of {limit:?} took {elapsed:?}");
}

/// Runs `wait` in `N` threads until all have returned, and `act`, which gets these threads, when they sleep. After it, wakes
/// those that still wait.
fn with_waiting<const N: usize, B: Backend + Send, T: Send>(
    shared: &Shared<B>,
    wait: impl Fn() -> T + Sync,
    act: impl FnOnce([&Thread; N]),
) -> [T; N] {
    let left = AtomicUsize::new(N);
    thread::scope(|scope| {
        let threads: [_; N] = std::array::from_fn(|_| {
            let (name, named) = channel();
            let (wait, left) = (&wait, &left);
            let thread = scope.spawn(move || {
                name.send(this_thread()).unwrap();
                let result = wait();
                left.fetch_sub(1, Ordering::Relaxed);
                result
            });
            let name = named.recv().unwrap();
            until_asleep(&name);
            (thread, name)
        });
        act(threads.each_ref().map(|(_, name)| name));
        while left.load(Ordering::Relaxed) > 0 {
            shared.waker().wake().unwrap();
            thread::yield_now();
        }
        threads.map(|(thread, _)| thread.join().unwrap())
    })
}

fn a_wait_keeps_its_end_while_others_change<B: Backend + Send>() -> Run {
    let shared = shared::<B>();
    while_others_change(&shared, || {
        for limit in [300, 1_000, 4_100, 50_000].map(Duration::from_micros) {
            assert_times_out(&shared, limit);
        }
    });
    Ok(())
}

fn a_wait_keeps_its_end_while_another_waits_for_ever<B: Backend + Send>() -> Run {
    let shared = shared::<B>();
    let ready: [Ready; 1] = with_waiting(
        &shared,
        || shared.select(None).unwrap(),
        |_| {
            for limit in [300, 1_000, 4_100, 20_000].map(Duration::from_micros) {
                assert_times_out(&shared, limit);
            }
        },
    );
    assert!(ready[0].woken());
    Ok(())
}

/// The value is in use by a change until the time is over.
fn a_wait_that_had_no_turn_looks_at_its_end<B: Backend + Send>() -> Run {
    let (a, _b) = pairs::streams();
    let shared = shared::<B>();
    let token = shared.with(|selector| selector.register(a, WRITE, 0)).unwrap();
    let (entered, inside) = channel();
    let (leave, left) = channel::<()>();
    thread::scope(|scope| {
        let shared = &shared;
        scope.spawn(move || {
            shared.with(|_| {
                entered.send(()).unwrap();
                left.recv().unwrap();
            });
        });
        inside.recv().unwrap();
        let this = this_thread();
        scope.spawn(move || {
            until_asleep(&this);
            thread::sleep(Duration::from_millis(2)); // the time of the wait is over
            leave.send(()).unwrap();
        });
        assert_list(&shared.select(Duration::from_millis(1)).unwrap(), [(token, WRITE)]);
    });
    Ok(())
}

fn zero_looks_while_another_waits<B: Backend + Send>() -> Run {
    let (a, mut b) = pairs::streams();
    let shared = shared::<B>();
    let once = shared.with(|selector| selector.register_with(a, READ, Mode::Oneshot, 0)).unwrap();
    let ready: [Ready; 1] = with_waiting(
        &shared,
        || shared.select(None).unwrap(),
        |_| {
            for _ in 0..20 {
                assert!(shared.select(Duration::ZERO).unwrap().is_empty());
            }
            b.write_all(b"x").unwrap();
            // One of both waits reports it. If it is this one, the other one reports it after that.
            let mine = shared.select(Duration::ZERO).unwrap();
            if !mine.is_empty() {
                assert_list(&mine, [(once, READ)]);
                shared.with(|selector| selector.rearm(once)).unwrap();
            }
            while shared.with(|selector| selector.key(once).unwrap().is_armed()) {
                thread::yield_now();
            }
        },
    );
    assert_list(&ready[0], [(once, READ)]);
    Ok(())
}

fn an_interruptible_wait_ends_by_a_signal_to_its_thread<B: Backend + Send>() -> Run {
    signals::need()?;
    let shared = shared::<B>();
    let interrupted = || {
        for timeout in [Timeout::NEVER, Timeout::after(WAIT)] {
            let (result, _) = storm(EVERY, || shared.select(timeout.interruptible()));
            assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
        }
    };
    interrupted();
    while_others_change(&shared, interrupted);
    let ready: [Ready; 2] = with_waiting(&shared, || shared.select(None).unwrap(), |_| interrupted());
    assert!(ready.iter().all(Ready::woken));
    Ok(())
}

fn a_wait_sleeps_through_signals_while_others_change<B: Backend + Send>() -> Run {
    signals::need()?;
    let shared = shared::<B>();
    while_others_change(&shared, || {
        storm(EVERY, || assert_times_out(&shared, Duration::from_millis(60)));
    });
    Ok(())
}

fn changes_are_made_while_three_threads_wait<B: Backend + Send>() -> Run {
    let shared = shared::<B>();
    let ready: [Ready; 3] = with_waiting(
        &shared,
        || shared.select(None).unwrap(),
        |_| {
            let (mut a, _b) = pairs::streams();
            for number in 0..200 {
                let token = shared.with(|selector| selector.register(a, READ, number)).unwrap();
                shared.with(|selector| selector.modify(token, READ | Interest::PRIORITY)).ok();
                a = shared.with(|selector| selector.unregister(token)).unwrap().fileobj;
            }
        },
    );
    assert!(ready.iter().all(Ready::woken));
    Ok(())
}

fn a_wait_is_not_starved_by_changes<B: Backend + Send>() -> Run {
    let (a, mut b) = pairs::streams();
    let shared = shared::<B>();
    let token = shared.with(|selector| selector.register(a, READ, 9)).unwrap();
    while_others_change(&shared, || {
        b.write_all(b"x").unwrap();
        for _ in 0..50 {
            assert_list(&soon(&shared), [(token, READ)]);
        }
    });
    Ok(())
}

/// Reports of a key that is rearmed after each report, by three threads.
fn reports_of_three<B: Backend + Send>(mode: Mode) -> Result<(), Error> {
    const ROUNDS: usize = 100;
    let (a, mut b) = pairs::streams();
    let shared = SharedSelector::<B, &Stream, usize>::new(Selector::new()?)?;
    let token = shared.with(|selector| selector.register_with(&a, READ, mode, 0))?;
    let (report, reports) = channel();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            let (shared, report, stop) = (&shared, report.clone(), &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let ready = shared.select(None).unwrap();
                    for (token, _) in &ready {
                        report.send(token).unwrap();
                    }
                    if ready.woken() {
                        shared.waker().wake().unwrap();
                    }
                }
            });
        }
        let _stop = Changing(&stop);
        for _ in 0..ROUNDS {
            b.write_all(b"x").unwrap();
            assert_eq!(reports.recv_timeout(WAIT), Ok(token), "it was lost");
            assert_eq!(pairs::drain(&a), 1);
            shared.with(|selector| selector.rearm(token)).unwrap();
        }
        drop(report);
        stop.store(true, Ordering::Relaxed);
        shared.waker().wake().unwrap();
        assert_eq!(reports.iter().count(), 0, "it was reported twice");
    });
    Ok(())
}

pub(super) fn a_one_shot_key_is_reported_to_one_of_three_threads<B: Backend + Send>() -> Run {
    reports_of_three::<B>(Mode::Oneshot).unwrap();
    Ok(())
}

fn an_edge_is_reported_to_one_of_three_threads<B: Backend + Send>() -> Run {
    conformance::need(&Selector::<B, Stream>::new().unwrap(), READ, Mode::Edge)?;
    reports_of_three::<B>(Mode::Edge).unwrap();
    Ok(())
}

fn a_level_is_reported_to_the_next_wait_too<B: Backend + Send>() -> Run {
    let (a, _b) = pairs::streams();
    let shared = shared::<B>();
    let token = shared.with(|selector| selector.register(a, WRITE, 0)).unwrap();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_list(&soon(&shared), [(token, WRITE)]);
                }
            });
        }
    });
    Ok(())
}

fn a_wake_ends_one_wait<B: Backend + Send>() -> Run {
    let shared = shared::<B>();
    let (ended, acting) = (AtomicUsize::new(0), Mutex::new(()));
    let held = acting.lock().unwrap();
    let ready: [Ready; 3] = with_waiting(
        &shared,
        || {
            let ready = shared.select(None).unwrap();
            ended.fetch_add(1, Ordering::Relaxed);
            drop(acting.lock()); // sleeps, as the waiting threads do
            ready
        },
        |threads| {
            for wakes in 1..=2 {
                shared.waker().wake().unwrap();
                while ended.load(Ordering::Relaxed) < wakes {
                    thread::yield_now();
                }
                threads.into_iter().for_each(until_asleep);
                assert_eq!(ended.load(Ordering::Relaxed), wakes);
            }
            drop(held);
        },
    );
    assert!(ready.iter().all(Ready::woken));
    let mut selector = shared.into_inner();
    while selector.select(Duration::ZERO).unwrap().woken() {} // of `with_waiting`
    selector.waker().unwrap().wake().unwrap();
    wait_woken(&mut selector);
    Ok(())
}

fn a_wake_before_a_wait_ends_it<B: Backend + Send>() -> Run {
    let shared = shared::<B>();
    for _ in 0..3 {
        shared.waker().wake().unwrap();
        shared.waker().wake().unwrap();
        shared.with(|selector| assert!(selector.is_empty()));
        let ready = shared.select(None).unwrap();
        assert!(ready.woken() && ready.is_empty());
        assert!(!shared.select(Duration::ZERO).unwrap().woken());
    }
    Ok(())
}

fn a_wake_while_others_change_is_reported<B: Backend + Send>() -> Run {
    let shared = shared::<B>();
    let (waker, (seen, before)) = (shared.waker(), channel());
    while_others_change(&shared, || {
        thread::scope(|scope| {
            scope.spawn(move || {
                for () in before {
                    waker.wake().unwrap();
                }
            });
            for _ in 0..200 {
                seen.send(()).unwrap();
                assert!(soon(&shared).woken());
            }
            drop(seen);
        });
        assert!(!shared.select(Duration::ZERO).unwrap().woken());
    });
    Ok(())
}

/// The way to end all waits: each thread that is woken wakes the next.
fn a_wake_can_be_passed_on<B: Backend + Send>() -> Run {
    let shared = shared::<B>();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                assert!(shared.select(None).unwrap().woken());
                shared.waker().wake().unwrap();
            });
        }
        shared.waker().wake().unwrap();
    });
    Ok(())
}
