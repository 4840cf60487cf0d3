//! Pausing a key: it stays registered, and is not waited for.

use conformance::{
    BOTH, Call, MockBackend, READ, Run, WRITE, assert_idle, assert_ready, assert_times_out, now, pairs,
    supports,
};
use selectors::backend::Backend;
use selectors::sys::fd::AsRawFd;
use selectors::{Error, Interest, Mode, Selector};
use std::io::Write;
use std::time::Duration;

conformance::scenarios!(pause:
    a_paused_key_is_not_reported,
    a_hang_up_of_a_paused_key_does_not_end_a_wait,
    a_paused_key_stays_in_the_map,
    other_keys_are_reported,
    rearm_resumes_it,
    modify_resumes_it,
    modify_with_resumes_it,
    a_key_that_is_ready_when_resumed_is_reported,
    pausing_twice_makes_one_call,
    pause_removes_it_from_the_back_end,
    resuming_adds_it_to_the_back_end,
    a_wait_gets_neither_paused_nor_spent_keys,
    a_refused_change_does_not_resume_it,
    keys_can_be_paused_while_a_list_is_iterated,
    set_interest_pauses_where_it_is_empty,
    set_interest_refuses_unknown_bits,
);

fn a_paused_key_is_not_reported<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, BOTH, ()).unwrap();
    assert_eq!(now(&mut selector).len(), 1);
    selector.pause(token).unwrap();
    assert_idle(&mut selector);
    b.write_all(b"x").unwrap();
    assert_idle(&mut selector);
    Ok(())
}

fn a_hang_up_of_a_paused_key_does_not_end_a_wait<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let (reader, writer) = pairs::pipe()?;
    let mut selector = Selector::<B, selectors::sys::fd::OwnedFd>::new().unwrap();
    for file in [a.into(), reader.into()] {
        let token = selector.register(file, READ, ()).unwrap();
        selector.pause(token).unwrap();
    }
    drop((b, writer));
    assert_times_out(&mut selector, Duration::from_millis(5));
    Ok(())
}

fn a_paused_key_stays_in_the_map<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register_with(&a, WRITE, Mode::Oneshot, "data").unwrap();
    selector.pause(&a).unwrap();
    let key = selector.key(token).unwrap();
    assert!(key.is_paused() && !key.is_armed() && std::ptr::eq(*key.fileobj(), &a));
    assert_eq!((key.token(), key.fd(), key.interest()), (token, a.as_raw_fd(), WRITE));
    assert_eq!((key.mode(), *key.data()), (Mode::Oneshot, "data"));
    assert!(selector.keys().len() == 1 && selector.keys().contains(&a));
    let key = selector.unregister(token).unwrap();
    assert_eq!((key.interest, key.mode, key.data), (WRITE, Mode::Oneshot, "data"));
    Ok(())
}

fn other_keys_are_reported<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..3).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _>::new().unwrap();
    let tokens: Vec<_> = pairs.iter().map(|(a, _)| selector.register(a, WRITE, ()).unwrap()).collect();
    for paused in &tokens {
        selector.pause(paused).unwrap();
        let expected = tokens.iter().filter(|token| *token != paused);
        assert_ready(&mut selector, expected.map(|token| (*token, WRITE)));
        selector.rearm(paused).unwrap();
    }
    assert_eq!(now(&mut selector).len(), 3);
    Ok(())
}

fn rearm_resumes_it<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    selector.pause(token).unwrap();
    selector.rearm(token).unwrap();
    let key = selector.key(token).unwrap();
    assert!(key.is_armed() && !key.is_paused());
    for _ in 0..2 {
        assert_ready(&mut selector, [(token, WRITE)]);
    }
    Ok(())
}

fn modify_resumes_it<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    // Modifying to the same interest resumes it, too.
    for interest in [WRITE, READ, BOTH] {
        selector.pause(token).unwrap();
        assert_idle(&mut selector);
        selector.modify(token, interest).unwrap();
        assert_ready(&mut selector, [(token, interest)]);
        assert_eq!(selector.key(token).unwrap().interest(), interest);
    }
    Ok(())
}

fn modify_with_resumes_it<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, READ, ()).unwrap();
    selector.pause(token).unwrap();
    selector.modify_with(token, WRITE, Mode::Oneshot).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    assert_idle(&mut selector);
    Ok(())
}

fn a_key_that_is_ready_when_resumed_is_reported<B: Backend>() -> Run {
    for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
        let (a, mut b) = pairs::streams();
        let mut selector = Selector::<B, _>::new().unwrap();
        if !supports(&selector, READ, mode) {
            continue;
        }
        let token = selector.register_with(a, READ, mode, ()).unwrap();
        selector.pause(token).unwrap();
        b.write_all(b"x").unwrap();
        assert_idle(&mut selector);
        selector.rearm(token).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
    }
    Ok(())
}

fn pausing_twice_makes_one_call<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(a, WRITE, ()).unwrap();
    selector.pause(token).unwrap();
    control.clear_calls();
    selector.pause(token).unwrap();
    assert_eq!(control.take_calls(), []);
    assert!(selector.key(token).unwrap().is_paused());
    selector.rearm(token).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

fn pause_removes_it_from_the_back_end<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    selector.register(&a, WRITE, ()).unwrap();
    let calls = control.take_calls();
    let [Call::Add(fd, tag, ..)] = calls[..] else { panic!("{calls:?}") };
    selector.pause(&a).unwrap();
    assert_eq!(control.take_calls(), [Call::Remove(fd, tag)]);
    Ok(())
}

fn resuming_adds_it_to_the_back_end<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, WRITE, ()).unwrap();
    let calls = control.take_calls();
    let [Call::Add(fd, first, ..)] = calls[..] else { panic!("{calls:?}") };
    let assert_added = |interest, mode| {
        let calls = control.take_calls();
        let [Call::Add(_, tag, ..)] = calls[..] else { panic!("{calls:?}") };
        assert_eq!(calls, [Call::Add(fd, tag, interest, mode)]);
        assert_ne!(tag, first, "each arming has its own tag");
    };
    for (interest, mode) in [(WRITE, Mode::Level), (READ, Mode::Oneshot)] {
        selector.pause(token).unwrap();
        control.clear_calls();
        selector.modify_with(token, interest, mode).unwrap();
        assert_added(interest, mode);
    }
    selector.pause(token).unwrap();
    control.clear_calls();
    selector.rearm(token).unwrap();
    assert_added(READ, Mode::Oneshot);
    assert_eq!(control.modified_from(), []);
    Ok(())
}

/// `poll(2)` reports hang-ups of all entries, also of those without an interest.
fn a_wait_gets_neither_paused_nor_spent_keys<B: Backend>() -> Run {
    let ((a, _b), (c, _d), (e, _f)) = (pairs::streams(), pairs::streams(), pairs::streams());
    let (mut selector, control) = MockBackend::<B>::selector();
    let paused = selector.register(&a, WRITE, ()).unwrap();
    let spent = selector.register_with(&c, WRITE, Mode::Oneshot, ()).unwrap();
    selector.register(&e, WRITE, ()).unwrap();
    let mut waited_for = || {
        control.clear_calls();
        let _ = now(&mut selector);
        let [Call::Wait(numbers)] = &control.take_calls()[..] else { panic!() };
        numbers.clone()
    };
    let [first, second, third] = [&a, &c, &e].map(AsRawFd::as_raw_fd);
    assert_eq!(waited_for(), [first, second, third]);
    assert_eq!(waited_for(), [first, third]);
    selector.pause(paused).unwrap();
    control.clear_calls();
    let _ = now(&mut selector);
    assert_eq!(control.take_calls(), [Call::Wait(vec![third])]);
    selector.rearm(spent).unwrap();
    control.clear_calls();
    let _ = now(&mut selector);
    assert_eq!(control.take_calls(), [Call::Wait(vec![second, third])]);
    Ok(())
}

fn a_refused_change_does_not_resume_it<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(a, WRITE, ()).unwrap();
    selector.pause(token).unwrap();
    control.deny_mode(Some(Mode::Oneshot));
    control.clear_calls();
    assert!(matches!(selector.modify(token, Interest::empty()), Err(Error::InvalidInterest(_))));
    assert!(matches!(
        selector.modify_with(token, READ, Mode::Oneshot),
        Err(Error::Unsupported { mode: Mode::Oneshot, .. })
    ));
    assert_eq!(control.take_calls(), []);
    let key = selector.key(token).unwrap();
    assert_eq!((key.is_paused(), key.interest(), key.mode()), (true, WRITE, Mode::Level));
    assert_idle(&mut selector);
    Ok(())
}

fn keys_can_be_paused_while_a_list_is_iterated<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _>::new().unwrap();
    for stream in [&a, &c] {
        selector.register(stream, WRITE, ()).unwrap();
    }
    let ready = now(&mut selector);
    assert_eq!(ready.len(), 2);
    for (token, _) in &ready {
        assert!(selector.parts(token).is_some(), "a paused key is there");
        for stream in [&a, &c] {
            selector.pause(stream).unwrap();
        }
    }
    assert_idle(&mut selector);
    Ok(())
}

/// For programs that compute an interest, which may be empty.
fn set_interest_pauses_where_it_is_empty<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, READ, ()).unwrap();
    control.clear_calls();
    selector.set_interest(token, WRITE).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    selector.set_interest(&a, Interest::empty()).unwrap();
    let key = selector.key(token).unwrap();
    assert!(key.is_paused() && key.interest() == WRITE);
    assert_idle(&mut selector);
    let calls = control.take_calls();
    assert!(
        matches!(calls[..], [Call::Modify(..), Call::Wait(_), Call::Remove(..), Call::Wait(_)]),
        "{calls:?}"
    );
    selector.set_interest(token, Interest::empty()).unwrap();
    selector.set_interest(token, READ).unwrap();
    selector.set_interest(token, READ).unwrap();
    let calls = control.take_calls();
    assert!(matches!(calls[..], [Call::Add(_, _, READ, Mode::Level)]), "{calls:?}");
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn set_interest_refuses_unknown_bits<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, WRITE, ()).unwrap();
    let unknown = Interest::from_bits_retain(32);
    assert!(
        matches!(selector.set_interest(token, unknown), Err(Error::InvalidInterest(named)) if named == unknown)
    );
    assert!(selector.key(token).unwrap().is_armed());
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}
