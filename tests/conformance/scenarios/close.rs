//! Closing a selector: `into_keys` and drop.

use conformance::{
    ChangingFd, Descriptors, MockBackend, READ, Run, Stream, WRITE, assert_ready, errno, now, pairs,
};
use selectors::backend::Backend;
use selectors::sys::fd::AsRawFd;
use selectors::{Mode, Selector};
use std::rc::Rc;

conformance::scenarios!(close:
    into_keys_returns_every_key,
    into_keys_returns_paused_and_spent_keys,
    into_keys_of_an_empty_selector_is_empty,
    the_iterator_counts_the_keys_that_are_left,
    keys_that_are_not_taken_are_dropped,
    a_back_end_that_refuses_cannot_prevent_it,
    a_changed_descriptor_cannot_prevent_it,
    into_keys_closes_the_back_end_first,
    the_files_can_be_registered_with_another_selector,
    dropping_a_selector_closes_its_files,
    no_descriptor_stays_open,
);

fn into_keys_returns_every_key<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..5).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let mut tokens = Vec::new();
    for (number, (a, _)) in pairs.iter().enumerate() {
        let mode = if number == 2 { Mode::Oneshot } else { Mode::Level };
        tokens.push(selector.register_with(a, READ, mode, number).unwrap());
    }
    selector.modify(tokens[1], WRITE).unwrap();
    *selector.data_mut(tokens[4]).unwrap() = 40;
    selector.unregister(tokens[3]).unwrap();
    let mut keys: Vec<_> = selector.into_keys().collect();
    keys.sort_by_key(|key| key.data);
    assert_eq!(keys.iter().map(|key| key.data).collect::<Vec<_>>(), [0, 1, 2, 40]);
    for (key, number) in keys.iter().zip([0, 1, 2, 4]) {
        assert!(std::ptr::eq(key.fileobj, &pairs[number].0));
        assert_eq!((key.token, key.fd), (tokens[number], pairs[number].0.as_raw_fd()));
        assert_eq!(key.interest == WRITE, number == 1);
        assert_eq!(key.mode == Mode::Oneshot, number == 2);
    }
    Ok(())
}

fn into_keys_returns_paused_and_spent_keys<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let paused = selector.register(&a, READ, 1).unwrap();
    selector.register_with(&c, WRITE, Mode::Oneshot, 2).unwrap();
    selector.pause(paused).unwrap();
    assert_eq!(now(&mut selector).len(), 1);
    assert_eq!(selector.into_keys().map(|key| key.data).sum::<i32>(), 3);
    Ok(())
}

fn into_keys_of_an_empty_selector_is_empty<B: Backend>() -> Run {
    let mut keys = Selector::<B, Stream>::new().unwrap().into_keys();
    assert_eq!(keys.len(), 0);
    assert!(keys.next().is_none() && keys.next().is_none());
    Ok(())
}

fn the_iterator_counts_the_keys_that_are_left<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..4).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _>::new().unwrap();
    for (a, _) in &pairs {
        selector.register(a, READ, ()).unwrap();
    }
    selector.unregister(&pairs[1].0).unwrap();
    let mut keys = selector.into_keys();
    for left in (0..3).rev() {
        assert!(keys.next().is_some());
        assert_eq!((keys.len(), keys.size_hint()), (left, (left, Some(left))));
        assert!(format!("{keys:?}").contains(&left.to_string()));
    }
    assert!(keys.next().is_none() && keys.next().is_none());
    Ok(())
}

fn keys_that_are_not_taken_are_dropped<B: Backend>() -> Run {
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let dropped = Rc::new(());
    let mut peers = Vec::new();
    for _ in 0..3 {
        let (a, b) = pairs::streams();
        selector.register(a, READ, Rc::clone(&dropped)).unwrap();
        peers.push(b);
    }
    let mut keys = selector.into_keys();
    let taken = keys.next().unwrap();
    assert!(!peers.iter().any(pairs::hung_up));
    assert_eq!(Rc::strong_count(&dropped), 4);
    drop(keys);
    assert_eq!(peers.iter().filter(|peer| pairs::hung_up(peer)).count(), 2);
    assert_eq!(Rc::strong_count(&dropped), 2);
    drop(taken);
    assert!(peers.iter().all(pairs::hung_up));
    Ok(())
}

fn a_back_end_that_refuses_cannot_prevent_it<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    selector.register(&a, READ, 1).unwrap();
    control.clear_calls();
    control.refuse(Some(errno::UNHEARD_OF));
    assert_eq!(selector.into_keys().map(|key| key.data).collect::<Vec<_>>(), [1]);
    assert_eq!(control.take_calls(), []);
    Ok(())
}

fn a_changed_descriptor_cannot_prevent_it<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let changing_fd = ChangingFd::new(a, c);
    let number = changing_fd.fd(0);
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(changing_fd, READ, 1).unwrap();
    for (_, changing_fd, _) in selector.iter_mut() {
        changing_fd.choose(1);
    }
    assert!(selector.modify(token, WRITE).is_err());
    let key = selector.into_keys().next().unwrap();
    assert_eq!((key.fd, key.data), (number, 1));
    Ok(())
}

fn into_keys_closes_the_back_end_first<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    selector.register(a, READ, ()).unwrap();
    assert_eq!(Rc::strong_count(&control), 2);
    let keys = selector.into_keys();
    assert_eq!((Rc::strong_count(&control), keys.len()), (1, 1));
    Ok(())
}

fn the_files_can_be_registered_with_another_selector<B: Backend>() -> Run {
    let (mut from, mut to) = (Selector::<B, _, _>::new().unwrap(), Selector::<B, _, _>::new().unwrap());
    let mut peers = Vec::new();
    for number in 0..3 {
        let (a, b) = pairs::streams();
        from.register(a, WRITE, number).unwrap();
        peers.push(b);
    }
    assert_eq!(now(&mut from).len(), 3);
    let mut expected = Vec::new();
    for key in from.into_keys() {
        let token = to.register_with(key.fileobj, key.interest, key.mode, key.data).unwrap();
        assert_ne!(token, key.token);
        expected.push((token, WRITE));
    }
    assert_ready(&mut to, expected);
    Ok(())
}

fn dropping_a_selector_closes_its_files<B: Backend>() -> Run {
    let ((a, b), (c, d)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let dropped = Rc::new(());
    selector.register(a, READ, Rc::clone(&dropped)).unwrap();
    let paused = selector.register(c, READ, Rc::clone(&dropped)).unwrap();
    selector.pause(paused).unwrap();
    assert!(!pairs::hung_up(&b) && !pairs::hung_up(&d));
    drop(selector);
    assert!(pairs::hung_up(&b) && pairs::hung_up(&d));
    assert_eq!(Rc::strong_count(&dropped), 1);
    Ok(())
}

fn no_descriptor_stays_open<B: Backend>() -> Run {
    let before = Descriptors::mark();
    for close in [drop, |selector: Selector<B, Stream>| drop(selector.into_keys())] {
        let (a, b) = pairs::streams();
        let mut selector = Selector::new().unwrap();
        selector.register(a, READ, ()).unwrap();
        drop(selector.waker().unwrap());
        let _ = now(&mut selector);
        close(selector);
        drop(b);
        assert_eq!(Descriptors::mark(), before);
    }
    Ok(())
}
