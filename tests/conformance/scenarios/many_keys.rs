//! Changing and unregistering many keys at once, and registering without waiting.

use conformance::{
    BOTH, Call, ChangingFd, MockBackend, READ, Run, Stream, WRITE, assert_idle, assert_ready, errno, pairs,
};
use selectors::backend::Backend;
use selectors::sys::fd::AsRawFd;
use selectors::{Error, FailedKey, Interest, Mode, Selector, Token};
use std::error::Error as _;
use std::io::Write;

conformance::scenarios!(many_keys:
    interests_change_where_the_closure_says,
    interests_that_are_unchanged_cost_no_call,
    a_key_that_cannot_be_changed_is_named,
    a_refused_change_stops,
    an_invalid_interest_is_refused,
    keys_are_extracted_where_the_closure_says,
    an_iterator_that_is_dropped_keeps_the_rest,
    a_key_that_cannot_be_extracted_stays,
    everything_can_be_extracted,
    an_empty_selector_has_no_keys_to_visit,
    a_failed_key_becomes_other_errors,
    a_paused_registration_makes_no_call,
    a_paused_registration_waits_when_it_is_resumed,
    a_paused_registration_is_checked,
    a_paused_registration_can_be_unregistered,
);

/// Registers the first sockets of the pairs, for reading and with their indices.
fn register<B: Backend>(
    selector: &mut Selector<B, Stream, usize>,
    count: usize,
) -> (Vec<Token>, Vec<Stream>) {
    let register = |number| {
        let (a, b) = pairs::streams();
        (selector.register(a, READ, number).unwrap(), b)
    };
    (0..count).map(register).unzip()
}

fn interests_change_where_the_closure_says<B: Backend>() -> Run {
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let (tokens, mut peers) = register(&mut selector, 5);
    selector.pause(tokens[4]).unwrap();
    let mut seen = Vec::new();
    selector
        .set_interests(|key| {
            seen.push((key.token(), *key.data(), key.interest(), key.is_paused()));
            [None, Some(WRITE), Some(Interest::empty()), Some(READ), Some(BOTH)][*key.data()]
        })
        .unwrap();
    seen.sort_by_key(|seen| seen.1);
    let expected = tokens.iter().enumerate().map(|(number, token)| (*token, number, READ, number == 4));
    assert_eq!(seen, expected.collect::<Vec<_>>());
    for peer in &mut peers {
        peer.write_all(b"x").unwrap();
    }
    assert!(selector.key(tokens[2]).is_some_and(|key| key.is_paused()));
    assert_ready(
        &mut selector,
        [(tokens[0], READ), (tokens[1], WRITE), (tokens[3], READ), (tokens[4], BOTH)],
    );
    Ok(())
}

fn interests_that_are_unchanged_cost_no_call<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let (mut selector, control) = MockBackend::<B>::selector();
    selector.register(&a, READ, ()).unwrap();
    let other = selector.register(&c, WRITE, ()).unwrap();
    control.clear_calls();
    selector.set_interests(|_| None).unwrap();
    selector.set_interests(|key| Some(key.interest())).unwrap();
    assert_eq!(control.take_calls(), []);
    selector.set_interests(|_| Some(READ)).unwrap();
    let calls = control.take_calls();
    assert!(
        matches!(calls[..], [Call::Modify(fd, _, READ, Mode::Level)] if fd == c.as_raw_fd()),
        "{calls:?}"
    );
    assert_eq!(selector.key(other).map(|key| key.interest()), Some(READ));
    Ok(())
}

fn a_key_that_cannot_be_changed_is_named<B: Backend>() -> Run {
    let files = [(); 3].map(|()| ChangingFd::new(pairs::streams().0, pairs::streams().0));
    let mut selector = Selector::<B, _>::new().unwrap();
    let tokens = files.each_ref().map(|file| selector.register(file, READ, ()).unwrap());
    files[1].choose(1);
    let mut visited = Vec::new();
    let failed = selector.set_interests(|key| {
        visited.push(key.token());
        Some(WRITE)
    });
    let failed = failed.unwrap_err();
    assert!(matches!(failed.error, Error::InvalidFd { token, .. } if token == failed.token));
    assert_eq!((failed.token, visited.last()), (tokens[1], Some(&tokens[1])));
    // Those before it are changed; it and the others are not.
    for token in tokens {
        let changed = visited.contains(&token) && token != failed.token;
        assert_eq!(selector.key(token).map(|key| key.interest()), Some(if changed { WRITE } else { READ }));
    }
    files[1].choose(0);
    selector.set_interests(|_| Some(WRITE)).unwrap();
    assert!(selector.keys().iter().all(|key| key.interest() == WRITE));
    Ok(())
}

fn a_refused_change_stops<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let (mut selector, control) = MockBackend::<B>::selector();
    selector.register(&a, READ, ()).unwrap();
    selector.register(&c, READ, ()).unwrap();
    control.refuse(Some(errno::UNHEARD_OF));
    control.clear_calls();
    let failed = selector.set_interests(|_| Some(WRITE)).unwrap_err();
    assert!(matches!(failed.error, Error::Os { .. }), "{failed:?}");
    assert_eq!(control.take_calls().len(), 1);
    assert!(selector.keys().iter().all(|key| key.interest() == READ));
    Ok(())
}

fn an_invalid_interest_is_refused<B: Backend>() -> Run {
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let (tokens, _peers) = register(&mut selector, 1);
    let failed = selector.set_interests(|_| Some(Interest::from_bits_retain(64))).unwrap_err();
    assert!(matches!(failed.error, Error::InvalidInterest(_)));
    assert_eq!(failed.token, tokens[0]);
    Ok(())
}

fn keys_are_extracted_where_the_closure_says<B: Backend>() -> Run {
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let (tokens, mut peers) = register(&mut selector, 6);
    selector.pause(tokens[2]).unwrap();
    let mut removed: Vec<_> =
        selector.extract_if(|key| key.data() % 2 == 0).map(|key| key.unwrap()).collect();
    removed.sort_by_key(|key| key.data);
    assert_eq!(removed.iter().map(|key| key.data).collect::<Vec<_>>(), [0, 2, 4]);
    assert!(removed.iter().all(|key| key.token == tokens[key.data]));
    assert!(!peers.iter().any(pairs::hung_up));
    drop(removed);
    for number in [1, 3, 5] {
        peers[number].write_all(b"x").unwrap();
    }
    assert_ready(&mut selector, [1, 3, 5].map(|number| (tokens[number], READ)));
    assert_eq!(selector.len(), 3);
    Ok(())
}

fn an_iterator_that_is_dropped_keeps_the_rest<B: Backend>() -> Run {
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let (_tokens, _peers) = register(&mut selector, 4);
    drop(selector.extract_if(|_| true));
    assert_eq!(selector.len(), 4);
    let key = selector.extract_if(|_| true).next().unwrap().unwrap();
    assert_eq!(selector.len(), 3);
    assert!(selector.key(key.token).is_none());
    Ok(())
}

fn a_key_that_cannot_be_extracted_stays<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let (mut selector, control) = MockBackend::<B>::selector();
    let tokens = [&a, &c].map(|socket| selector.register(socket, READ, ()).unwrap());
    control.refuse(Some(errno::UNHEARD_OF));
    let mut failed: Vec<_> = selector.extract_if(|_| true).map(|key| key.unwrap_err().token).collect();
    failed.sort_unstable();
    assert_eq!(failed, tokens);
    control.refuse(None);
    assert_eq!(selector.extract_if(|_| true).filter_map(Result::ok).count(), 2);
    assert!(selector.is_empty());
    Ok(())
}

fn everything_can_be_extracted<B: Backend>() -> Run {
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let (_tokens, mut peers) = register(&mut selector, 100);
    let mut numbers: Vec<_> = selector.extract_if(|_| true).map(|key| key.unwrap().data).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    assert!(peers.iter().all(pairs::hung_up));
    peers.clear();
    assert_idle(&mut selector);
    let (tokens, mut peers) = register(&mut selector, 1);
    peers[0].write_all(b"x").unwrap();
    assert_ready(&mut selector, [(tokens[0], READ)]);
    Ok(())
}

fn an_empty_selector_has_no_keys_to_visit<B: Backend>() -> Run {
    let mut selector = Selector::<B, Stream>::new().unwrap();
    selector.set_interests(|_| unreachable!()).unwrap();
    assert_eq!(selector.extract_if(|_| unreachable!()).count(), 0);
    Ok(())
}

fn a_failed_key_becomes_other_errors<B: Backend>() -> Run {
    fn own<B: Backend>(selector: &mut Selector<B, Stream, usize>) -> Result<(), Error> {
        Ok(selector.set_interests(|_| Some(Interest::all() | Interest::from_bits_retain(64)))?)
    }
    fn of_io<B: Backend>(selector: &mut Selector<B, Stream, usize>) -> std::io::Result<()> {
        Ok(selector.set_interests(|_| Some(Interest::from_bits_retain(64)))?)
    }
    fn boxed<B: Backend>(
        selector: &mut Selector<B, Stream, usize>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(selector.set_interests(|_| Some(Interest::from_bits_retain(64)))?)
    }
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let (tokens, _peers) = register(&mut selector, 1);
    assert!(matches!(own(&mut selector), Err(Error::InvalidInterest(_))));
    assert_eq!(of_io(&mut selector).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    let failed = boxed(&mut selector).unwrap_err().downcast::<FailedKey>().unwrap();
    assert_eq!(failed.token, tokens[0]);
    let message = failed.to_string();
    assert!(message.contains(&format!("{:?}", tokens[0])) && message.contains(&failed.error.to_string()));
    assert!(failed.source().is_none());
    Ok(())
}

fn a_paused_registration_makes_no_call<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register_paused(&a, READ, "data").unwrap();
    assert_eq!(control.take_calls(), []);
    let key = selector.key(token).unwrap();
    assert!(key.is_paused() && !key.is_armed());
    assert_eq!((key.fd(), key.interest(), key.mode()), (a.as_raw_fd(), READ, Mode::Level));
    assert_eq!((selector.data(&a), selector.len()), (Some(&"data"), 1));
    assert_idle(&mut selector);
    Ok(())
}

fn a_paused_registration_waits_when_it_is_resumed<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register_paused(a, READ, ()).unwrap();
    assert_idle(&mut selector);
    selector.rearm(token).unwrap();
    for _ in 0..2 {
        assert_ready(&mut selector, [(token, READ)]);
    }
    selector.pause(token).unwrap();
    assert_idle(&mut selector);
    selector.modify_with(token, WRITE, Mode::Oneshot).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    assert_idle(&mut selector);
    Ok(())
}

fn a_paused_registration_is_checked<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let rejected = selector.register_paused(&a, Interest::empty(), 1).unwrap_err();
    assert!(matches!(rejected.error, Error::InvalidInterest(_)) && rejected.data == 1);
    let token = selector.register_paused(&a, READ, 2).unwrap();
    for rejected in [selector.register_paused(&a, READ, 3), selector.register(&a, READ, 3)] {
        let rejected = rejected.unwrap_err();
        assert!(matches!(rejected.error, Error::AlreadyRegistered { token: other, .. } if other == token));
        assert!(std::ptr::eq(rejected.fileobj, &a) && rejected.data == 3);
    }
    Ok(())
}

fn a_paused_registration_can_be_unregistered<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register_paused(&a, READ, ()).unwrap();
    selector.unregister(token).unwrap();
    let token = selector.register(&a, READ, ()).unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}
