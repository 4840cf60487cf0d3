//! One-shot keys: reported once, then not until they are armed again. Every back end has them.

use super::modes::{found, registered, send};
use conformance::{Call, Puppet, Run, errno, interests, now, pairs};
use selectors::backend::Backend;
use selectors::sys::fd::AsRawFd;
use selectors::{Interest, Mode, Readiness, Selector};
use std::time::{Duration, Instant};

conformance::scenarios!(oneshot:
    reported_once,
    not_spent_before_it_is_ready,
    what_comes_first_spends_it_for_both,
    again_when_armed,
    again_when_modified,
    one_of_several,
    a_spent_key_is_not_waited_for,
    the_hang_up_of_a_spent_key_is_not_reported,
    a_spent_key_ends_no_wait,
    a_spent_key_that_the_back_end_reports,
    reported_in_several_parts,
    reported_for_nothing_that_was_asked_for,
    a_spent_key_is_paused,
    a_spent_key_is_unregistered,
    arming_reaches_the_back_end,
    arming_that_fails_leaves_it_spent,
);

const READ: Interest = Interest::READ;
const WRITE: Interest = Interest::WRITE;
const BOTH: Interest = READ.union(WRITE);

fn reported_once<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    send(&b);
    assert!(selector.key(token).unwrap().is_armed());
    assert_eq!(found(&mut selector, token), Some(READ));
    let key = selector.key(token).unwrap();
    assert!(!key.is_armed() && !key.is_paused());
    assert_eq!((key.interest(), key.mode()), (READ, Mode::Oneshot));
    assert_eq!(found(&mut selector, token), None);
    // More of the same does not bring it back.
    send(&b);
    assert_eq!(found(&mut selector, token), None);
    Ok(())
}

fn not_spent_before_it_is_ready<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    for _ in 0..3 {
        assert_eq!(found(&mut selector, token), None);
        assert!(selector.key(token).unwrap().is_armed());
    }
    send(&b);
    assert_eq!(found(&mut selector, token), Some(READ));
    Ok(())
}

fn what_comes_first_spends_it_for_both<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(BOTH, Mode::Oneshot)?;
    assert_eq!(found(&mut selector, token), Some(WRITE));
    send(&b);
    assert_eq!(found(&mut selector, token), None);
    selector.rearm(token).unwrap();
    assert_eq!(found(&mut selector, token), Some(BOTH));
    assert_eq!(found(&mut selector, token), None);
    Ok(())
}

fn again_when_armed<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    send(&b);
    for _ in 0..3 {
        assert_eq!(found(&mut selector, token), Some(READ));
        assert_eq!(found(&mut selector, token), None);
        selector.rearm(token).unwrap();
        assert!(selector.key(token).unwrap().is_armed());
    }
    pairs::drain(selector.fileobj(token).unwrap());
    assert_eq!(found(&mut selector, token), None);
    send(&b);
    assert_eq!(found(&mut selector, token), Some(READ));
    Ok(())
}

fn again_when_modified<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    send(&b);
    for interest in [READ, READ, WRITE, BOTH] {
        selector.modify(token, interest).unwrap();
        assert_eq!(selector.key(token).unwrap().mode(), Mode::Oneshot);
        assert_eq!(found(&mut selector, token), Some(interest));
        assert_eq!(found(&mut selector, token), None);
    }
    Ok(())
}

/// Only those are spent that were reported.
fn one_of_several<B: Backend>() -> Run {
    let ends = [pairs::streams(), pairs::streams(), pairs::streams()];
    let mut selector = Selector::<B, _>::new().unwrap();
    let first = selector.register_with(&ends[0].0, READ, Mode::Oneshot, ()).unwrap();
    let second = selector.register_with(&ends[1].0, READ, Mode::Oneshot, ()).unwrap();
    let third = selector.register(&ends[2].0, READ, ()).unwrap();
    let mut found = || interests(&now(&mut selector));
    send(&ends[0].1);
    assert_eq!(found(), [(first, READ)].into());
    send(&ends[1].1);
    send(&ends[2].1);
    assert_eq!(found(), [(second, READ), (third, READ)].into());
    assert_eq!(found(), [(third, READ)].into());
    Ok(())
}

fn a_spent_key_is_not_waited_for<B: Backend>() -> Run {
    let ((a, b), (c, _d)) = (pairs::streams(), pairs::streams());
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register_with(&a, READ, Mode::Oneshot, ()).unwrap();
    selector.register(&c, READ, ()).unwrap();
    send(&b);
    let both = vec![a.as_raw_fd(), c.as_raw_fd()];
    let mut waited_for = || {
        strings.calls();
        now(&mut selector);
        strings.calls()
    };
    assert_eq!(waited_for(), [Call::Wait(both.clone())]);
    assert_eq!(waited_for(), [Call::Wait(vec![c.as_raw_fd()])]);
    selector.rearm(token).unwrap();
    strings.calls();
    assert_eq!(interests(&now(&mut selector)), [(token, READ)].into());
    assert_eq!(strings.calls(), [Call::Wait(both)]);
    Ok(())
}

fn the_hang_up_of_a_spent_key_is_not_reported<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(WRITE, Mode::Oneshot)?;
    assert_eq!(found(&mut selector, token), Some(WRITE));
    drop(b);
    for _ in 0..2 {
        assert_eq!(found(&mut selector, token), None);
    }
    selector.rearm(token).unwrap();
    assert_eq!(found(&mut selector, token), Some(WRITE));
    assert_eq!(found(&mut selector, token), None);
    Ok(())
}

/// Though there is something to read, and the peer is gone.
fn a_spent_key_ends_no_wait<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    send(&b);
    assert_eq!(found(&mut selector, token), Some(READ));
    send(&b);
    drop(b);
    let (limit, start) = (Duration::from_micros(5500), Instant::now());
    assert!(selector.select(limit).unwrap().is_empty());
    assert!(start.elapsed() >= limit);
    Ok(())
}

fn a_spent_key_that_the_back_end_reports<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register_with(&a, WRITE, Mode::Oneshot, ()).unwrap();
    let Some(Call::Add(_, tag, ..)) = strings.calls().pop() else { panic!("nothing was added") };
    assert_eq!(interests(&now(&mut selector)), [(token, WRITE)].into());
    for _ in 0..2 {
        strings.lie([(tag, Readiness::WRITE), (tag, Readiness::all())]);
        assert!(now(&mut selector).is_empty());
    }
    Ok(())
}

/// All parts of a report count, though the first one spends the key.
fn reported_in_several_parts<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register_with(&a, BOTH, Mode::Oneshot, ()).unwrap();
    let Some(Call::Add(_, tag, ..)) = strings.calls().pop() else { panic!("nothing was added") };
    strings.silence();
    strings.lie([(tag, Readiness::READ), (tag, Readiness::WRITE)]);
    assert_eq!(interests(&now(&mut selector)), [(token, BOTH)].into());
    assert!(!selector.key(token).unwrap().is_armed());
    Ok(())
}

fn reported_for_nothing_that_was_asked_for<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register_with(&a, READ, Mode::Oneshot, ()).unwrap();
    let Some(Call::Add(_, tag, ..)) = strings.calls().pop() else { panic!("nothing was added") };
    strings.lie([(tag, Readiness::WRITE)]);
    assert!(now(&mut selector).is_empty());
    assert!(selector.key(token).unwrap().is_armed());
    send(&b);
    assert_eq!(interests(&now(&mut selector)), [(token, READ)].into());
    Ok(())
}

fn a_spent_key_is_paused<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    send(&b);
    assert_eq!(found(&mut selector, token), Some(READ));
    selector.pause(token).unwrap();
    assert!(selector.key(token).unwrap().is_paused());
    assert_eq!(found(&mut selector, token), None);
    selector.rearm(token).unwrap();
    assert!(selector.key(token).unwrap().is_armed());
    assert_eq!(found(&mut selector, token), Some(READ));
    assert_eq!(found(&mut selector, token), None);
    Ok(())
}

fn a_spent_key_is_unregistered<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    send(&b);
    assert_eq!(found(&mut selector, token), Some(READ));
    let key = selector.unregister(token).unwrap();
    assert_eq!((key.interest, key.mode), (READ, Mode::Oneshot));
    assert_eq!(pairs::drain(&key.fileobj), 1);
    send(&b);
    let again = selector.register(key.fileobj, READ, ()).unwrap();
    for _ in 0..2 {
        assert_eq!(found(&mut selector, again), Some(READ));
    }
    Ok(())
}

fn arming_reaches_the_back_end<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register_with(&a, READ, Mode::Oneshot, ()).unwrap();
    strings.calls();
    // Whether it is spent or not.
    selector.rearm(token).unwrap();
    selector.modify(token, READ).unwrap();
    selector.modify_with(token, READ, Mode::Oneshot).unwrap();
    let calls = strings.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| matches!(call, Call::Modify(_, _, READ, Mode::Oneshot))), "{calls:?}");
    Ok(())
}

fn arming_that_fails_leaves_it_spent<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register_with(&a, WRITE, Mode::Oneshot, ()).unwrap();
    assert_eq!(now(&mut selector).len(), 1);
    strings.refuse(Some(errno::NO_MEMORY));
    selector.rearm(token).unwrap_err();
    selector.modify_with(token, BOTH, Mode::Level).unwrap_err();
    strings.refuse(None);
    let key = selector.key(token).unwrap();
    assert_eq!((key.interest(), key.mode(), key.is_armed()), (WRITE, Mode::Oneshot, false));
    assert!(now(&mut selector).is_empty());
    selector.rearm(token).unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, WRITE)].into());
    Ok(())
}
