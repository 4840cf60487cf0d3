//! Unregistering a key.

use conformance::{
    BOTH, Call, MockBackend, READ, Run, WRITE, assert_idle, assert_ready, now, pairs, wait_ready,
};
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, AsRawFd};
use selectors::{Mode, Selector};
use std::io::Write;

conformance::scenarios!(unregister:
    unregister_returns_everything,
    unregister_returns_what_was_changed,
    an_unregistered_key_is_not_reported,
    the_back_end_is_called_once,
    unregistering_a_paused_key_does_not_call_the_back_end,
    pausing_or_unregistering_a_spent_key_calls_the_back_end,
    a_key_whose_peer_closed_can_be_unregistered,
    a_file_can_be_registered_again,
    another_file_with_the_same_descriptor_is_another_key,
);

fn unregister_returns_everything<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let data = Box::new(5);
    let place = &raw const *data;
    let token = selector.register_with(&a, WRITE, Mode::Oneshot, data).unwrap();
    let key = selector.unregister(token).unwrap();
    assert!(std::ptr::eq(key.fileobj, &a) && std::ptr::eq(place, &*key.data));
    assert_eq!((key.fd, key.token), (a.as_raw_fd(), token));
    assert_eq!((key.interest, key.mode), (WRITE, Mode::Oneshot));
    assert!(selector.keys().is_empty() && selector.key(token).is_none() && selector.key(&a).is_none());
    Ok(())
}

fn unregister_returns_what_was_changed<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(&a, WRITE, 1).unwrap();
    selector.modify_with(token, READ, Mode::Oneshot).unwrap();
    *selector.data_mut(token).unwrap() = 2;
    let key = selector.unregister(token).unwrap();
    assert_eq!((key.interest, key.mode, key.data), (READ, Mode::Oneshot, 2));
    Ok(())
}

fn an_unregistered_key_is_not_reported<B: Backend>() -> Run {
    let ((a, mut b), (c, _d)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _>::new().unwrap();
    let first = selector.register(&a, BOTH, ()).unwrap();
    let second = selector.register(&c, WRITE, ()).unwrap();
    assert_eq!(now(&mut selector).len(), 2);
    selector.unregister(first).unwrap();
    b.write_all(b"x").unwrap();
    assert_ready(&mut selector, [(second, WRITE)]);
    selector.unregister(second).unwrap();
    assert_idle(&mut selector);
    Ok(())
}

fn the_back_end_is_called_once<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, READ, ()).unwrap();
    let added = control.take_calls();
    let [Call::Add(fd, tag, ..)] = added[..] else { panic!("{added:?}") };
    selector.unregister(token).unwrap();
    selector.unregister(token).unwrap_err();
    selector.unregister(&a).unwrap_err();
    assert_eq!(control.take_calls(), [Call::Remove(fd, tag)]);
    Ok(())
}

/// Pausing has removed it there.
fn unregistering_a_paused_key_does_not_call_the_back_end<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, WRITE, 1).unwrap();
    selector.pause(token).unwrap();
    control.clear_calls();
    assert_eq!(selector.unregister(token).unwrap().data, 1);
    assert_eq!(control.take_calls(), []);
    let token = selector.register(&a, WRITE, 2).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

/// A kernel that keeps a set still has the key, disarmed.
fn pausing_or_unregistering_a_spent_key_calls_the_back_end<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let (mut selector, control) = MockBackend::<B>::selector();
    let [first, second] = [&a, &c].map(|a| selector.register_with(a, WRITE, Mode::Oneshot, ()).unwrap());
    assert_eq!(now(&mut selector).len(), 2);
    control.clear_calls();
    selector.pause(first).unwrap();
    selector.unregister(second).unwrap();
    let calls = control.take_calls();
    let numbers = (a.as_raw_fd(), c.as_raw_fd());
    assert!(
        matches!(calls[..], [Call::Remove(paused, _), Call::Remove(over, _)] if (paused, over) == numbers),
        "{calls:?}"
    );
    Ok(())
}

fn a_key_whose_peer_closed_can_be_unregistered<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let (reader, writer) = pairs::pipe()?;
    let mut selector = Selector::<B, Box<dyn AsFd>>::new().unwrap();
    let socket = selector.register(Box::new(a), READ, ()).unwrap();
    let pipe = selector.register(Box::new(reader), READ, ()).unwrap();
    drop((b, writer));
    assert_eq!(now(&mut selector).len(), 2);
    selector.unregister(socket).unwrap();
    selector.unregister(pipe).unwrap();
    assert!(selector.keys().is_empty());
    assert_idle(&mut selector);
    Ok(())
}

fn a_file_can_be_registered_again<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let mut fileobj = a;
    for round in 0..10 {
        let interest = if round % 2 == 0 { WRITE } else { READ };
        let token = selector.register(fileobj, interest, round).unwrap();
        assert_eq!(now(&mut selector).get(token).is_some(), round % 2 == 0);
        fileobj = selector.unregister(token).unwrap().fileobj;
    }
    b.write_all(b"x").unwrap();
    let token = selector.register(fileobj, READ, 99).unwrap();
    wait_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn another_file_with_the_same_descriptor_is_another_key<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let number = a.as_raw_fd();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let first = selector.register(a, BOTH, 1).unwrap();
    drop(selector.unregister(first).unwrap());
    // A new descriptor is the lowest free number: open(2).
    let (c, mut d) = pairs::streams();
    assert_eq!(c.as_raw_fd(), number);
    let second = selector.register(c, READ, 2).unwrap();
    assert_idle(&mut selector);
    d.write_all(b"x").unwrap();
    assert_ready(&mut selector, [(second, READ)]);
    assert!(selector.unregister(first).is_err());
    assert_eq!(selector.data(second), Some(&2));
    Ok(())
}
