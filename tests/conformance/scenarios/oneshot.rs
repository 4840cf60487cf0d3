//! One-shot keys: reported once, then not until they are rearmed. Every back end must support them.

use super::modes::{registered, send};
use conformance::{
    BOTH, MockBackend, READ, Run, WRITE, assert_idle, assert_ready, assert_times_out, errno, now, pairs,
};
use selectors::backend::Backend;
use selectors::{Mode, Selector};
use std::time::Duration;

conformance::scenarios!(oneshot:
    a_key_is_reported_once,
    a_wait_that_finds_nothing_spends_no_key,
    the_first_report_spends_both_interests,
    rearm_reports_it_again,
    modify_reports_it_again,
    only_reported_keys_are_spent,
    the_hang_up_of_a_spent_key_is_not_reported,
    a_spent_key_ends_no_wait,
    a_spent_key_can_be_paused,
    a_spent_key_can_be_unregistered,
    a_rearm_that_fails_leaves_it_spent,
);

fn a_key_is_reported_once<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    send(&b);
    assert!(selector.key(token).unwrap().is_armed());
    assert_ready(&mut selector, [(token, READ)]);
    let key = selector.key(token).unwrap();
    assert!(!key.is_armed() && !key.is_paused());
    assert_eq!((key.interest(), key.mode()), (READ, Mode::Oneshot));
    assert_idle(&mut selector);
    // More data does not rearm it.
    send(&b);
    assert_idle(&mut selector);
    Ok(())
}

fn a_wait_that_finds_nothing_spends_no_key<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    for _ in 0..3 {
        assert_idle(&mut selector);
        assert!(selector.key(token).unwrap().is_armed());
    }
    send(&b);
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn the_first_report_spends_both_interests<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(BOTH, Mode::Oneshot)?;
    assert_ready(&mut selector, [(token, WRITE)]);
    send(&b);
    assert_idle(&mut selector);
    selector.rearm(token).unwrap();
    assert_ready(&mut selector, [(token, BOTH)]);
    assert_idle(&mut selector);
    Ok(())
}

fn rearm_reports_it_again<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    send(&b);
    for _ in 0..3 {
        assert_ready(&mut selector, [(token, READ)]);
        assert_idle(&mut selector);
        selector.rearm(token).unwrap();
        assert!(selector.key(token).unwrap().is_armed());
    }
    pairs::drain(selector.fileobj(token).unwrap());
    assert_idle(&mut selector);
    send(&b);
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn modify_reports_it_again<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    send(&b);
    for interest in [READ, READ, WRITE, BOTH] {
        selector.modify(token, interest).unwrap();
        let key = selector.key(token).unwrap();
        assert_eq!((key.mode(), key.is_armed()), (Mode::Oneshot, true));
        assert_ready(&mut selector, [(token, interest)]);
        assert!(!selector.key(token).unwrap().is_armed());
        assert_idle(&mut selector);
    }
    Ok(())
}

/// A wait spends the keys that it reports, and no others.
fn only_reported_keys_are_spent<B: Backend>() -> Run {
    let ends = [pairs::streams(), pairs::streams(), pairs::streams()];
    let mut selector = Selector::<B, _>::new().unwrap();
    let first = selector.register_with(&ends[0].0, READ, Mode::Oneshot, ()).unwrap();
    let second = selector.register_with(&ends[1].0, READ, Mode::Oneshot, ()).unwrap();
    let third = selector.register(&ends[2].0, READ, ()).unwrap();
    send(&ends[0].1);
    assert_ready(&mut selector, [(first, READ)]);
    send(&ends[1].1);
    send(&ends[2].1);
    assert_ready(&mut selector, [(second, READ), (third, READ)]);
    assert_ready(&mut selector, [(third, READ)]);
    Ok(())
}

fn the_hang_up_of_a_spent_key_is_not_reported<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(WRITE, Mode::Oneshot)?;
    assert_ready(&mut selector, [(token, WRITE)]);
    drop(b);
    for _ in 0..2 {
        assert_idle(&mut selector);
    }
    selector.rearm(token).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    assert_idle(&mut selector);
    Ok(())
}

/// Although there is data, and the peer is closed.
fn a_spent_key_ends_no_wait<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    send(&b);
    assert_ready(&mut selector, [(token, READ)]);
    send(&b);
    drop(b);
    assert_times_out(&mut selector, Duration::from_micros(5500));
    Ok(())
}

fn a_spent_key_can_be_paused<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    send(&b);
    assert_ready(&mut selector, [(token, READ)]);
    selector.pause(token).unwrap();
    assert!(selector.key(token).unwrap().is_paused());
    assert_idle(&mut selector);
    selector.rearm(token).unwrap();
    assert!(selector.key(token).unwrap().is_armed());
    assert_ready(&mut selector, [(token, READ)]);
    assert_idle(&mut selector);
    Ok(())
}

fn a_spent_key_can_be_unregistered<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Oneshot)?;
    send(&b);
    assert_ready(&mut selector, [(token, READ)]);
    let key = selector.unregister(token).unwrap();
    assert_eq!((key.interest, key.mode), (READ, Mode::Oneshot));
    assert_eq!(pairs::drain(&key.fileobj), 1);
    send(&b);
    let again = selector.register(key.fileobj, READ, ()).unwrap();
    for _ in 0..2 {
        assert_ready(&mut selector, [(again, READ)]);
    }
    Ok(())
}

fn a_rearm_that_fails_leaves_it_spent<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register_with(&a, WRITE, Mode::Oneshot, ()).unwrap();
    assert_eq!(now(&mut selector).len(), 1);
    control.refuse(Some(errno::NO_MEMORY));
    selector.rearm(token).unwrap_err();
    selector.modify_with(token, BOTH, Mode::Level).unwrap_err();
    control.refuse(None);
    let key = selector.key(token).unwrap();
    assert_eq!((key.interest(), key.mode(), key.is_armed()), (WRITE, Mode::Oneshot, false));
    assert_idle(&mut selector);
    selector.rearm(token).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}
