//! A forked child shares the epoll set of its parent.

use super::super::common::is_readable;
use conformance::{BOTH, READ, Run, Stream, WRITE, assert_idle, assert_ready, in_a_fork, now, pairs};
use selectors::{EpollSelector, Error, Interest, Timeout, Token};
use std::cell::RefCell;

conformance::scenarios_of!(epoll, fork:
    changes_of_a_child_affect_the_parent,
    keys_that_a_child_unregisters_are_lost,
    registrations_of_a_child_are_not_reported,
    a_child_can_drop_the_selector,
    a_child_can_create_its_own_selector,
);

/// A selector with one key, which is ready for reading and writing, and the other end of its pair.
fn inherited(interest: Interest) -> (EpollSelector<Stream>, Token, Stream) {
    let (a, b) = pairs::ready();
    let mut selector = EpollSelector::new().unwrap();
    let token = selector.register(a, interest, ()).unwrap();
    assert_ready(&mut selector, [(token, interest)]);
    (selector, token, b)
}

/// The kernel watches for the new interest only, and the parent does not report what its own key does not ask for.
fn changes_of_a_child_affect_the_parent() -> Run {
    let (mut selector, token, _b) = inherited(READ);
    assert!(in_a_fork(|| selector.modify(token, WRITE).unwrap()));
    assert_eq!(selector.key(token).unwrap().interest(), READ);
    assert_idle(&mut selector);
    selector.modify(token, BOTH).unwrap();
    assert_ready(&mut selector, [(token, BOTH)]);
    Ok(())
}

fn keys_that_a_child_unregisters_are_lost() -> Run {
    let (mut selector, token, _b) = inherited(BOTH);
    assert!(in_a_fork(|| drop(selector.unregister(token).unwrap())));
    assert_idle(&mut selector);
    let error = selector.modify(token, READ).unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "{error:?}");
    let key = selector.unregister(token).unwrap();
    let token = selector.register(key.fileobj, BOTH, ()).unwrap();
    assert_ready(&mut selector, [(token, BOTH)]);
    Ok(())
}

/// The file stays open in the parent, and with it the child's registration. The wait ends, but reports no key.
fn registrations_of_a_child_are_not_reported() -> Run {
    let (mut selector, token, _b) = inherited(READ);
    selector.pause(token).unwrap();
    let (c, _d) = pairs::streams();
    assert!(in_a_fork(|| {
        let duplicate = c.try_clone().unwrap();
        let token = selector.register(duplicate, WRITE, ()).unwrap();
        assert_ready(&mut selector, [(token, WRITE)]);
    }));
    assert_eq!(selector.keys().len(), 1);
    assert!(is_readable(&selector));
    assert!(selector.select(Timeout::NEVER).unwrap().is_empty());
    Ok(())
}

/// The child drops the keys and the waker too. The registrations stay, because the parent has the files open.
fn a_child_can_drop_the_selector() -> Run {
    let (mut selector, token, _b) = inherited(BOTH);
    let waker = selector.waker().unwrap();
    let shared = RefCell::new(Some((selector, waker)));
    assert!(in_a_fork(|| drop(shared.take().unwrap())));
    assert!(in_a_fork(|| drop(shared.take().unwrap().0.into_keys().collect::<Vec<_>>())));
    let (mut selector, waker) = shared.take().unwrap();
    assert_ready(&mut selector, [(token, BOTH)]);
    waker.wake().unwrap();
    assert!(now(&mut selector).woken());
    selector.modify(token, READ).unwrap();
    selector.unregister(token).unwrap();
    assert_idle(&mut selector);
    Ok(())
}

fn a_child_can_create_its_own_selector() -> Run {
    let (mut selector, token, _b) = inherited(READ);
    assert!(in_a_fork(|| {
        let fileobj = selector.fileobj(token).unwrap();
        let mut own = EpollSelector::new().unwrap();
        let token = own.register(fileobj, BOTH, ()).unwrap();
        assert_ready(&mut own, [(token, BOTH)]);
        own.modify(token, WRITE).unwrap();
        own.unregister(token).unwrap();
    }));
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}
