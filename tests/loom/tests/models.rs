//! The models. In each one, threads that wait for ever are a failure: loom reports a deadlock.

#![cfg(loom)]

mod kernel;

use std::io::{Stdin, stdin};
use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;
use selectors::{Interest, Mode, Ready, Selector, SharedSelector};

use kernel::{Kernel, Model};

type Shared = SharedSelector<Model, Stdin>;

/// Runs a model with every order of its operations in which the running thread is changed at most `preemptions` times where it
/// could go on.
fn model(preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 100_000;
    builder.check(body);
}

fn shared(keeps_set: bool) -> (Arc<Shared>, Arc<Kernel>) {
    let model = Model::new(keeps_set);
    let kernel = model.kernel();
    (Arc::new(SharedSelector::new(Selector::with_backend(model)).unwrap()), kernel)
}

/// Each wake ends a wait, and the writes before it are visible then.
#[test]
fn no_wake_is_lost() {
    model(3, || {
        let mut selector = Selector::<_, Stdin>::with_backend(Model::new(false));
        let waker = selector.waker().unwrap();
        let written = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let threads = [0, 1].map(|number| {
            let (waker, written) = (waker.clone(), Arc::clone(&written));
            thread::spawn(move || {
                written[number].store(true, Ordering::Relaxed);
                waker.wake().unwrap();
            })
        });
        while !written.iter().all(|written| written.load(Ordering::Relaxed)) {
            assert!(selector.select(None).unwrap().woken());
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// A wait that is interrupted goes on, and reports what another thread registered.
fn a_change_reaches_a_wait(keeps_set: bool) {
    model(3, move || {
        let (shared, kernel) = shared(keeps_set);
        kernel.set_ready(true);
        let waiting = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.select(None).unwrap())
        };
        let token = shared.with(|selector| selector.register(stdin(), Interest::READ, ()).unwrap());
        let ready = waiting.join().unwrap();
        assert!(ready.get(token).is_some() && !ready.woken());
        assert_eq!(shared.with(|selector| selector.len()), 1);
    });
}

#[test]
fn a_change_reaches_a_wait_that_has_the_selector() {
    a_change_reaches_a_wait(false);
}

#[test]
fn a_change_reaches_a_wait_without_the_lock() {
    a_change_reaches_a_wait(true);
}

/// Two threads change while one waits. The wait ends for the wake only.
fn changes_do_not_end_a_wait(keeps_set: bool) {
    model(2, move || {
        let (shared, _kernel) = shared(keeps_set);
        let changes = Arc::new(AtomicUsize::new(0));
        let waiting = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.select(None).unwrap())
        };
        let changing = {
            let (shared, changes) = (Arc::clone(&shared), Arc::clone(&changes));
            thread::spawn(move || shared.with(|_| changes.fetch_add(1, Ordering::Relaxed)))
        };
        shared.with(|_| changes.fetch_add(1, Ordering::Relaxed));
        changing.join().unwrap();
        assert_eq!(changes.load(Ordering::Relaxed), 2);
        shared.waker().wake().unwrap();
        assert!(waiting.join().unwrap().woken());
    });
}

#[test]
fn changes_do_not_end_a_wait_that_has_the_selector() {
    changes_do_not_end_a_wait(false);
}

#[test]
fn changes_do_not_end_a_wait_without_the_lock() {
    changes_do_not_end_a_wait(true);
}

/// Each of two waits gets a wake: the one that is woken passes it on.
fn a_wake_passes_two_waits(keeps_set: bool) {
    model(2, move || {
        let (shared, _kernel) = shared(keeps_set);
        let threads = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                assert!(shared.select(None).unwrap().woken());
                shared.waker().wake().unwrap();
            })
        });
        shared.with(|selector| assert!(selector.is_empty()));
        shared.waker().wake().unwrap();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(shared.select(Duration::ZERO).unwrap().woken());
        assert!(!shared.select(Duration::ZERO).unwrap().woken());
    });
}

#[test]
fn a_wake_passes_two_waits_that_take_turns() {
    a_wake_passes_two_waits(false);
}

#[test]
fn a_wake_passes_two_waits_without_the_lock() {
    a_wake_passes_two_waits(true);
}

/// A one-shot key is rearmed when its readiness is over, while another thread has the event of the earlier arming.
fn a_rearmed_key_is_not_spent_by_an_earlier_event(keeps_set: bool) {
    model(3, move || {
        let (shared, kernel) = shared(keeps_set);
        kernel.set_ready(true);
        let register = |selector: &mut Selector<_, _>| {
            selector.register_with(stdin(), Interest::READ, Mode::Oneshot, ()).unwrap()
        };
        let token = shared.with(register);
        let is_ready_again = Arc::new(AtomicBool::new(false));
        let waiting = {
            let (shared, is_ready_again) = (Arc::clone(&shared), Arc::clone(&is_ready_again));
            thread::spawn(move || {
                let mut ready = Ready::new();
                assert_eq!(shared.select_into(&mut ready, None).unwrap(), 1);
                is_ready_again.load(Ordering::SeqCst)
            })
        };
        kernel.set_ready(false);
        let was_reported = shared.with(|selector| {
            let was_armed = selector.key(token).unwrap().is_armed();
            selector.rearm(token).unwrap();
            !was_armed
        });
        is_ready_again.store(true, Ordering::SeqCst);
        kernel.set_ready(true);
        let is_of_the_second_arming = waiting.join().unwrap();
        assert!(was_reported || is_of_the_second_arming, "it was reported for the earlier arming");
        let left = shared.select(Duration::ZERO).unwrap().len();
        assert_eq!(left, usize::from(was_reported), "the second arming was lost, or reported twice");
    });
}

#[test]
fn a_rearmed_key_is_not_spent_by_an_earlier_event_without_the_lock() {
    a_rearmed_key_is_not_spent_by_an_earlier_event(true);
}

#[test]
fn a_rearmed_key_is_not_spent_by_a_wait_that_has_the_selector() {
    a_rearmed_key_is_not_spent_by_an_earlier_event(false);
}

/// A wait looks once while another one waits. One of both reports a one-shot key.
fn a_look_and_a_wait_share_a_key(keeps_set: bool) {
    model(2, move || {
        let (shared, kernel) = shared(keeps_set);
        kernel.set_ready(true);
        shared.with(|selector| {
            selector.register_with(stdin(), Interest::READ, Mode::Oneshot, ()).unwrap();
        });
        let waiting = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.select(None).unwrap().len())
        };
        let looked = shared.select(Duration::ZERO).unwrap().len();
        shared.waker().wake().unwrap();
        assert_eq!(looked + waiting.join().unwrap(), 1);
    });
}

#[test]
fn a_look_interrupts_a_wait_that_has_the_selector() {
    a_look_and_a_wait_share_a_key(false);
}

#[test]
fn a_look_and_a_wait_without_the_lock_share_a_key() {
    a_look_and_a_wait_share_a_key(true);
}
