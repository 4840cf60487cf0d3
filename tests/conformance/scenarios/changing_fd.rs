//! File objects that lend one descriptor when registered, and another later.

use conformance::{
    Call, ChangingFd, MockBackend, READ, Run, Stream, WAIT, WRITE, assert_idle, assert_list,
    assert_not_registered, assert_ready, errno, now, pairs, wait_woken,
};
use selectors::backend::Backend;
use selectors::{Error, Mode, Readiness, Selector, Token};
use std::io::Write;
use std::rc::Rc;

conformance::scenarios!(changing_fd:
    each_call_borrows_the_descriptor_once,
    the_back_end_gets_the_descriptor_that_was_checked,
    modify_fails_while_the_descriptor_differs,
    pause_succeeds_while_the_descriptor_differs,
    unregister_succeeds_while_the_descriptor_differs,
    rearm_fails_while_the_descriptor_differs,
    resuming_fails_while_the_descriptor_differs,
    a_call_that_changes_nothing_does_not_borrow,
    a_paused_key_can_be_unregistered,
    a_wait_reports_the_key_or_ignores_the_other_descriptor,
    a_wait_that_fails_without_it_reports_the_key,
    a_wait_reports_a_oneshot_key_once,
    waits_survive_a_descriptor_that_differs_in_each_call,
    a_wait_ignores_a_paused_key,
    a_wait_ignores_a_spent_key,
    one_object_is_registered_with_two_descriptors,
);

/// Returns an object that lends one of two sockets, and the peers of both.
fn changing_fd() -> (ChangingFd, [Stream; 2]) {
    let ((a, a_peer), (b, b_peer)) = (pairs::streams(), pairs::streams());
    (ChangingFd::new(a, b), [a_peer, b_peer])
}

fn each_call_borrows_the_descriptor_once<B: Backend>() -> Run {
    let (file, _peers) = changing_fd();
    let mut selector = Selector::<B, &ChangingFd>::new().unwrap();
    let mut calls = 0;
    let mut once = |what: &str| {
        assert_eq!(file.calls() - calls, 1, "{what}");
        calls = file.calls();
    };
    let token = selector.register_with(&file, READ, Mode::Oneshot, ()).unwrap();
    once("register");
    selector.modify(token, WRITE).unwrap();
    once("modify");
    selector.rearm(token).unwrap();
    once("rearm");
    selector.pause(token).unwrap();
    once("pause");
    selector.rearm(token).unwrap();
    once("rearm of a paused one");
    selector.unregister(token).unwrap();
    once("unregister");
    selector.register(&file, READ, ()).unwrap();
    once("register");
    assert_idle(&mut selector);
    assert!(file.calls() - calls <= 1, "select");
    Ok(())
}

fn the_back_end_gets_the_descriptor_that_was_checked<B: Backend>() -> Run {
    let ((a, _a_peer), (b, _b_peer)) = (pairs::streams(), pairs::streams());
    let file = ChangingFd::alternating(a, b);
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&file, READ, ()).unwrap();
    let number = file.fd(0);
    assert_eq!(selector.key(token).map(|key| key.fd()), Some(number));
    // Each call borrows the other one of the two descriptors.
    assert!(matches!(selector.modify(token, WRITE), Err(Error::InvalidFd { .. })));
    selector.modify(token, WRITE).unwrap();
    assert!(matches!(selector.modify(token, READ), Err(Error::InvalidFd { .. })));
    selector.unregister(token).unwrap();
    let calls = control.take_calls();
    assert!(
        matches!(calls[..], [Call::Add(x, ..), Call::Modify(y, ..), Call::Remove(z, _)] if [x, y, z] == [number; 3]),
        "{calls:?}"
    );
    Ok(())
}

/// Asserts that a call fails and changes nothing while the object lends another descriptor than the registered one, and that
/// it succeeds when the object lends the registered one again.
fn refused<B: Backend>(
    mode: Mode,
    prepare: impl Fn(&mut Selector<B, Rc<ChangingFd>>, Token),
    call: impl Fn(&mut Selector<B, Rc<ChangingFd>>, Token) -> Result<(), Error>,
) {
    let (file, [mut peer, _other_peer]) = changing_fd();
    let file = Rc::new(file);
    let mut selector = Selector::<B, Rc<ChangingFd>>::new().unwrap();
    let token = selector.register_with(Rc::clone(&file), READ, mode, ()).unwrap();
    prepare(&mut selector, token);
    let look = |selector: &Selector<B, Rc<ChangingFd>>| {
        let key = selector.key(token).unwrap();
        (key.fd(), key.interest(), key.mode(), key.is_armed(), key.is_paused())
    };
    let before = look(&selector);
    file.choose(1);
    for _ in 0..2 {
        match call(&mut selector, token) {
            Err(Error::InvalidFd { registered, lent, token: named, .. }) => {
                assert_eq!((registered, lent, named), (file.fd(0), file.fd(1), token));
            }
            result => panic!("{result:?}"),
        }
        assert_eq!((look(&selector), selector.keys().len()), (before, 1));
    }
    file.choose(0);
    peer.write_all(b"x").unwrap();
    assert_ready(&mut selector, before.3.then_some((token, READ)));
    call(&mut selector, token).unwrap();
}

fn modify_fails_while_the_descriptor_differs<B: Backend>() -> Run {
    refused::<B>(Mode::Level, |_, _| (), |selector, token| selector.modify(token, WRITE));
    let once =
        |selector: &mut Selector<B, Rc<ChangingFd>>, token| selector.modify_with(token, READ, Mode::Oneshot);
    refused::<B>(Mode::Level, |_, _| (), once);
    Ok(())
}

fn pause_succeeds_while_the_descriptor_differs<B: Backend>() -> Run {
    let (file, [mut peer, mut other_peer]) = changing_fd();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&file, READ, ()).unwrap();
    control.clear_calls();
    file.choose(1);
    selector.pause(token).unwrap();
    selector.pause(token).unwrap();
    // Neither number is shown to the back end: one is not lent, and the other is not registered.
    assert_eq!(control.take_calls(), []);
    assert!(selector.key(token).is_some_and(|key| key.is_paused() && !key.is_armed()));
    peer.write_all(b"x").unwrap();
    other_peer.write_all(b"x").unwrap();
    assert_idle(&mut selector);
    assert!(matches!(selector.rearm(token), Err(Error::InvalidFd { .. })));
    file.choose(0);
    control.clear_calls();
    selector.rearm(token).unwrap();
    // The earlier watch first, unless the wait found it, and the back end rebuilt its set without it.
    let calls = control.take_calls();
    match calls[..] {
        [Call::Add(fd, ..)] => assert_eq!(fd, file.fd(0)),
        [Call::Remove(removed, _), Call::Add(added, ..)] => assert_eq!([removed, added], [file.fd(0); 2]),
        _ => panic!("{calls:?}"),
    }
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn unregister_succeeds_while_the_descriptor_differs<B: Backend>() -> Run {
    for mode in [Mode::Level, Mode::Oneshot] {
        let (file, [mut peer, mut other_peer]) = changing_fd();
        let (mut selector, control) = MockBackend::<B>::selector();
        let token = selector.register_with(&file, READ, mode, ()).unwrap();
        file.choose(1);
        control.clear_calls();
        let key = selector.unregister(token).unwrap();
        assert_eq!((key.token, key.fd, key.mode), (token, file.fd(0), mode));
        assert_eq!(control.take_calls(), []);
        assert_not_registered(selector.unregister(token));
        peer.write_all(b"x").unwrap();
        other_peer.write_all(b"x").unwrap();
        assert_idle(&mut selector);
        // Nothing of the earlier registration is left, such as its mode.
        file.choose(0);
        let again = selector.register(&file, READ, ()).unwrap();
        for _ in 0..2 {
            assert_ready(&mut selector, [(again, READ)]);
        }
        selector.unregister(again).unwrap();
        assert_idle(&mut selector);
    }
    Ok(())
}

fn rearm_fails_while_the_descriptor_differs<B: Backend>() -> Run {
    refused::<B>(Mode::Oneshot, |_, _| (), |selector, token| selector.rearm(token));
    Ok(())
}

fn resuming_fails_while_the_descriptor_differs<B: Backend>() -> Run {
    let pause = |selector: &mut Selector<B, Rc<ChangingFd>>, token| selector.pause(token).unwrap();
    refused::<B>(Mode::Level, pause, |selector, token| selector.rearm(token));
    refused::<B>(Mode::Level, pause, |selector, token| selector.modify(token, WRITE));
    Ok(())
}

fn a_call_that_changes_nothing_does_not_borrow<B: Backend>() -> Run {
    let (file, _peers) = changing_fd();
    let mut selector = Selector::<B, &ChangingFd>::new().unwrap();
    let token = selector.register(&file, READ, ()).unwrap();
    file.choose(1);
    selector.modify(token, READ).unwrap();
    selector.rearm(token).unwrap();
    assert!(selector.key(token).is_some() && selector.parts(token).is_some());
    assert_eq!(file.calls(), 1);
    Ok(())
}

fn a_paused_key_can_be_unregistered<B: Backend>() -> Run {
    let (file, _peers) = changing_fd();
    let mut selector = Selector::<B, &ChangingFd>::new().unwrap();
    let token = selector.register(&file, READ, ()).unwrap();
    selector.pause(token).unwrap();
    file.choose(1);
    assert_eq!(selector.unregister(token).unwrap().fd, file.fd(0));
    Ok(())
}

/// select, poll and /dev/poll are shown all descriptors in each wait, so a wait notices. The others have the earlier file.
fn a_wait_reports_the_key_or_ignores_the_other_descriptor<B: Backend>() -> Run {
    let (file, [mut peer, mut other_peer]) = changing_fd();
    let (steady, [mut steady_peer, _unused]) = changing_fd();
    let mut selector = Selector::<B, &ChangingFd>::new().unwrap();
    let token = selector.register(&file, READ, ()).unwrap();
    let other = selector.register(&steady, READ, ()).unwrap();
    other_peer.write_all(b"x").unwrap();
    steady_peer.write_all(b"x").unwrap();
    file.choose(1);
    let ready = selector.select(WAIT).unwrap();
    let noticed = selector.key(token).is_some_and(|key| key.is_paused());
    let expected = Readiness::READ | Readiness::ERROR;
    assert_eq!(ready.get(token), noticed.then_some(expected));
    // The data of the other descriptor is not reported.
    assert_list(&ready, [(other, READ)].into_iter().chain(noticed.then_some((token, READ))));
    for _ in 0..2 {
        assert_ready(&mut selector, [(other, READ)]); // the mistake is reported once
    }
    assert!(matches!(selector.modify(token, WRITE), Err(Error::InvalidFd { .. })));
    selector.modify(other, WRITE).unwrap();
    selector.modify(other, READ).unwrap();
    file.choose(0);
    if noticed {
        selector.rearm(token).unwrap();
    }
    assert_ready(&mut selector, [(other, READ)]);
    peer.write_all(b"x").unwrap();
    assert_ready(&mut selector, [(token, READ), (other, READ)]);
    Ok(())
}

/// A wait that notices the other descriptor waits again, without the key. The error of that wait may hide the first one.
fn a_wait_that_fails_without_it_reports_the_key<B: Backend>() -> Run {
    let (file, [mut peer, _other_peer]) = changing_fd();
    let (mut selector, control) = MockBackend::<B>::selector::<&ChangingFd, ()>();
    let token = selector.register(&file, READ, ()).unwrap();
    let waker = selector.waker().unwrap();
    waker.wake().unwrap();
    file.choose(1);
    control.report_and_fail(errno::UNHEARD_OF);
    let result = selector.select(WAIT);
    let noticed = selector.key(token).is_some_and(|key| key.is_paused());
    match result {
        Ok(ready) => assert_list(&ready, noticed.then_some((token, READ))),
        Err(error) => assert!(matches!(error, Error::Os { .. }) && !noticed, "{error:?}"),
    }
    wait_woken(&mut selector);
    file.choose(0);
    if noticed {
        selector.rearm(token).unwrap();
    }
    peer.write_all(b"x").unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn a_wait_reports_a_oneshot_key_once<B: Backend>() -> Run {
    let (file, [mut peer, _other_peer]) = changing_fd();
    let mut selector = Selector::<B, &ChangingFd>::new().unwrap();
    let token = selector.register_with(&file, READ, Mode::Oneshot, ()).unwrap();
    file.choose(1);
    let noticed = now(&mut selector).len() == 1;
    assert_eq!(selector.key(token).map(|key| key.is_paused()), Some(noticed));
    assert_idle(&mut selector);
    file.choose(0);
    selector.rearm(token).unwrap();
    assert_idle(&mut selector);
    peer.write_all(b"x").unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    assert_idle(&mut selector);
    Ok(())
}

fn waits_survive_a_descriptor_that_differs_in_each_call<B: Backend>() -> Run {
    let files = [(); 3].map(|()| {
        let ((a, a_peer), (b, b_peer)) = (pairs::streams(), pairs::streams());
        (ChangingFd::alternating(a, b), a_peer, b_peer)
    });
    let (steady, [mut steady_peer, _unused]) = changing_fd();
    let mut selector = Selector::<B, &ChangingFd>::new().unwrap();
    let tokens = files.each_ref().map(|(file, ..)| selector.register(file, READ, ()).unwrap());
    let other = selector.register(&steady, READ, ()).unwrap();
    let waker = selector.waker().unwrap();
    steady_peer.write_all(b"x").unwrap();
    for _ in 0..10 {
        waker.wake().unwrap();
        let ready = now(&mut selector);
        assert_eq!((ready.woken(), ready.get(other)), (true, Some(Readiness::READ)));
        for token in tokens {
            let _ = selector.rearm(token);
        }
    }
    // An object that differs in each call is unregistered all the same.
    for token in tokens {
        selector.unregister(token).unwrap();
    }
    assert_ready(&mut selector, [(other, READ)]);
    Ok(())
}

fn a_wait_ignores_a_paused_key<B: Backend>() -> Run {
    let (file, _peers) = changing_fd();
    let mut selector = Selector::<B, &ChangingFd>::new().unwrap();
    let token = selector.register(&file, WRITE, ()).unwrap();
    selector.pause(token).unwrap();
    file.choose(1);
    assert_idle(&mut selector);
    Ok(())
}

fn a_wait_ignores_a_spent_key<B: Backend>() -> Run {
    let (file, _peers) = changing_fd();
    let mut selector = Selector::<B, &ChangingFd>::new().unwrap();
    let token = selector.register_with(&file, WRITE, Mode::Oneshot, ()).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    file.choose(1);
    assert_idle(&mut selector);
    Ok(())
}

fn one_object_is_registered_with_two_descriptors<B: Backend>() -> Run {
    let (file, _peers) = changing_fd();
    let mut selector = Selector::<B, &ChangingFd>::new().unwrap();
    let first = selector.register(&file, READ, ()).unwrap();
    file.choose(1);
    let second = selector.register(&file, READ, ()).unwrap();
    let rejected = selector.register(&file, READ, ()).unwrap_err();
    assert!(matches!(rejected.error, Error::AlreadyRegistered { fd, token, .. }
        if fd == file.fd(1) && token == second));
    assert_eq!(selector.key(&file).map(|key| (key.token(), key.fd())), Some((second, file.fd(1))));
    assert_eq!(selector.unregister(first).unwrap().fd, file.fd(0));
    assert_eq!(selector.unregister(second).unwrap().fd, file.fd(1));
    Ok(())
}
