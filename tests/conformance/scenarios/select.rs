//! Reports of a wait: which keys are ready, and for what.

use conformance::{BOTH, READ, Run, Stream, WRITE, assert_idle, assert_list, now, pairs, soon, wait_ready};
use selectors::backend::Backend;
use selectors::sys::fd::AsFd;
use selectors::{Interest, Ready, Selector, Token};
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

conformance::scenarios!(select:
    a_selector_without_keys_finds_nothing,
    keys_that_are_not_ready_are_not_reported,
    a_socket_with_data_is_readable,
    a_socket_with_room_is_writable,
    both_interests_are_in_one_entry,
    only_the_interest_of_a_key_is_reported,
    datagrams_are_readable_one_by_one,
    each_end_of_a_pipe_is_reported,
    each_of_several_keys_is_reported_once,
    all_of_a_growing_number_are_reported,
    one_of_many_keys_is_reported,
    twelve_pairs_take_turns,
    select_into_replaces_the_list,
    one_list_serves_two_selectors,
);

fn a_selector_without_keys_finds_nothing<B: Backend>() -> Run {
    let mut selector = Selector::<B, Stream>::new().unwrap();
    let ready = now(&mut selector);
    assert!(ready.is_empty() && !ready.woken());
    assert_eq!((ready.len(), ready.iter().count()), (0, 0));
    Ok(())
}

fn keys_that_are_not_ready_are_not_reported<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    for end in [&a, &b] {
        selector.register(end, READ, ()).unwrap();
    }
    assert_idle(&mut selector);
    assert_eq!(selector.keys().len(), 2);
    Ok(())
}

fn a_socket_with_data_is_readable<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, READ, ()).unwrap();
    b.write_all(b"x").unwrap();
    wait_ready(&mut selector, [(token, READ)]);
    pairs::drain(&a);
    assert_idle(&mut selector);
    Ok(())
}

fn a_socket_with_room_is_writable<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, WRITE, ()).unwrap();
    wait_ready(&mut selector, [(token, WRITE)]);
    pairs::fill(&a);
    assert_idle(&mut selector);
    pairs::drain(&b);
    wait_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

fn both_interests_are_in_one_entry<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, BOTH, ()).unwrap();
    wait_ready(&mut selector, [(token, WRITE)]);
    b.write_all(b"x").unwrap();
    let ready = soon(&mut selector);
    assert_eq!(ready.len(), 1);
    assert_list(&ready, [(token, BOTH)]);
    pairs::fill(&a);
    wait_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn only_the_interest_of_a_key_is_reported<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    b.write_all(b"x").unwrap();
    for interest in [READ, WRITE, BOTH] {
        let token = selector.register(&a, interest, ()).unwrap();
        wait_ready(&mut selector, [(token, interest)]);
        selector.unregister(token).unwrap();
    }
    Ok(())
}

fn datagrams_are_readable_one_by_one<B: Backend>() -> Run {
    let (a, b) = pairs::udp();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, READ, ()).unwrap();
    assert_idle(&mut selector);
    for datagram in ["x", ""] {
        b.send(datagram.as_bytes()).unwrap();
        wait_ready(&mut selector, [(token, READ)]);
        a.recv(&mut [0; 8]).unwrap();
        assert_idle(&mut selector);
    }
    Ok(())
}

fn each_end_of_a_pipe_is_reported<B: Backend>() -> Run {
    let (reader, mut writer) = pairs::pipe()?;
    let mut selector = Selector::<B, _>::new().unwrap();
    let from = selector.register(reader.try_clone().unwrap(), READ, ()).unwrap();
    let to = selector.register(writer.try_clone().unwrap(), WRITE, ()).unwrap();
    wait_ready(&mut selector, [(to, WRITE)]);
    writer.write_all(b"x").unwrap();
    wait_ready(&mut selector, [(from, READ), (to, WRITE)]);
    pairs::fill(&writer);
    wait_ready(&mut selector, [(from, READ)]);
    pairs::drain(&reader);
    wait_ready(&mut selector, [(to, WRITE)]);
    Ok(())
}

fn each_of_several_keys_is_reported_once<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..4).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _>::new().unwrap();
    let interests_of = [READ, WRITE, BOTH, READ];
    let tokens: Vec<_> = pairs
        .iter()
        .zip(interests_of)
        .map(|((a, _), interest)| selector.register(a, interest, ()).unwrap())
        .collect();
    for (_, b) in &pairs[..3] {
        let mut b = b;
        b.write_all(b"x").unwrap();
    }
    let expected = tokens.iter().copied().zip(interests_of).take(3);
    for _ in 0..3 {
        wait_ready(&mut selector, expected.clone());
    }
    Ok(())
}

/// One wait reports all ready keys, however many were registered since the last one.
fn all_of_a_growing_number_are_reported<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let mut expected = BTreeMap::new();
    for count in [1, 2, 3, 10, 100, 300] {
        while expected.len() < count {
            let end = a.as_fd().try_clone_to_owned().unwrap();
            expected.insert(selector.register(end, WRITE, ()).unwrap(), WRITE);
        }
        wait_ready(&mut selector, expected.clone());
    }
    Ok(())
}

fn one_of_many_keys_is_reported<B: Backend>() -> Run {
    let ends: Vec<_> = (0..100).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _>::new().unwrap();
    let tokens: Vec<_> = ends.iter().map(|(a, _)| selector.register(a, READ, ()).unwrap()).collect();
    for at in [0, 99, 63, 64, 31] {
        let (a, mut b) = (&ends[at].0, &ends[at].1);
        b.write_all(b"x").unwrap();
        wait_ready(&mut selector, [(tokens[at], READ)]);
        pairs::drain(a);
    }
    assert_idle(&mut selector);
    Ok(())
}

/// Each pair sends a message in turn, and is unregistered then.
fn twelve_pairs_take_turns<B: Backend>() -> Run {
    let ends: Vec<_> = (0..12).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let mut waiting = BTreeMap::new();
    for (number, (a, b)) in ends.iter().enumerate() {
        selector.register(a, READ, number).unwrap();
        waiting.insert(selector.register(b, WRITE, number).unwrap(), b);
    }
    while !waiting.is_empty() {
        let writable = soon(&mut selector);
        assert_eq!(writable.len(), waiting.len());
        let (token, _) = writable.iter().next().unwrap();
        let mut b = waiting.remove(&token).unwrap();
        b.write_all(b"This is a test").unwrap();
        let number = selector.unregister(token).unwrap().data;

        let ready = soon(&mut selector);
        let readable: Vec<_> =
            ready.iter().filter(|(_, seen)| seen.is_readable()).map(|(token, _)| token).collect();
        assert_eq!(readable.len(), 1);
        assert_eq!(selector.data(readable[0]), Some(&number));
        assert_eq!(pairs::drain(*selector.fileobj(readable[0]).unwrap()), 14);
        selector.unregister(readable[0]).unwrap();
    }
    assert!(selector.keys().is_empty());
    Ok(())
}

fn select_into_replaces_the_list<B: Backend>() -> Run {
    let ends = [pairs::streams(), pairs::streams(), pairs::streams()];
    let mut selector = Selector::<B, _>::new().unwrap();
    let tokens = ends.each_ref().map(|(a, _)| selector.register(a, READ, ()).unwrap());
    let mut ready = Ready::new();
    let mut assert_ready_into = |ready: &mut Ready, expected: &[(Token, Interest)]| {
        let count = selector.select_into(ready, Duration::ZERO).unwrap();
        assert_eq!((count, count == 0), (ready.len(), ready.is_empty()));
        assert_list(ready, expected.iter().copied());
    };
    assert_ready_into(&mut ready, &[]);
    for (_, b) in &ends {
        let mut b = b;
        b.write_all(b"x").unwrap();
    }
    assert_ready_into(&mut ready, &tokens.map(|token| (token, READ)));
    pairs::drain(&ends[0].0);
    pairs::drain(&ends[2].0);
    assert_ready_into(&mut ready, &[(tokens[1], READ)]);
    pairs::drain(&ends[1].0);
    assert_ready_into(&mut ready, &[]);
    Ok(())
}

/// A list has the keys of the last wait only, and whether that wait was woken.
fn one_list_serves_two_selectors<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let (mut one, mut two) = (Selector::<B, _>::new().unwrap(), Selector::<B, _>::new().unwrap());
    let first = one.register(&a, WRITE, ()).unwrap();
    let second = two.register(&b, WRITE, ()).unwrap();
    assert_ne!(first, second);
    let waker = one.waker().unwrap();
    let mut ready = Ready::new();
    for _ in 0..2 {
        waker.wake().unwrap();
        one.select_into(&mut ready, Duration::ZERO).unwrap();
        assert_list(&ready, [(first, WRITE)]);
        assert!(ready.woken());
        assert!(ready.get(first).is_some() && ready.get(second).is_none());
        assert!(ready.iter().all(|(token, _)| one.key(token).is_some() && two.key(token).is_none()));
        two.select_into(&mut ready, Duration::ZERO).unwrap();
        assert_list(&ready, [(second, WRITE)]);
        assert!(!ready.woken());
        assert!(ready.get(second).is_some() && ready.get(first).is_none());
    }
    Ok(())
}
