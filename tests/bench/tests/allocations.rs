//! The operations of a selector that do not allocate.

#![cfg(target_os = "linux")]

use std::os::fd::AsFd;
use std::time::Duration;

use bench::allocations::{Counting, calls};
use selectors::backend::{Backend, Epoll, Poll, Select};
use selectors::sys::fd::BorrowedFd;
use selectors::sys::poll::{self, PollFlags};
use selectors::{Interest, Mode, Ready, Selector};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const COUNT: usize = 100;

fn without_allocating(operation: &str, work: impl FnOnce()) {
    let before = calls();
    work();
    assert_eq!(calls() - before, 0, "allocations in {operation}");
}

fn check<B: Backend>(files: &[BorrowedFd<'_>]) {
    let (first, others) = files.split_first().unwrap();
    let mut selector = Selector::<B, BorrowedFd<'_>, u64>::new().unwrap();
    let mut tokens: Vec<_> =
        others.iter().map(|file| selector.register(*file, Interest::READ, 0).unwrap()).collect();
    let mut ready = Ready::new();
    let waker = selector.waker().unwrap();

    // The map, the list and the back end grow to their final size once.
    let token = selector.register(*first, Interest::READ | Interest::WRITE | Interest::PRIORITY, 0).unwrap();
    assert_eq!(selector.select_into(&mut ready, None).unwrap(), files.len());
    selector.unregister(token).unwrap();

    without_allocating("register and unregister", || {
        for _ in 0..10 {
            let token = selector.register(*first, Interest::READ, 1).unwrap();
            assert_eq!(selector.unregister(token).unwrap().data, 1);
        }
    });
    without_allocating("register again in another order", || {
        for (token, file) in tokens.iter_mut().zip(others).rev() {
            selector.unregister(*token).unwrap();
            *token = selector.register(*file, Interest::READ, 2).unwrap();
        }
    });
    without_allocating("select_into", || {
        for timeout in [Some(Duration::ZERO), Some(Duration::from_micros(1500)), None] {
            assert_eq!(selector.select_into(&mut ready, timeout).unwrap(), others.len());
        }
    });
    without_allocating("modify", || {
        for token in &tokens {
            selector.modify(token, Interest::READ | Interest::WRITE).unwrap();
            selector.modify_with(token, Interest::WRITE, Mode::Oneshot).unwrap();
            selector.pause(token).unwrap();
            selector.modify_with(token, Interest::READ, Mode::Level).unwrap();
        }
        assert_eq!(selector.select_into(&mut ready, None).unwrap(), others.len());
    });
    without_allocating("waking", || {
        waker.wake().unwrap();
        selector.select_into(&mut ready, None).unwrap();
        assert!(ready.woken());
    });
    without_allocating("lookup", || {
        for (token, _) in &ready {
            *selector.parts(token).unwrap().1 += 1;
        }
        assert!(selector.key(others[0]).is_some_and(|key| *key.data() == 3));
    });
}

/// The list of the polling object keeps the entry of an unregistered file until the next wait.
#[test]
fn a_polling_object_that_never_waits_does_not_grow() {
    let files = bench::eventfds(2, 1).unwrap();
    let mut poll = poll::Poll::new();
    poll.register(files[0].as_fd(), PollFlags::IN);
    let mut again = |times| {
        for _ in 0..times {
            poll.register(files[1].as_fd(), PollFlags::IN);
            poll.unregister(files[1].as_fd()).unwrap();
        }
    };
    again(1000);
    without_allocating("register and unregister", || again(10_000));
    assert_eq!(poll.poll(None).unwrap().count(), 1);
}

#[test]
fn nothing_allocates_after_the_first_wait() {
    let before = calls();
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(calls() - before, 1, "the allocator counts");

    let files = bench::eventfds(COUNT, 1).unwrap();
    let files: Vec<_> = files.iter().map(AsFd::as_fd).collect();
    check::<Epoll>(&files);
    check::<Poll>(&files);
    check::<Select>(&files);
}
