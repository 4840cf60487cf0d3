//! Descriptors, slots and files that are used again.

use conformance::{
    Call, MockBackend, NotRun, READ, Run, WRITE, assert_idle, assert_not_registered, assert_ready, now,
    pairs, wait_ready,
};
use selectors::Selector;
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::collections::HashSet;
use std::io::Write;

conformance::scenarios!(reuse:
    a_reused_descriptor_is_another_registration,
    a_descriptor_can_be_registered_again,
    free_slots_are_used_again,
    the_map_has_no_more_slots_than_keys_at_once,
    a_descriptor_is_closed_and_reused_many_times,
    keys_can_be_unregistered_while_a_list_is_iterated,
    descriptor_and_slot_are_reused_while_a_list_is_iterated,
    a_file_is_registered_again_while_a_list_is_iterated,
    all_keys_are_unregistered_while_a_list_is_iterated,
);

/// Returns a duplicate with this number, which is free.
fn numbered(number: RawFd, file: impl AsFd) -> Result<OwnedFd, NotRun> {
    let fd = pairs::numbered(file, number)?;
    assert_eq!(fd.as_raw_fd(), number, "the number is not free");
    Ok(fd)
}

fn a_reused_descriptor_is_another_registration<B: Backend>() -> Run {
    let (a, mut a_peer) = pairs::streams();
    let (b, mut b_peer) = pairs::streams();
    let mut selector = Selector::<B, OwnedFd, _>::new().unwrap();
    let first = selector.register(a.into(), READ, "first").unwrap();
    let key = selector.unregister(first).unwrap();
    let number = key.fd;
    drop(key);
    let second = selector.register(numbered(number, &b)?, READ, "second").unwrap();
    assert_eq!(selector.key(second).map(|key| key.fd()), Some(number));
    assert_ne!(first, second);
    assert!(selector.key(first).is_none());
    assert_not_registered(selector.unregister(first));
    assert!(a_peer.write_all(b"x").is_err(), "it is closed");
    assert_idle(&mut selector);
    b_peer.write_all(b"x").unwrap();
    wait_ready(&mut selector, [(second, READ)]);
    Ok(())
}

fn a_descriptor_can_be_registered_again<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let first = selector.register(&a, READ, 1).unwrap();
    selector.unregister(first).unwrap();
    assert!(selector.key(&a).is_none());
    let second = selector.register(&a, WRITE, 2).unwrap();
    assert_eq!(selector.key(&a).map(|key| (key.token(), *key.data())), Some((second, 2)));
    assert_ready(&mut selector, [(second, WRITE)]);
    Ok(())
}

fn free_slots_are_used_again<B: Backend>() -> Run {
    let files: Vec<_> = (0..8).map(|_| pairs::streams().0).collect();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let mut tokens = Vec::new();
    for at in [0, 1, 2, 3, 4, 5] {
        tokens.push((at, selector.register(&files[at], READ, at).unwrap()));
    }
    // Free slots in the middle, at the beginning and at the end, used again in another order.
    for place in [3, 0, 3] {
        let (at, token) = tokens.remove(place);
        assert_eq!(selector.unregister(token).unwrap().data, at);
    }
    for at in [7, 6, 5, 0] {
        tokens.push((at, selector.register(&files[at], READ, at).unwrap()));
    }
    assert_eq!(selector.keys().len(), tokens.len());
    for &(at, token) in &tokens {
        assert_eq!(selector.data(token), Some(&at));
        assert!(std::ptr::eq(*selector.fileobj(token).unwrap(), &raw const files[at]));
    }
    // The peers are closed, so all are readable.
    assert_ready(&mut selector, tokens.iter().map(|&(_, token)| (token, READ)));
    Ok(())
}

/// The upper half of a tag is the slot.
fn the_map_has_no_more_slots_than_keys_at_once<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let mut slots = HashSet::new();
    for _ in 0..100 {
        for file in [&a, &b] {
            selector.register(file, READ, ()).unwrap();
        }
        for file in [&a, &b] {
            selector.unregister(file).unwrap();
        }
        let calls = control.take_calls();
        let [Call::Add(_, first, ..), Call::Add(_, second, ..), Call::Remove(..), Call::Remove(..)] =
            calls[..]
        else {
            panic!("{calls:?}")
        };
        slots.extend([first, second].map(|tag| tag.to_u64() >> 32));
    }
    assert_eq!(slots.len(), 2);
    Ok(())
}

fn a_descriptor_is_closed_and_reused_many_times<B: Backend>() -> Run {
    let (ready, mut peer) = pairs::streams();
    let (idle, _idle_peer) = pairs::streams();
    peer.write_all(b"x").unwrap();
    let mut selector = Selector::<B, OwnedFd>::new().unwrap();
    let number = ready.try_clone().unwrap().as_raw_fd();
    for round in 0..20 {
        let file = numbered(number, if round % 2 == 0 { &ready } else { &idle })?;
        let token = selector.register(file, READ, ()).unwrap();
        assert_ready(&mut selector, (round % 2 == 0).then_some((token, READ)));
        drop(selector.unregister(token).unwrap());
    }
    Ok(())
}

fn keys_can_be_unregistered_while_a_list_is_iterated<B: Backend>() -> Run {
    let mut selector = Selector::<B, OwnedFd, _>::new().unwrap();
    for number in 0..4 {
        let (a, _) = pairs::streams();
        selector.register(a.into(), READ, number).unwrap();
    }
    let ready = now(&mut selector);
    assert_eq!(ready.len(), 4);
    let mut visited = 0;
    for (token, _) in &ready {
        let Some((_, _)) = selector.parts(token) else { continue };
        visited += 1;
        let others: Vec<_> =
            selector.keys().iter().map(|key| key.token()).filter(|&other| other != token).collect();
        for other in others {
            drop(selector.unregister(other).unwrap());
        }
    }
    assert_eq!((visited, selector.keys().len(), now(&mut selector).len()), (1, 1, 1));
    Ok(())
}

fn descriptor_and_slot_are_reused_while_a_list_is_iterated<B: Backend>() -> Run {
    let (idle, _idle_peer) = pairs::streams();
    let mut selector = Selector::<B, OwnedFd, _>::new().unwrap();
    for _ in 0..2 {
        let (a, _) = pairs::streams();
        selector.register(a.into(), READ, "old").unwrap();
    }
    let ready = now(&mut selector);
    let [this, other] = ready.iter().map(|(token, _)| token).collect::<Vec<_>>()[..] else {
        panic!("{ready:?}");
    };
    // While the program handles `this`, it unregisters `other`, and a new file gets its descriptor and its slot.
    let key = selector.unregister(other).unwrap();
    let number = key.fd;
    drop(key);
    let new = selector.register(numbered(number, &idle)?, READ, "new").unwrap();
    // The rest of the list finds nothing.
    assert!(selector.parts(other).is_none());
    assert_not_registered(selector.modify(other, WRITE));
    assert_not_registered(selector.unregister(other));
    assert_eq!(selector.key(new).map(|key| (key.interest(), *key.data())), Some((READ, "new")));
    assert_ready(&mut selector, [(this, READ)]);
    Ok(())
}

fn a_file_is_registered_again_while_a_list_is_iterated<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let first = selector.register(&a, READ, 1).unwrap();
    let ready = now(&mut selector);
    let key = selector.unregister(first).unwrap();
    let second = selector.register(key.fileobj, READ, 2).unwrap();
    // The list has the token of the old registration, not of the new one.
    assert_eq!((ready.get(first).is_some(), ready.get(second)), (true, None));
    assert!(selector.data(first).is_none());
    assert_ready(&mut selector, [(second, READ)]);
    Ok(())
}

fn all_keys_are_unregistered_while_a_list_is_iterated<B: Backend>() -> Run {
    let files: Vec<_> = (0..4).map(|_| pairs::streams().0).collect();
    let mut selector = Selector::<B, _>::new().unwrap();
    for file in &files {
        selector.register(file, READ, ()).unwrap();
    }
    for (token, _) in &now(&mut selector) {
        assert!(selector.unregister(token).is_ok());
    }
    assert!(selector.keys().is_empty());
    assert_idle(&mut selector);
    Ok(())
}
