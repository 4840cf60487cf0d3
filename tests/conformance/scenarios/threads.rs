//! Selectors and threads: a selector that moves, one for each thread, one in a mutex.

use conformance::{
    READ, Run, Stream, WRITE, assert_idle, assert_list, assert_ready, pairs, soon, wait_ready,
};
use selectors::backend::Backend;
use selectors::{Error, IntoKeys, Ready, Rejected, Selector, SelectorKey, Token, Waker};
use std::collections::HashSet;
use std::io::{Read, Write};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

conformance::scenarios!(threads:
    types_are_send_and_sync,
    a_selector_moves_with_its_keys,
    a_selector_is_borrowed_by_another_thread,
    an_earlier_waker_wakes_a_selector_that_moved,
    tokens_of_all_threads_differ,
    each_thread_uses_its_own_selector,
    two_threads_wait_for_one_file,
    a_selector_works_in_a_mutex,
    another_thread_can_drop_a_selector,
);

fn types_are_send_and_sync<B: Backend + Send + 'static>() -> Run {
    fn send<T: Send + 'static>() {}
    fn share<T: Send + Sync + 'static>() {}
    fn survive<T: UnwindSafe + RefUnwindSafe>() {}
    send::<Selector<B, Stream, String>>();
    send::<IntoKeys<Stream, String>>();
    send::<SelectorKey<Stream, String>>();
    send::<Rejected<Stream, String>>();
    share::<Mutex<Selector<B, Stream, String>>>();
    share::<Waker>();
    survive::<Waker>();
    share::<Token>();
    share::<Ready>();
    share::<Error>();
    Ok(())
}

fn a_selector_moves_with_its_keys<B: Backend + Send + 'static>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(a, READ, "data".to_owned()).unwrap();
    assert_idle(&mut selector);
    let thread = thread::spawn(move || {
        let ready = soon(&mut selector);
        let (mut stream, data) = selector.parts(token).unwrap();
        data.push_str(" and more");
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 1);
        (selector, ready)
    });
    b.write_all(b"x").unwrap();
    let (mut selector, ready) = thread.join().unwrap();
    assert_list(&ready, [(token, READ)]);
    assert_idle(&mut selector);
    b.write_all(b"x").unwrap();
    wait_ready(&mut selector, [(token, READ)]);
    assert_eq!(selector.unregister(token).unwrap().data, "data and more");
    Ok(())
}

fn a_selector_is_borrowed_by_another_thread<B: Backend + Send>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token =
        thread::scope(|scope| scope.spawn(|| selector.register(&a, WRITE, ()).unwrap()).join().unwrap());
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

fn an_earlier_waker_wakes_a_selector_that_moved<B: Backend + Send + 'static>() -> Run {
    let mut selector = Selector::<B, Stream>::new().unwrap();
    let waker = selector.waker().unwrap();
    let thread = thread::spawn(move || soon(&mut selector).woken());
    waker.wake().unwrap();
    assert!(thread.join().unwrap());
    Ok(())
}

fn tokens_of_all_threads_differ<B: Backend>() -> Run {
    const THREADS: usize = 4;
    const SELECTORS: usize = 50;
    let start = Barrier::new(THREADS);
    let tokens = || {
        let (a, _b) = pairs::streams();
        start.wait();
        let token = |_| Selector::<B, _>::new().unwrap().register(&a, READ, ()).unwrap();
        (0..SELECTORS).map(token).collect::<Vec<_>>()
    };
    let all: HashSet<Token> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(tokens)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(all.len(), THREADS * SELECTORS);
    Ok(())
}

fn each_thread_uses_its_own_selector<B: Backend>() -> Run {
    const ROUNDS: usize = 100;
    // Each thread sends a byte between two sockets of its own. Its selector reports no others.
    let thread = || {
        let (a, b) = pairs::streams();
        let mut selector = Selector::<B, _>::new().unwrap();
        let mut tokens = [&a, &b].map(|file| selector.register(file, READ, ()).unwrap());
        (&a).write_all(b"x").unwrap();
        for _ in 0..ROUNDS {
            tokens.reverse();
            wait_ready(&mut selector, [(tokens[0], READ)]);
            let mut stream = *selector.fileobj(tokens[0]).unwrap();
            assert_eq!(stream.read(&mut [0; 8]).unwrap(), 1);
            stream.write_all(b"x").unwrap();
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(thread);
        }
    });
    Ok(())
}

fn two_threads_wait_for_one_file<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let registered = Barrier::new(3);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut selector = Selector::<B, _>::new().unwrap();
                let token = selector.register(&a, READ, ()).unwrap();
                registered.wait();
                wait_ready(&mut selector, [(token, READ)]);
            });
        }
        registered.wait();
        b.write_all(b"x").unwrap();
    });
    Ok(())
}

fn a_selector_works_in_a_mutex<B: Backend + Send + 'static>() -> Run {
    let selector = Arc::new(Mutex::new(Selector::<B, Stream, usize>::new().unwrap()));
    let waker = selector.lock().unwrap().waker().unwrap();
    for number in 0..3 {
        let (a, _b) = pairs::streams();
        let mut waiting = selector.lock().unwrap();
        let (theirs, waker) = (Arc::clone(&selector), waker.clone());
        let thread = thread::spawn(move || {
            waker.wake().unwrap();
            theirs.lock().unwrap().register(a, WRITE, number).unwrap()
        });
        // The wake ends the wait, and the other thread gets the lock.
        assert!(soon(&mut waiting).woken());
        drop(waiting);
        let token = thread.join().unwrap();
        let mut selector = selector.lock().unwrap();
        assert_ready(&mut selector, [(token, WRITE)]);
        assert_eq!(selector.unregister(token).unwrap().data, number);
    }
    Ok(())
}

fn another_thread_can_drop_a_selector<B: Backend + Send + 'static>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    selector.register(a, READ, ()).unwrap();
    let waker = selector.waker().unwrap();
    thread::spawn(move || drop(selector)).join().unwrap();
    assert_eq!(b.read(&mut [0; 8]).unwrap(), 0, "it closed its file");
    waker.wake().unwrap();
    Ok(())
}
