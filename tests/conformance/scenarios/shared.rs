//! `SharedSelector`: changes while another thread waits.

use conformance::{
    READ, Run, Stream, WAIT, WRITE, assert_list, assert_not_registered, assert_ready, pairs, this_thread,
    until_asleep,
};
use selectors::backend::Backend;
use selectors::{Error, Interest, Mode, Ready, Selector, SharedSelector};
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

conformance::scenarios!(shared:
    it_is_send_and_sync,
    a_key_registered_during_a_wait_is_reported,
    a_key_changed_during_a_wait_is_reported,
    a_key_rearmed_during_a_wait_is_reported,
    a_key_resumed_during_a_wait_is_reported,
    a_key_paused_during_a_wait_is_not_reported,
    a_key_unregistered_during_a_wait_is_not_reported,
    its_descriptor_can_be_reused_during_a_wait,
    a_wait_without_other_threads_is_that_of_a_selector,
    more_keys_than_a_wait_knew_are_reported_at_once,
    errors_go_to_the_thread_that_caused_them,
    a_panic_leaves_a_selector_that_works,
    a_closure_must_not_use_the_same_selector,
    a_closure_must_not_replace_the_selector,
    it_becomes_a_selector_again,
);

/// A selector for many threads, over streams.
pub(super) type Shared<B> = SharedSelector<B, Stream, usize>;

pub(super) fn shared<B: Backend>() -> Shared<B> {
    SharedSelector::new(Selector::new().unwrap()).unwrap()
}

/// Waits, and returns the keys that are ready then.
#[track_caller]
pub(super) fn soon<B: Backend>(shared: &Shared<B>) -> Ready {
    let ready = shared.select(WAIT).unwrap();
    assert!(!ready.is_empty() || ready.woken(), "nothing became ready within {WAIT:?}");
    ready
}

/// Waits in this thread, and runs `act` in another one as soon as this one sleeps.
#[track_caller]
fn wait_while<B: Backend + Send, T: Send>(shared: &Shared<B>, act: impl FnOnce() -> T + Send) -> (Ready, T) {
    let this = this_thread();
    thread::scope(|scope| {
        let other = scope.spawn(move || {
            until_asleep(&this);
            act()
        });
        let ready = soon(shared);
        (ready, other.join().unwrap())
    })
}

fn it_is_send_and_sync<B: Backend + Send + 'static>() -> Run {
    fn share<T: Send + Sync + 'static>() {}
    fn survive<T: UnwindSafe + RefUnwindSafe>() {}
    share::<SharedSelector<B, Stream, std::cell::Cell<u8>>>();
    survive::<SharedSelector<B, Stream>>();
    Ok(())
}

pub(super) fn a_key_registered_during_a_wait_is_reported<B: Backend + Send>() -> Run {
    let shared = shared::<B>();
    for number in 0..3 {
        let (a, _b) = pairs::streams();
        let register = || shared.with(|selector| selector.register(a, WRITE, number).unwrap());
        let (ready, token) = wait_while(&shared, register);
        assert_list(&ready, [(token, WRITE)]);
        assert_eq!(shared.with(|selector| selector.unregister(token)).unwrap().data, number);
    }
    Ok(())
}

pub(super) fn a_key_changed_during_a_wait_is_reported<B: Backend + Send>() -> Run {
    let (a, _b) = pairs::streams();
    let shared = shared::<B>();
    let token = shared.with(|selector| selector.register(a, READ, 0)).unwrap();
    let (ready, ()) = wait_while(&shared, || shared.with(|selector| selector.modify(token, WRITE)).unwrap());
    assert_list(&ready, [(token, WRITE)]);
    Ok(())
}

pub(super) fn a_key_rearmed_during_a_wait_is_reported<B: Backend + Send>() -> Run {
    let (a, _b) = pairs::streams();
    let shared = shared::<B>();
    let token = shared.with(|selector| selector.register_with(a, WRITE, Mode::Oneshot, 0)).unwrap();
    assert_list(&soon(&shared), [(token, WRITE)]);
    for _ in 0..3 {
        let (ready, ()) = wait_while(&shared, || shared.with(|selector| selector.rearm(token)).unwrap());
        assert_list(&ready, [(token, WRITE)]);
    }
    assert!(shared.select(Duration::ZERO).unwrap().is_empty());
    Ok(())
}

pub(super) fn a_key_resumed_during_a_wait_is_reported<B: Backend + Send>() -> Run {
    let (a, _b) = pairs::streams();
    let shared = shared::<B>();
    let token = shared.with(|selector| selector.register_paused(a, WRITE, 0)).unwrap();
    let (ready, ()) = wait_while(&shared, || shared.with(|selector| selector.rearm(token)).unwrap());
    assert_list(&ready, [(token, WRITE)]);
    Ok(())
}

/// The other key ends the wait.
pub(super) fn a_key_paused_during_a_wait_is_not_reported<B: Backend + Send>() -> Run {
    let ((a, mut a_peer), (b, mut b_peer)) = (pairs::streams(), pairs::streams());
    let shared = shared::<B>();
    let paused = shared.with(|selector| selector.register(a, READ, 0)).unwrap();
    let other = shared.with(|selector| selector.register(b, READ, 1)).unwrap();
    let (ready, ()) = wait_while(&shared, || {
        shared.with(|selector| selector.pause(paused)).unwrap();
        a_peer.write_all(b"x").unwrap();
        b_peer.write_all(b"x").unwrap();
    });
    assert_list(&ready, [(other, READ)]);
    Ok(())
}

pub(super) fn a_key_unregistered_during_a_wait_is_not_reported<B: Backend + Send>() -> Run {
    let ((a, mut a_peer), (b, mut b_peer)) = (pairs::streams(), pairs::streams());
    let shared = shared::<B>();
    let gone = shared.with(|selector| selector.register(a, READ, 0)).unwrap();
    let other = shared.with(|selector| selector.register(b, READ, 1)).unwrap();
    let (ready, _kept) = wait_while(&shared, || {
        let key = shared.with(|selector| selector.unregister(gone)).unwrap();
        a_peer.write_all(b"x").unwrap();
        b_peer.write_all(b"x").unwrap();
        key
    });
    assert_list(&ready, [(other, READ)]);
    assert_not_registered(shared.with(|selector| selector.pause(gone)));
    Ok(())
}

/// The next file gets the number of the one that is closed.
pub(super) fn its_descriptor_can_be_reused_during_a_wait<B: Backend + Send>() -> Run {
    let ((a, mut a_peer), (b, mut b_peer)) = (pairs::streams(), pairs::streams());
    let shared = shared::<B>();
    let first = shared.with(|selector| selector.register(a, READ, 0)).unwrap();
    let (ready, second) = wait_while(&shared, || {
        drop(shared.with(|selector| selector.unregister(first)).unwrap());
        assert_eq!(a_peer.read(&mut [0; 8]).unwrap(), 0, "it is closed");
        let b = b.try_clone().unwrap();
        let second = shared.with(|selector| selector.register(b, READ, 1)).unwrap();
        let _ = a_peer.write_all(b"x");
        b_peer.write_all(b"x").unwrap();
        second
    });
    assert_list(&ready, [(second, READ)]);
    Ok(())
}

fn a_wait_without_other_threads_is_that_of_a_selector<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let shared = shared::<B>();
    let token = shared.with(|selector| selector.register(a, READ, 7)).unwrap();
    let mut ready = Ready::new();
    assert_eq!(shared.select_into(&mut ready, Duration::ZERO).unwrap(), 0);
    assert_eq!(shared.select_into(&mut ready, Duration::from_millis(2)).unwrap(), 0);
    b.write_all(b"x").unwrap();
    for _ in 0..2 {
        assert_eq!(shared.select_into(&mut ready, WAIT).unwrap(), 1);
        assert_list(&ready, [(token, READ)]);
    }
    assert_eq!(shared.select_into(&mut ready, None).unwrap(), 1);
    shared.with(|selector| {
        let (mut stream, data) = selector.parts(token).unwrap();
        assert_eq!((stream.read(&mut [0; 8]).unwrap(), *data), (1, 7));
    });
    assert_eq!(shared.select_into(&mut ready, Duration::ZERO).unwrap(), 0);
    assert!(ready.is_empty() && !ready.woken());
    Ok(())
}

/// A buffer that has room for the keys at the beginning of a wait must not hide the others.
fn more_keys_than_a_wait_knew_are_reported_at_once<B: Backend + Send>() -> Run {
    const KEYS: usize = 300;
    let streams: Vec<_> = (0..KEYS).map(|_| pairs::streams()).collect();
    let shared = SharedSelector::<B, &Stream, usize>::new(Selector::new().unwrap()).unwrap();
    let this = this_thread();
    let ready = thread::scope(|scope| {
        scope.spawn(|| {
            until_asleep(&this);
            shared.with(|selector| {
                for (number, (a, _)) in streams.iter().enumerate() {
                    selector.register(a, WRITE, number).unwrap();
                }
            });
        });
        shared.select(WAIT).unwrap()
    });
    // The kernel may end a wait before the last key is registered.
    assert!(!ready.is_empty());
    assert_eq!(shared.select(Duration::ZERO).unwrap().len(), KEYS);
    Ok(())
}

fn errors_go_to_the_thread_that_caused_them<B: Backend + Send>() -> Run {
    let ((a, _a_peer), (b, _b_peer)) = (pairs::streams(), pairs::streams());
    let shared = shared::<B>();
    let (ready, token) = wait_while(&shared, || {
        let rejected = shared.with(|selector| selector.register(a, Interest::empty(), 0)).unwrap_err();
        assert!(matches!(rejected.error, Error::InvalidInterest(_)), "{rejected}");
        let token = shared.with(|selector| selector.register(rejected.fileobj, READ, 0)).unwrap();
        let error = shared.with(|selector| selector.modify(token, Interest::empty())).unwrap_err();
        assert!(matches!(error, Error::InvalidInterest(_)), "{error}");
        shared.with(|selector| selector.register(b, WRITE, 1)).unwrap()
    });
    assert_list(&ready, [(token, WRITE)]);
    Ok(())
}

pub(super) fn a_panic_leaves_a_selector_that_works<B: Backend + Send>() -> Run {
    let ((a, _a_peer), (b, _b_peer)) = (pairs::streams(), pairs::streams());
    let shared = shared::<B>();
    let (ready, second) = wait_while(&shared, || {
        let panicking = || {
            shared.with(|selector| {
                selector.register(a, READ, 0).unwrap();
                panic!("the scenario wants this");
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(panicking)).is_err());
        assert_eq!(shared.with(|selector| selector.len()), 1);
        shared.with(|selector| selector.register(b, WRITE, 1)).unwrap()
    });
    assert_list(&ready, [(second, WRITE)]);
    assert_eq!(shared.into_inner().len(), 2);
    Ok(())
}

fn a_closure_must_not_use_the_same_selector<B: Backend>() -> Run {
    let shared = shared::<B>();
    let within = || shared.with(|_| shared.with(|selector| selector.len()));
    assert!(catch_unwind(AssertUnwindSafe(within)).is_err());
    for timeout in [Some(Duration::ZERO), Some(Duration::from_millis(1)), None] {
        let waiting = || shared.with(|_| shared.select(timeout));
        assert!(catch_unwind(AssertUnwindSafe(waiting)).is_err());
    }
    shared.waker().wake().unwrap();
    assert!(soon(&shared).woken());
    Ok(())
}

fn a_closure_must_not_replace_the_selector<B: Backend>() -> Run {
    let shared = shared::<B>();
    let replace = || shared.with(|selector| *selector = Selector::new().unwrap());
    assert!(catch_unwind(AssertUnwindSafe(replace)).is_err());
    Ok(())
}

fn it_becomes_a_selector_again<B: Backend + Send>() -> Run {
    let (a, _b) = pairs::streams();
    let shared = shared::<B>();
    let waker = shared.waker();
    let (register, registered) = channel();
    let token = thread::scope(|scope| {
        scope.spawn(|| register.send(shared.with(|selector| selector.register(a, WRITE, 3).unwrap())));
        assert_eq!(soon(&shared).len(), 1);
        registered.recv().unwrap()
    });
    let mut selector = shared.into_inner();
    assert_ready(&mut selector, [(token, WRITE)]);
    waker.wake().unwrap();
    assert!(selector.select(WAIT).unwrap().woken());
    // And shared again.
    let shared = SharedSelector::new(selector).unwrap();
    assert_list(&soon(&shared), [(token, WRITE)]);
    assert_eq!(shared.with(|selector| selector.unregister(token)).unwrap().data, 3);
    Ok(())
}
