//! Edges of the `epoll` back end.

use conformance::{READ, Run, Stream, WRITE, assert_idle, assert_ready, interests, now, pairs};
use selectors::{EpollSelector, Interest, Mode, Token};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

conformance::scenarios_of!(epoll, edge:
    more_data_is_an_edge,
    the_rest_of_a_partial_read_is_no_edge,
    readiness_at_registration_is_an_edge,
    rearming_reports_present_readiness,
    changing_the_interest_arms_the_key,
    room_to_write_is_an_edge,
    an_edge_reports_both_directions,
    each_closed_direction_is_an_edge,
    rearming_a_paused_key_reports_readiness,
    fired_one_shot_keys_end_no_wait,
);

type Selector = EpollSelector<Stream>;

fn found(selector: &mut Selector, token: Token) -> Option<Interest> {
    let ready = interests(&now(selector));
    assert!(ready.keys().all(|found| *found == token));
    ready.get(&token).copied()
}

/// A selector with an edge-triggered key for one end of a pair, and the other end.
fn registered(interest: Interest) -> (Selector, Token, Stream) {
    let (a, b) = pairs::streams();
    let mut selector = EpollSelector::new().unwrap();
    let token = selector.register_with(a, interest, Mode::Edge, ()).unwrap();
    (selector, token, b)
}

fn more_data_is_an_edge() -> Run {
    let (mut selector, token, mut b) = registered(READ);
    for _ in 0..3 {
        assert_eq!(found(&mut selector, token), None);
        b.write_all(b"x").unwrap();
        assert_eq!(found(&mut selector, token), Some(READ));
    }
    // Two writes before one wait are one edge.
    b.write_all(b"y").unwrap();
    b.write_all(b"z").unwrap();
    assert_eq!(found(&mut selector, token), Some(READ));
    assert_eq!(found(&mut selector, token), None);
    assert_eq!(pairs::drain(selector.fileobj(token).unwrap()), 5);
    Ok(())
}

fn the_rest_of_a_partial_read_is_no_edge() -> Run {
    let (mut selector, token, mut b) = registered(READ);
    b.write_all(b"xyz").unwrap();
    assert_eq!(found(&mut selector, token), Some(READ));
    let mut a = selector.fileobj(token).unwrap();
    assert_eq!(a.read(&mut [0]).unwrap(), 1);
    assert_eq!(found(&mut selector, token), None);
    b.write_all(b"!").unwrap();
    assert_eq!(found(&mut selector, token), Some(READ));
    assert_eq!(pairs::drain(selector.fileobj(token).unwrap()), 3);
    Ok(())
}

fn readiness_at_registration_is_an_edge() -> Run {
    let (a, _b) = pairs::ready();
    let mut selector = EpollSelector::new().unwrap();
    for _ in 0..2 {
        let token = selector.register_with(&a, READ, Mode::Edge, ()).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
        assert_idle(&mut selector);
        selector.unregister(token).unwrap();
    }
    Ok(())
}

fn rearming_reports_present_readiness() -> Run {
    let (mut selector, token, mut b) = registered(READ);
    selector.rearm(token).unwrap();
    assert_eq!(found(&mut selector, token), None);
    b.write_all(b"x").unwrap();
    assert_eq!(found(&mut selector, token), Some(READ));
    for _ in 0..2 {
        selector.rearm(token).unwrap();
        assert_eq!(found(&mut selector, token), Some(READ));
        // `modify` with the same interest arms an edge again.
        selector.modify(token, READ).unwrap();
        assert_eq!(found(&mut selector, token), Some(READ));
        assert_eq!(found(&mut selector, token), None);
    }
    Ok(())
}

fn changing_the_interest_arms_the_key() -> Run {
    let (mut selector, token, mut b) = registered(READ);
    selector.modify(token, WRITE).unwrap();
    assert_eq!(selector.key(token).unwrap().mode(), Mode::Edge);
    assert_eq!(found(&mut selector, token), Some(WRITE));
    assert_eq!(found(&mut selector, token), None);
    b.write_all(b"x").unwrap();
    assert_eq!(found(&mut selector, token), None);
    selector.modify_with(token, READ, Mode::Level).unwrap();
    for _ in 0..2 {
        assert_eq!(found(&mut selector, token), Some(READ));
    }
    Ok(())
}

fn room_to_write_is_an_edge() -> Run {
    let (mut selector, token, b) = registered(WRITE);
    assert_eq!(found(&mut selector, token), Some(WRITE));
    pairs::fill(selector.fileobj(token).unwrap());
    assert_eq!(found(&mut selector, token), None);
    pairs::drain(&b);
    assert_eq!(found(&mut selector, token), Some(WRITE));
    assert_eq!(found(&mut selector, token), None);
    Ok(())
}

/// An edge reports everything that is ready within the interest, not only the change.
fn an_edge_reports_both_directions() -> Run {
    let both = READ | WRITE;
    let (mut selector, token, mut b) = registered(both);
    assert_eq!(found(&mut selector, token), Some(WRITE));
    assert_eq!(found(&mut selector, token), None);
    b.write_all(b"x").unwrap();
    assert_eq!(found(&mut selector, token), Some(both));
    assert_eq!(found(&mut selector, token), None);
    Ok(())
}

fn each_closed_direction_is_an_edge() -> Run {
    let (mut selector, token, b) = registered(READ);
    assert_eq!(found(&mut selector, token), None);
    b.shutdown(std::net::Shutdown::Write).unwrap();
    let ready = now(&mut selector);
    assert!(ready.get(token).unwrap().is_read_closed());
    assert_eq!(found(&mut selector, token), None);
    drop(b);
    let ready = now(&mut selector);
    assert!(ready.get(token).unwrap().is_write_closed());
    assert_eq!(found(&mut selector, token), None);
    Ok(())
}

fn rearming_a_paused_key_reports_readiness() -> Run {
    let (mut selector, token, mut b) = registered(READ);
    selector.pause(token).unwrap();
    b.write_all(b"x").unwrap();
    assert_eq!(found(&mut selector, token), None);
    selector.rearm(token).unwrap();
    assert_eq!(found(&mut selector, token), Some(READ));
    assert_eq!(found(&mut selector, token), None);
    assert_eq!(selector.key(token).unwrap().mode(), Mode::Edge);
    Ok(())
}

/// The kernel disarms a one-shot key that has fired, so the next wait sleeps.
fn fired_one_shot_keys_end_no_wait() -> Run {
    let (a, _b) = pairs::ready();
    let mut selector = EpollSelector::new().unwrap();
    selector.register_with(a, READ, Mode::Oneshot, ()).unwrap();
    assert_eq!(now(&mut selector).len(), 1);
    let (limit, start) = (Duration::from_millis(5), Instant::now());
    assert!(selector.select(limit).unwrap().is_empty());
    assert!(start.elapsed() >= limit);
    Ok(())
}
