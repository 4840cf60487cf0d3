//! Urgent data of TCP.
//!
//! PRIORITY is optional for a back end. `register` asserts how a back end without it refuses it.

use conformance::{
    ACTIONS, NotRun, PRIORITY, READ, Run, WAIT, WRITE, assert_idle, assert_list, assert_ready, need, now,
    pairs, soon, wait_ready,
};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use selectors::backend::Backend;
use selectors::{Interest, Mode, Selector, Token};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

conformance::scenarios!(priority:
    an_urgent_byte_is_reported,
    an_urgent_byte_is_not_readable,
    urgent_and_other_data_are_reported_together,
    urgent_data_is_reported_until_it_is_read,
    other_data_is_not_urgent,
    the_end_is_not_urgent,
    priority_can_be_added,
    priority_can_be_removed,
);

type Streams<B> = Selector<B, TcpStream>;

/// Returns a selector in which one end of a connection is registered, and the other end.
fn registered<B: Backend>(interest: Interest) -> Result<(Streams<B>, Token, TcpStream), NotRun> {
    let (a, b) = pairs::tcp();
    let mut selector = Streams::<B>::new().unwrap();
    need(&selector, interest, Mode::Level)?;
    let token = selector.register(a, interest, ()).unwrap();
    Ok((selector, token, b))
}

/// Sends an urgent byte, and waits until it has arrived.
fn urge(from: &TcpStream, to: &TcpStream) {
    send(from, b"!", SendFlags::OOB).unwrap();
    let start = Instant::now();
    while !matches!(recv(to, &mut [0_u8; 1], RecvFlags::OOB | RecvFlags::PEEK), Ok((_, 1))) {
        assert!(start.elapsed() < WAIT, "the urgent byte did not arrive");
        thread::yield_now();
    }
}

fn an_urgent_byte_is_reported<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(PRIORITY)?;
    assert_idle(&mut selector);
    send(&b, b"!", SendFlags::OOB).unwrap();
    for _ in 0..2 {
        let ready = soon(&mut selector);
        assert!(ready.get(token).unwrap().is_priority());
        assert_list(&ready, [(token, PRIORITY)]);
    }
    Ok(())
}

fn an_urgent_byte_is_not_readable<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ)?;
    urge(&b, selector.fileobj(token).unwrap());
    assert_idle(&mut selector);
    selector.modify(token, READ | WRITE).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

fn urgent_and_other_data_are_reported_together<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(ACTIONS)?;
    wait_ready(&mut selector, [(token, WRITE)]);
    urge(&b, selector.fileobj(token).unwrap());
    wait_ready(&mut selector, [(token, WRITE | PRIORITY)]);
    send(&b, b"x", SendFlags::empty()).unwrap();
    selector.modify(token, READ).unwrap();
    let _ = soon(&mut selector);
    selector.modify(token, ACTIONS).unwrap();
    wait_ready(&mut selector, [(token, ACTIONS)]);
    Ok(())
}

/// On the BSDs it is reported until the data that follows it is read, too.
fn urgent_data_is_reported_until_it_is_read<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(PRIORITY)?;
    urge(&b, selector.fileobj(token).unwrap());
    wait_ready(&mut selector, [(token, PRIORITY)]);
    send(&b, b"x", SendFlags::empty()).unwrap();
    let mut byte = [0_u8];
    recv(selector.fileobj(token).unwrap(), &mut byte, RecvFlags::OOB).unwrap();
    assert_eq!(byte, *b"!");
    selector.modify(token, READ).unwrap();
    let _ = soon(&mut selector);
    recv(selector.fileobj(token).unwrap(), &mut byte, RecvFlags::empty()).unwrap();
    assert_eq!(byte, *b"x");
    selector.modify(token, READ | PRIORITY).unwrap();
    assert_idle(&mut selector);
    Ok(())
}

fn other_data_is_not_urgent<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ | PRIORITY)?;
    send(&b, b"x", SendFlags::empty()).unwrap();
    wait_ready(&mut selector, [(token, READ)]);
    selector.modify(token, PRIORITY).unwrap();
    assert_idle(&mut selector);
    Ok(())
}

/// A back end may report it as a hint.
fn the_end_is_not_urgent<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ | PRIORITY)?;
    drop(b);
    wait_ready(&mut selector, [(token, READ)]);
    selector.modify(token, PRIORITY).unwrap();
    let seen = now(&mut selector).get(token).unwrap_or_default();
    assert_eq!(seen.interest(), Interest::empty());
    Ok(())
}

fn priority_can_be_added<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(READ)?;
    need(&selector, READ | PRIORITY, Mode::Level)?;
    urge(&b, selector.fileobj(token).unwrap());
    selector.modify(token, READ | PRIORITY).unwrap();
    assert_eq!(selector.key(token).unwrap().interest(), READ | PRIORITY);
    wait_ready(&mut selector, [(token, PRIORITY)]);
    Ok(())
}

fn priority_can_be_removed<B: Backend>() -> Run {
    let (mut selector, token, b) = registered::<B>(PRIORITY)?;
    urge(&b, selector.fileobj(token).unwrap());
    wait_ready(&mut selector, [(token, PRIORITY)]);
    selector.modify(token, READ).unwrap();
    assert_idle(&mut selector);
    Ok(())
}
