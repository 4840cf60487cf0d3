//! What a forked child has of its parent's epoll set: all of it.

use conformance::{Run, Stream, in_a_fork, interests, now, pairs};
use selectors::sys::poll::{PollFd, PollFlags, poll};
use selectors::{EpollSelector, Error, Interest, Timeout, Token};
use std::cell::RefCell;
use std::io::Write;
use std::os::fd::AsFd;

conformance::scenarios_of!(epoll, fork:
    what_a_child_changes_is_changed,
    what_a_child_unregisters_is_lost,
    what_a_child_registers_is_nobody_s,
    a_child_that_drops_it,
    a_child_that_makes_its_own,
);

const BOTH: Interest = Interest::READ.union(Interest::WRITE);

/// A selector with one key, which is ready for reading and writing, and the other end.
fn inherited(interest: Interest) -> (EpollSelector<Stream>, Token, Stream) {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let mut selector = EpollSelector::new().unwrap();
    let token = selector.register(a, interest, ()).unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, interest)].into());
    (selector, token, b)
}

/// The kernel tells no more of what was asked for here; what nobody asked for here is not reported.
fn what_a_child_changes_is_changed() -> Run {
    let (mut selector, token, _b) = inherited(Interest::READ);
    assert!(in_a_fork(|| selector.modify(token, Interest::WRITE).unwrap()));
    assert_eq!(selector.key(token).unwrap().interest(), Interest::READ);
    assert!(now(&mut selector).is_empty());
    selector.modify(token, BOTH).unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, BOTH)].into());
    Ok(())
}

fn what_a_child_unregisters_is_lost() -> Run {
    let (mut selector, token, _b) = inherited(BOTH);
    assert!(in_a_fork(|| drop(selector.unregister(token).unwrap())));
    assert!(now(&mut selector).is_empty());
    let error = selector.modify(token, Interest::READ).unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "{error:?}");
    let key = selector.unregister(token).unwrap();
    let token = selector.register(key.fileobj, BOTH, ()).unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, BOTH)].into());
    Ok(())
}

/// The file stays open here, and with it the registration. No key is reported for it, but the wait ends.
fn what_a_child_registers_is_nobody_s() -> Run {
    let (mut selector, token, _b) = inherited(Interest::READ);
    selector.pause(token).unwrap();
    let (c, _d) = pairs::streams();
    assert!(in_a_fork(|| {
        let duplicate = c.try_clone().unwrap();
        let token = selector.register(duplicate, Interest::WRITE, ()).unwrap();
        assert_eq!(interests(&now(&mut selector)), [(token, Interest::WRITE)].into());
    }));
    assert_eq!(selector.keys().len(), 1);
    let mut set = [PollFd::new(selector.as_fd(), PollFlags::IN)];
    assert_eq!(poll(&mut set, Timeout::ZERO).unwrap(), 1);
    assert!(selector.select(Timeout::NEVER).unwrap().is_empty());
    Ok(())
}

/// With its keys and its waker: what is registered stays so, because the files are open here.
fn a_child_that_drops_it() -> Run {
    let (mut selector, token, _b) = inherited(BOTH);
    let waker = selector.waker().unwrap();
    let shared = RefCell::new(Some((selector, waker)));
    assert!(in_a_fork(|| drop(shared.take().unwrap())));
    assert!(in_a_fork(|| drop(shared.take().unwrap().0.into_keys().collect::<Vec<_>>())));
    let (mut selector, waker) = shared.take().unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, BOTH)].into());
    waker.wake().unwrap();
    assert!(now(&mut selector).woken());
    selector.modify(token, Interest::READ).unwrap();
    selector.unregister(token).unwrap();
    assert!(now(&mut selector).is_empty());
    Ok(())
}

fn a_child_that_makes_its_own() -> Run {
    let (mut selector, token, _b) = inherited(Interest::READ);
    assert!(in_a_fork(|| {
        let fileobj = selector.fileobj(token).unwrap();
        let mut own = EpollSelector::new().unwrap();
        let token = own.register(fileobj, BOTH, ()).unwrap();
        assert_eq!(interests(&now(&mut own)), [(token, BOTH)].into());
        own.modify(token, Interest::WRITE).unwrap();
        own.unregister(token).unwrap();
    }));
    assert_eq!(interests(&now(&mut selector)), [(token, Interest::READ)].into());
    Ok(())
}
