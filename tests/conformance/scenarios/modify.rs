//! Modifying a key: its interest and its mode.

use super::register::INVALID;
use conformance::{
    BOTH, Call, MockBackend, READ, Run, WRITE, assert_idle, assert_ready, assert_unsupported, interests, now,
    pairs, supports,
};
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, AsRawFd};
use selectors::{Error, Interest, Mode, Selector};
use std::io::Write;

conformance::scenarios!(modify:
    the_next_wait_uses_the_new_interest,
    modify_keeps_the_rest_of_the_key,
    each_interest_changes_to_each,
    modify_keeps_the_file_object,
    an_invalid_interest_is_refused,
    an_unsupported_mode_is_refused,
    a_refused_call_does_not_reach_the_back_end,
    the_back_end_is_called_at_once,
    the_back_end_gets_the_previous_registration,
    a_change_to_the_same_makes_no_call,
    rearming_always_calls_the_back_end,
    modify_with_changes_the_mode,
    a_one_shot_key_becomes_level_triggered,
    keys_can_be_modified_while_a_list_is_iterated,
    other_keys_do_not_change,
);

fn the_next_wait_uses_the_new_interest<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, READ, ()).unwrap();
    assert_idle(&mut selector);
    selector.modify(token, WRITE).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    b.write_all(b"x").unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    selector.modify(token, BOTH).unwrap();
    assert_ready(&mut selector, [(token, BOTH)]);
    selector.modify(token, READ).unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn modify_keeps_the_rest_of_the_key<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register_with(&a, READ, Mode::Oneshot, "data").unwrap();
    selector.modify(token, WRITE).unwrap();
    let key = selector.key(&a).unwrap();
    assert!(std::ptr::eq(*key.fileobj(), &a));
    assert_eq!((key.token(), key.fd(), key.interest()), (token, a.as_raw_fd(), WRITE));
    assert_eq!((key.mode(), *key.data()), (Mode::Oneshot, "data"));
    Ok(())
}

fn each_interest_changes_to_each<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, READ, ()).unwrap();
    // PRIORITY and the ends are optional.
    let all: Vec<_> = (1..=Interest::all().bits())
        .map(|bits| Interest::from_bits(bits).unwrap())
        .filter(|interest| supports(&selector, *interest, Mode::Level))
        .collect();
    for (from, to) in all.iter().flat_map(|from| all.iter().map(|to| (*from, *to))) {
        for interest in [from, to] {
            selector.modify(token, interest).unwrap();
            assert_eq!(selector.key(token).unwrap().interest(), interest);
        }
        let found = interests(&now(&mut selector)).get(&token).copied();
        assert_eq!(found.unwrap_or(Interest::empty()), to & BOTH, "from {from:?} to {to:?}");
    }
    Ok(())
}

fn modify_keeps_the_file_object<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (first, second) = (&a, &a.as_fd());
    let mut selector = Selector::<B, &dyn AsFd>::new().unwrap();
    let token = selector.register(first, READ, ()).unwrap();
    selector.modify(second, WRITE).unwrap();
    assert!(std::ptr::addr_eq(*selector.fileobj(token).unwrap(), first));
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

fn an_invalid_interest_is_refused<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    for interest in INVALID.map(Interest::from_bits_retain) {
        for mode in [None, Some(Mode::Level), Some(Mode::Edge), Some(Mode::Oneshot)] {
            let result = match mode {
                None => selector.modify(token, interest),
                Some(mode) => selector.modify_with(token, interest, mode),
            };
            assert!(matches!(result, Err(Error::InvalidInterest(named)) if named == interest), "{result:?}");
            let key = selector.key(token).unwrap();
            assert_eq!((key.interest(), key.mode(), key.is_armed()), (WRITE, Mode::Level, true));
            assert_ready(&mut selector, [(token, WRITE)]);
        }
    }
    Ok(())
}

fn an_unsupported_mode_is_refused<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(a, WRITE, ()).unwrap();
    for mode in [Mode::Edge, Mode::Oneshot] {
        control.deny_mode(Some(mode));
        let result = selector.modify_with(token, READ, mode);
        assert!(
            matches!(result, Err(Error::Unsupported { backend: "mock", interest: READ, mode: named, .. })
                if named == mode),
            "{result:?}"
        );
        let key = selector.key(token).unwrap();
        assert_eq!((key.interest(), key.mode()), (WRITE, Mode::Level));
        assert_ready(&mut selector, [(token, WRITE)]);
    }
    Ok(())
}

fn a_refused_call_does_not_reach_the_back_end<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, WRITE, ()).unwrap();
    control.deny_mode(Some(Mode::Edge));
    control.clear_calls();
    for bits in INVALID {
        selector.modify(token, Interest::from_bits_retain(bits)).unwrap_err();
        selector.modify_with(token, Interest::from_bits_retain(bits), Mode::Oneshot).unwrap_err();
    }
    selector.modify_with(token, READ, Mode::Edge).unwrap_err();
    selector.modify(&b, READ).unwrap_err();
    assert_eq!(control.take_calls(), []);
    Ok(())
}

fn the_back_end_is_called_at_once<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, WRITE, ()).unwrap();
    let calls = control.take_calls();
    let [Call::Add(fd, tag, ..)] = calls[..] else { panic!("{calls:?}") };
    assert_eq!(fd, a.as_raw_fd());
    selector.modify(token, BOTH).unwrap();
    let calls = control.take_calls();
    let [Call::Modify(_, second, ..)] = calls[..] else { panic!("{calls:?}") };
    assert_eq!(calls, [Call::Modify(fd, second, BOTH, Mode::Level)]);
    selector.modify_with(token, READ, Mode::Oneshot).unwrap();
    let calls = control.take_calls();
    let [Call::Modify(_, third, ..)] = calls[..] else { panic!("{calls:?}") };
    assert_eq!(calls, [Call::Modify(fd, third, READ, Mode::Oneshot)]);
    assert!(tag != second && second != third && third != tag, "each arming has its own tag");
    Ok(())
}

/// A back end whose kernel has one filter for each direction must know which to remove.
fn the_back_end_gets_the_previous_registration<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, WRITE, ()).unwrap();
    selector.modify_with(token, BOTH, Mode::Oneshot).unwrap();
    selector.modify_with(token, READ, Mode::Level).unwrap();
    selector.modify(token, WRITE).unwrap();
    let from = [(WRITE, Mode::Level), (BOTH, Mode::Oneshot), (READ, Mode::Level)];
    assert_eq!(control.modified_from(), from);
    Ok(())
}

fn a_change_to_the_same_makes_no_call<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, BOTH, ()).unwrap();
    control.clear_calls();
    selector.modify(token, BOTH).unwrap();
    selector.modify_with(&a, BOTH, Mode::Level).unwrap();
    selector.rearm(token).unwrap();
    assert_eq!(control.take_calls(), []);
    Ok(())
}

fn rearming_always_calls_the_back_end<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    for mode in [Mode::Oneshot, Mode::Edge] {
        if !supports(&selector, BOTH, mode) {
            continue;
        }
        let token = selector.register_with(&a, BOTH, mode, ()).unwrap();
        control.clear_calls();
        selector.modify(token, BOTH).unwrap();
        selector.modify_with(token, BOTH, mode).unwrap();
        selector.rearm(token).unwrap();
        let calls = control.take_calls();
        let is_change = |call: &Call| matches!(call, Call::Modify(.., BOTH, how) if *how == mode);
        assert!(calls.len() == 3 && calls.iter().all(is_change), "{calls:?}");
        selector.unregister(token).unwrap();
    }
    Ok(())
}

fn modify_with_changes_the_mode<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    // Only the mode differs.
    selector.modify_with(token, WRITE, Mode::Oneshot).unwrap();
    assert_eq!(selector.key(token).unwrap().mode(), Mode::Oneshot);
    assert_ready(&mut selector, [(token, WRITE)]);
    assert_idle(&mut selector);
    match selector.modify_with(token, WRITE, Mode::Edge) {
        Ok(()) => {
            assert_eq!(selector.key(token).unwrap().mode(), Mode::Edge);
            assert_ready(&mut selector, [(token, WRITE)]);
            assert_idle(&mut selector);
        }
        Err(error) => {
            assert_unsupported(&selector, &error, WRITE, Mode::Edge);
            let key = selector.key(token).unwrap();
            assert_eq!((key.mode(), key.is_armed()), (Mode::Oneshot, false));
        }
    }
    Ok(())
}

fn a_one_shot_key_becomes_level_triggered<B: Backend>() -> Run {
    for was_reported in [false, true] {
        let (a, _b) = pairs::streams();
        let mut selector = Selector::<B, _>::new().unwrap();
        let token = selector.register_with(a, WRITE, Mode::Oneshot, ()).unwrap();
        if was_reported {
            assert_eq!(now(&mut selector).len(), 1);
        }
        selector.modify_with(token, WRITE, Mode::Level).unwrap();
        for _ in 0..2 {
            assert_ready(&mut selector, [(token, WRITE)]);
        }
    }
    Ok(())
}

fn keys_can_be_modified_while_a_list_is_iterated<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _>::new().unwrap();
    let tokens = [&a, &c].map(|stream| selector.register(stream, WRITE, ()).unwrap());
    let ready = now(&mut selector);
    assert_eq!(ready.len(), 2);
    for (token, readiness) in &ready {
        assert!(readiness.is_writable());
        selector.modify(token, READ).unwrap();
    }
    assert_idle(&mut selector);
    assert!(tokens.iter().all(|token| selector.key(token).unwrap().interest() == READ));
    Ok(())
}

fn other_keys_do_not_change<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..5).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let tokens: Vec<_> =
        pairs.iter().zip(0..).map(|((a, _), data)| selector.register(a, WRITE, data).unwrap()).collect();
    selector.modify(tokens[2], READ).unwrap();
    let expected = tokens.iter().filter(|token| **token != tokens[2]);
    assert_ready(&mut selector, expected.map(|token| (*token, WRITE)));
    assert!(tokens.iter().zip(0..).all(|(token, data)| selector.data(token) == Some(&data)));
    Ok(())
}
