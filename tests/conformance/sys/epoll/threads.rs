//! One epoll instance in several threads, and in other calls.

use conformance::{Run, WAIT, pairs, this_thread, until_asleep};
use selectors::sys::Timeout;
use selectors::sys::epoll::{Epoll, Event, EventFlags};
use selectors::sys::poll::{PollFd, PollFlags, poll};
use selectors::sys::select::{FdSet, select};
use std::io::Write;
use std::os::fd::AsFd;
use std::sync::mpsc::{Sender, channel};
use std::thread;

conformance::scenarios_of!(sys, epoll_threads:
    registering_wakes_a_waiter,
    modifying_wakes_a_waiter,
    several_threads_can_wait,
    an_instance_is_pollable,
);

/// Waits in another thread, calls `change` when that thread sleeps, and returns the data of the events that woke it.
fn waiter(epoll: &Epoll, change: impl FnOnce()) -> Vec<u64> {
    thread::scope(|scope| {
        let (sender, receiver) = channel();
        let waiter = scope.spawn(move || {
            sender.send(this_thread()).unwrap();
            let mut buffer = [Event::default(); 4];
            let events = epoll.wait(&mut buffer, WAIT).unwrap();
            events.iter().map(|event| event.data()).collect()
        });
        until_asleep(&receiver.recv().unwrap());
        change();
        waiter.join().unwrap()
    })
}

fn registering_wakes_a_waiter() -> Run {
    let (a, _b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    assert_eq!(waiter(&epoll, || epoll.register(&a, EventFlags::OUT, 7).unwrap()), [7]);
    Ok(())
}

fn modifying_wakes_a_waiter() -> Run {
    let (a, _b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, EventFlags::IN, 1).unwrap();
    assert_eq!(waiter(&epoll, || epoll.modify(&a, EventFlags::OUT, 2).unwrap()), [2]);
    // A duplicate of the descriptor is the same set.
    epoll.modify(&a, EventFlags::IN, 3).unwrap();
    let duplicate = Epoll::from_fd(epoll.as_fd().try_clone_to_owned().unwrap());
    assert_eq!(waiter(&epoll, || duplicate.modify(&a, EventFlags::OUT, 4).unwrap()), [4]);
    Ok(())
}

fn several_threads_can_wait() -> Run {
    let (a, mut b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, EventFlags::IN, 1).unwrap();
    let found: Vec<_> = thread::scope(|scope| {
        let (sender, receiver) = channel();
        let wait = |sender: Sender<_>| {
            sender.send(this_thread()).unwrap();
            epoll.wait(&mut [Event::default()], WAIT).unwrap().len()
        };
        let waiters = [(); 3].map(|()| sender.clone()).map(|sender| scope.spawn(move || wait(sender)));
        receiver.iter().take(waiters.len()).for_each(|thread| until_asleep(&thread));
        b.write_all(b"x").unwrap();
        waiters.into_iter().map(|waiter| waiter.join().unwrap()).collect()
    });
    // The event is level-triggered, so all of them see it.
    assert_eq!(found, [1, 1, 1]);
    Ok(())
}

/// An instance is readable while something in it is ready.
fn an_instance_is_pollable() -> Run {
    let (a, mut b) = pairs::streams();
    let (inner, outer) = (Epoll::new().unwrap(), Epoll::new().unwrap());
    inner.register(&a, EventFlags::IN, 1).unwrap();
    outer.register(&inner, EventFlags::IN, 2).unwrap();
    let asked = || {
        let mut fds = [PollFd::new(inner.as_fd(), PollFlags::IN)];
        let mut set = FdSet::from_iter([inner.as_fd()]);
        [
            outer.wait(&mut [Event::default()], Timeout::ZERO).unwrap().len(),
            poll(&mut fds, Timeout::ZERO).unwrap(),
            select(Some(&mut set), None, None, Timeout::ZERO).unwrap(),
        ]
    };
    assert_eq!(asked(), [0; 3]);
    b.write_all(b"x").unwrap();
    assert_eq!(asked(), [1; 3]);
    pairs::drain(&a);
    assert_eq!(asked(), [0; 3]);
    Ok(())
}
