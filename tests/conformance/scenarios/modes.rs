//! Modes: how often a key is reported, level- and edge-triggered, and changes between modes.
//!
//! Edges are optional for a back end. `register` asserts how a back end without them refuses them.

use conformance::{
    MockBackend, NotRun, READ, Run, Stream, WRITE, assert_idle, assert_ready, assert_unsupported, need, now,
    pairs, supports,
};
use selectors::backend::Backend;
use selectors::{Interest, Mode, Selector, Token};
use std::io::{Read, Write};

conformance::scenarios!(modes:
    level_is_the_default,
    a_level_is_reported_until_it_ends,
    rearming_a_level_does_nothing,
    an_edge_is_reported_once,
    an_edge_is_reported_again_when_more_comes,
    an_edge_is_reported_again_when_rearmed,
    an_edge_from_before_the_registration_is_reported,
    modify_rearms_an_edge,
    a_back_end_without_edges_refuses_them,
    each_mode_changes_to_each,
);

const MODES: [Mode; 3] = [Mode::Level, Mode::Edge, Mode::Oneshot];

pub(super) type Pairs<B> = Selector<B, Stream>;

/// Returns a selector in which one end of a pair is registered, and the other end.
pub(super) fn registered<B: Backend>(
    interest: Interest,
    mode: Mode,
) -> Result<(Pairs<B>, Token, Stream), NotRun> {
    let (a, b) = pairs::streams();
    let mut selector = Pairs::<B>::new().unwrap();
    need(&selector, interest, mode)?;
    let token = selector.register_with(a, interest, mode, ()).unwrap();
    Ok((selector, token, b))
}

pub(super) fn send(mut end: &Stream) {
    end.write_all(b"x").unwrap();
}

fn level_is_the_default<B: Backend>() -> Run {
    assert_eq!(Mode::default(), Mode::Level);
    let (a, _b) = pairs::streams();
    let mut selector = Pairs::<B>::new().unwrap();
    let token = selector.register(a, READ, ()).unwrap();
    assert_eq!(selector.key(token).unwrap().mode(), Mode::Level);
    Ok(())
}

fn a_level_is_reported_until_it_ends<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Level)?;
    (&b).write_all(b"xyz").unwrap();
    for _left in [3, 2, 1] {
        for _ in 0..2 {
            assert_ready(&mut selector, [(token, READ)]);
        }
        assert_eq!(selector.fileobj(token).unwrap().read(&mut [0]).unwrap(), 1);
    }
    assert_idle(&mut selector);
    assert!(selector.key(token).unwrap().is_armed());
    Ok(())
}

fn rearming_a_level_does_nothing<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, WRITE, ()).unwrap();
    control.clear_calls();
    selector.rearm(token).unwrap();
    assert_eq!(control.take_calls(), []);
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

fn an_edge_is_reported_once<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Edge)?;
    assert_eq!(selector.key(token).unwrap().mode(), Mode::Edge);
    assert_idle(&mut selector);
    send(&b);
    assert_ready(&mut selector, [(token, READ)]);
    for _ in 0..3 {
        assert_idle(&mut selector);
    }
    assert!(selector.key(token).unwrap().is_armed());
    Ok(())
}

fn an_edge_is_reported_again_when_more_comes<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Edge)?;
    for drain in [false, true, false] {
        send(&b);
        assert_ready(&mut selector, [(token, READ)]);
        if drain {
            pairs::drain(selector.fileobj(token).unwrap());
        }
        assert_idle(&mut selector);
    }
    Ok(())
}

fn an_edge_is_reported_again_when_rearmed<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Edge)?;
    send(&b);
    assert_ready(&mut selector, [(token, READ)]);
    for _ in 0..2 {
        selector.rearm(token).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
        assert_idle(&mut selector);
        // Modifying to the same interest rearms an edge.
        selector.modify(token, READ).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
        assert_idle(&mut selector);
    }
    pairs::drain(selector.fileobj(token).unwrap());
    selector.rearm(token).unwrap();
    assert_idle(&mut selector);
    Ok(())
}

fn an_edge_from_before_the_registration_is_reported<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Edge)?;
    send(&b);
    let a = selector.unregister(token).unwrap().fileobj;
    let token = selector.register_with(a, READ, Mode::Edge, ()).unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    assert_idle(&mut selector);
    Ok(())
}

fn modify_rearms_an_edge<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ, Mode::Edge)?;
    selector.modify(token, WRITE).unwrap();
    assert_eq!(selector.key(token).unwrap().mode(), Mode::Edge);
    assert_ready(&mut selector, [(token, WRITE)]);
    send(&b);
    assert_idle(&mut selector);
    selector.modify(token, READ).unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    assert_idle(&mut selector);
    Ok(())
}

/// Both `register_with` and `modify_with` refuse them.
fn a_back_end_without_edges_refuses_them<B: Backend>() -> Run {
    let ((a, _a), (b, peer)) = (pairs::streams(), pairs::streams());
    let (mut selector, control) = MockBackend::<B>::selector();
    control.deny_mode(Some(Mode::Edge));
    let token = selector.register(&b, WRITE, 1).unwrap();
    control.clear_calls();
    let rejected = selector.register_with(&a, READ, Mode::Edge, 2).unwrap_err();
    assert_unsupported(&selector, &rejected.error, READ, Mode::Edge);
    assert!(std::ptr::eq(rejected.fileobj, &a) && rejected.data == 2);
    let error = selector.modify_with(token, READ, Mode::Edge).unwrap_err();
    assert_unsupported(&selector, &error, READ, Mode::Edge);
    // Nothing has changed, and the back end was not called.
    assert_eq!(control.take_calls(), []);
    assert!(selector.key(&a).is_none());
    let key = selector.key(token).unwrap();
    assert_eq!((key.interest(), key.mode(), key.is_armed()), (WRITE, Mode::Level, true));
    send(&peer);
    for _ in 0..2 {
        assert_ready(&mut selector, [(token, WRITE)]);
    }
    Ok(())
}

/// Asserts that the only key, which is ready, is reported as often as its mode says.
fn assert_reported<B: Backend>(
    selector: &mut Pairs<B>,
    token: Token,
    peer: &Stream,
    mode: Mode,
    before: Mode,
) {
    let mut reported = || {
        let ready = now(selector);
        assert!(ready.iter().all(|(found, _)| found == token));
        !ready.is_empty()
    };
    let (first, second) = (reported(), reported());
    send(peer);
    let third = reported();
    let expected = match mode {
        Mode::Level => (true, true, true),
        Mode::Edge => (true, false, true),
        Mode::Oneshot => (true, false, false),
        other => panic!("{other} is new"),
    };
    assert_eq!((first, second, third), expected, "{mode}, after {before}");
}

/// Changes to the same mode and changes of a spent key included.
fn each_mode_changes_to_each<B: Backend>() -> Run {
    let selector = Pairs::<B>::new().unwrap();
    let has = |mode: &Mode| supports(&selector, READ, *mode);
    for from in MODES.into_iter().filter(has) {
        for to in MODES.into_iter().filter(has) {
            let (mut selector, token, b) = registered::<B>(READ, from)?;
            send(&b);
            assert_reported(&mut selector, token, &b, from, from);
            selector.modify_with(token, READ, to).unwrap();
            let key = selector.key(token).unwrap();
            assert_eq!((key.interest(), key.mode(), key.is_armed()), (READ, to, true));
            assert_reported(&mut selector, token, &b, to, from);
            selector.modify_with(token, READ, from).unwrap();
            assert_reported(&mut selector, token, &b, from, to);
        }
    }
    Ok(())
}
