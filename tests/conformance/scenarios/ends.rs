//! Interests in the end of a connection, and in nothing else.

use conformance::{
    ACTIONS, BOTH, HANG_UP, NotRun, READ, READ_CLOSED, Run, WRITE, assert_idle, need, now, pairs, soon,
    supports, when_asleep,
};
use rustix::net::{Shutdown, shutdown, sockopt};
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, OwnedFd};
use selectors::{FdIo, Interest, Mode, Readiness, Selector, Token};
use std::io::{Read, Write};
use std::time::Duration;

conformance::scenarios!(ends:
    a_client_that_half_closes_and_resets_leaks_nothing,
    a_busy_server_hears_that_its_client_left,
    data_and_room_are_no_end,
    a_half_close_is_no_hang_up,
    a_half_close_is_reported_before_the_data,
    a_shutdown_by_this_end_is_no_hang_up,
    an_end_adds_to_other_interests,
    an_end_is_reported_as_the_mode_says,
    a_pause_silences_a_hang_up,
    an_end_and_other_interests_change_to_each_other,
    the_end_of_a_pipe_is_reported,
    an_error_counts_as_a_hang_up,
);

/// The readiness of a hang-up or an error.
const HUNG_UP: Readiness = Readiness::WRITE_CLOSED.union(Readiness::ERROR);

/// Both ends.
const ENDS: Interest = READ_CLOSED.union(HANG_UP);

const MODES: [Mode; 3] = [Mode::Level, Mode::Edge, Mode::Oneshot];

/// Closes a TCP socket with a reset: tcp(7), socket(7).
fn reset(end: impl AsFd) {
    sockopt::set_socket_linger(end.as_fd(), Some(Duration::ZERO)).unwrap();
    drop(end);
}

/// Waits, and returns the readiness of the only key that is reported.
fn report<B: Backend, F: AsFd, D>(selector: &mut Selector<B, F, D>, token: Token) -> Readiness {
    loop {
        let ready = soon_or_early(selector);
        if let Some(readiness) = ready.get(token) {
            assert_eq!(ready.len(), 1);
            return readiness;
        }
    }
}

/// Waits as `soon` does. A kqueue may end a wait early with an empty list.
fn soon_or_early<B: Backend, F: AsFd, D>(selector: &mut Selector<B, F, D>) -> selectors::Ready {
    if selector.backend().name() == "kqueue" {
        selector.select(conformance::WAIT).unwrap()
    } else {
        soon(selector)
    }
}

/// A forwarder without anything to do: the client has sent all, and the server has not answered yet.
fn a_client_that_half_closes_and_resets_leaks_nothing<B: Backend>() -> Run {
    for mode in MODES {
        let ((client, far_client), (server, mut far_server)) = (pairs::tcp(), pairs::tcp());
        let mut selector = Selector::<B, _, Option<Token>>::new().unwrap();
        need(&selector, READ | HANG_UP, Mode::Level)?;
        need(&selector, HANG_UP, Mode::Level)?;
        if !supports(&selector, HANG_UP, mode) {
            continue;
        }
        let server = selector.register(server, READ | HANG_UP, None).unwrap();
        let client = selector.register(client, READ, Some(server)).unwrap();
        shutdown(&far_client, Shutdown::Write).unwrap();
        assert!(soon(&mut selector).get(client).unwrap().is_readable());
        assert_eq!(selector.fileobj_mut(client).unwrap().read(&mut [0]).unwrap(), 0);
        selector.fileobj(server).unwrap().shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(far_server.read(&mut [0]).map_err(|error| error.kind()).unwrap_or(0), 0);
        selector.modify_with(client, HANG_UP, mode).unwrap();
        assert_idle(&mut selector);

        let found = when_asleep(move || reset(far_client), || report(&mut selector, client));
        assert!(found.intersects(HUNG_UP), "{mode}: {found:?}");
        let key = selector.unregister(client).unwrap();
        drop(selector.unregister(key.data.unwrap()).unwrap());
        assert!(selector.is_empty());
    }
    Ok(())
}

/// It wants nothing from its client while it works on a request. Further requests do not disturb it.
fn a_busy_server_hears_that_its_client_left<B: Backend>() -> Run {
    let ((unix, unix_client), (tcp, tcp_client)) = (pairs::streams(), pairs::tcp());
    let pairs: [(OwnedFd, OwnedFd); 2] = [(unix.into(), unix_client.into()), (tcp.into(), tcp_client.into())];
    for (here, client) in pairs {
        let mut selector = Selector::<B, _>::new().unwrap();
        need(&selector, ENDS, Mode::Level)?;
        let token = selector.register(here, ENDS, ()).unwrap();
        FdIo::new(&client).write_all(b"next").unwrap();
        assert_idle(&mut selector);
        let found = when_asleep(move || drop(client), || report(&mut selector, token));
        assert!(found.is_read_closed() && (found - HUNG_UP) == Readiness::READ_CLOSED, "{found:?}");
    }
    Ok(())
}

fn data_and_room_are_no_end<B: Backend>() -> Run {
    let mut supported = Err(NotRun::because("this back end cannot wait for the end alone"));
    for (interest, mode) in
        [READ_CLOSED, HANG_UP, ENDS].into_iter().flat_map(|end| MODES.map(|mode| (end, mode)))
    {
        let (here, mut peer) = pairs::streams();
        let mut selector = Selector::<B, _>::new().unwrap();
        if !supports(&selector, interest, mode) {
            continue;
        }
        supported = Ok(());
        selector.register_with(&here, interest, mode, ()).unwrap();
        assert_idle(&mut selector);
        pairs::fill(&peer); // the buffer for reading
        assert_idle(&mut selector);
        pairs::drain(&here);
        pairs::fill(&here);
        assert_idle(&mut selector);
        pairs::drain(&peer);
        assert_idle(&mut selector);
        peer.write_all(b"x").unwrap();
        assert_idle(&mut selector);
    }
    supported
}

fn a_half_close_is_no_hang_up<B: Backend>() -> Run {
    let (here, peer) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    need(&selector, HANG_UP, Mode::Level)?;
    let token = selector.register(here, HANG_UP, ()).unwrap();
    shutdown(&peer, Shutdown::Write).unwrap();
    assert_idle(&mut selector);
    drop(peer);
    assert!(report(&mut selector, token).is_write_closed());
    Ok(())
}

fn a_half_close_is_reported_before_the_data<B: Backend>() -> Run {
    for mode in MODES {
        let (here, mut peer) = pairs::streams();
        let mut selector = Selector::<B, _>::new().unwrap();
        need(&selector, READ_CLOSED, Mode::Level)?;
        if !supports(&selector, READ_CLOSED, mode) {
            continue;
        }
        let token = selector.register_with(here, READ_CLOSED, mode, ()).unwrap();
        peer.write_all(b"x").unwrap();
        assert_idle(&mut selector);
        shutdown(&peer, Shutdown::Write).unwrap();
        assert_eq!(report(&mut selector, token), Readiness::READ_CLOSED, "{mode}");
        assert_eq!(selector.fileobj_mut(token).unwrap().read(&mut [0; 8]).unwrap(), 1);
    }
    Ok(())
}

/// kqueue reports a direction that was shut down as one that has ended.
fn a_shutdown_by_this_end_is_no_hang_up<B: Backend>() -> Run {
    for mode in MODES {
        let ((unix, unix_peer), (tcp, tcp_peer)) = (pairs::streams(), pairs::tcp());
        let pairs: [(OwnedFd, OwnedFd); 2] = [(unix.into(), unix_peer.into()), (tcp.into(), tcp_peer.into())];
        for (here, peer) in pairs {
            let mut selector = Selector::<B, _>::new().unwrap();
            need(&selector, HANG_UP, Mode::Level)?;
            if !supports(&selector, HANG_UP, mode) {
                continue;
            }
            let token = selector.register_with(here, HANG_UP, mode, ()).unwrap();
            shutdown(selector.fileobj(token).unwrap(), Shutdown::Write).unwrap();
            for _ in 0..3 {
                assert_idle(&mut selector);
            }
            drop(peer);
            assert!(report(&mut selector, token).intersects(HUNG_UP), "{mode}");
        }
    }
    Ok(())
}

fn an_end_adds_to_other_interests<B: Backend>() -> Run {
    let mut supported = Err(NotRun::because("this back end cannot wait for the end"));
    for interest in (1..=Interest::all().bits()).filter_map(Interest::from_bits) {
        let (here, mut peer) = pairs::streams();
        let mut selector = Selector::<B, _>::new().unwrap();
        if !interest.intersects(ENDS) || !supports(&selector, interest, Mode::Level) {
            continue;
        }
        supported = Ok(());
        let token = selector.register(here, interest, ()).unwrap();
        peer.write_all(b"x").unwrap();
        let found = now(&mut selector).get(token).unwrap_or_default();
        assert_eq!(found.interest(), interest & BOTH, "{interest:?} of a healthy connection");
        drop(peer);
        let found = loop {
            let found = report(&mut selector, token);
            if found.intersects(!Readiness::from_bits_truncate(ACTIONS.bits())) {
                break found;
            }
        };
        assert_eq!(found.interest(), interest & BOTH, "{interest:?}");
        assert!(!interest.contains(READ_CLOSED) || found.is_read_closed(), "{interest:?}: {found:?}");
        assert!(!interest.contains(HANG_UP) || found.intersects(HUNG_UP), "{interest:?}: {found:?}");
    }
    supported
}

fn an_end_is_reported_as_the_mode_says<B: Backend>() -> Run {
    for (interest, mode) in
        [READ_CLOSED, HANG_UP, ENDS].into_iter().flat_map(|end| MODES.map(|mode| (end, mode)))
    {
        let (here, peer) = pairs::streams();
        let mut selector = Selector::<B, _>::new().unwrap();
        need(&selector, READ_CLOSED, Mode::Level)?;
        if !supports(&selector, interest, mode) {
            continue;
        }
        let token = selector.register_with(here, interest, mode, ()).unwrap();
        drop(peer);
        for _ in 0..2 {
            assert_ne!(report(&mut selector, token), Readiness::empty(), "{interest:?} {mode}");
            for _ in 0..2 {
                assert_eq!(now(&mut selector).len(), usize::from(mode == Mode::Level), "{interest:?} {mode}");
            }
            selector.rearm(token).unwrap();
        }
    }
    Ok(())
}

fn a_pause_silences_a_hang_up<B: Backend>() -> Run {
    let (here, peer) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    need(&selector, HANG_UP, Mode::Level)?;
    let token = selector.register(here, HANG_UP, ()).unwrap();
    drop(peer);
    assert!(report(&mut selector, token).is_write_closed());
    selector.pause(token).unwrap();
    assert_idle(&mut selector);
    selector.rearm(token).unwrap();
    assert!(report(&mut selector, token).is_write_closed());
    selector.unregister(token).unwrap();
    assert_idle(&mut selector);
    Ok(())
}

/// Every interest, in every mode, is the one from which it changes to another.
fn an_end_and_other_interests_change_to_each_other<B: Backend>() -> Run {
    let (here, mut peer) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    need(&selector, READ_CLOSED, Mode::Level)?;
    peer.write_all(b"x").unwrap();
    let token = selector.register(here, READ, ()).unwrap();
    let interests = [READ, WRITE, BOTH, READ_CLOSED, HANG_UP, ENDS, READ | HANG_UP, WRITE | READ_CLOSED];
    let all: Vec<_> = interests.into_iter().flat_map(|interest| MODES.map(|mode| (interest, mode))).collect();
    let all: Vec<_> =
        all.into_iter().filter(|&(interest, mode)| supports(&selector, interest, mode)).collect();
    for &(from, from_mode) in &all {
        for &(to, to_mode) in &all {
            selector.modify_with(token, from, from_mode).unwrap();
            selector.modify_with(token, to, to_mode).unwrap();
            let found = now(&mut selector).get(token).unwrap_or_default();
            assert_eq!(found.interest(), to & BOTH, "from {from:?} {from_mode} to {to:?} {to_mode}");
        }
    }
    drop(peer);
    for &(interest, mode) in all.iter().filter(|(interest, _)| interest.intersects(ENDS)) {
        selector.modify_with(token, WRITE, Mode::Level).unwrap();
        selector.modify_with(token, interest, mode).unwrap();
        assert_ne!(report(&mut selector, token), Readiness::empty(), "{interest:?} {mode}");
    }
    Ok(())
}

fn the_end_of_a_pipe_is_reported<B: Backend>() -> Run {
    for mode in MODES {
        let (reader, writer) = pairs::pipe()?;
        let mut selector = Selector::<B, _>::new().unwrap();
        need(&selector, READ_CLOSED, Mode::Level)?;
        if !supports(&selector, READ_CLOSED, mode) {
            continue;
        }
        let token = selector.register_with(reader, READ_CLOSED, mode, ()).unwrap();
        FdIo::new(&writer).write_all(b"x").unwrap();
        assert_idle(&mut selector);
        drop(writer);
        assert!(report(&mut selector, token).is_read_closed(), "{mode}");

        let (reader, writer) = pairs::pipe()?;
        if !supports(&selector, HANG_UP, mode) {
            continue;
        }
        selector.unregister(token).unwrap();
        let token = selector.register_with(writer, HANG_UP, mode, ()).unwrap();
        assert_idle(&mut selector);
        drop(reader);
        assert!(report(&mut selector, token).intersects(HUNG_UP), "{mode}");
        selector.rearm(token).unwrap();
        assert!(report(&mut selector, token).intersects(HUNG_UP), "{mode}, rearmed");
    }
    Ok(())
}

/// A reset sets the error of the socket. It is reported until it is taken; the hang-up stays.
fn an_error_counts_as_a_hang_up<B: Backend>() -> Run {
    let (here, peer) = pairs::tcp();
    let mut selector = Selector::<B, _>::new().unwrap();
    need(&selector, HANG_UP, Mode::Level)?;
    let token = selector.register(here, HANG_UP, ()).unwrap();
    reset(peer);
    assert!(report(&mut selector, token).intersects(HUNG_UP));
    assert!(selector.fileobj(token).unwrap().take_error().unwrap().is_some());
    let found = report(&mut selector, token);
    assert!(found.is_write_closed() && !found.is_error(), "{found:?}");
    Ok(())
}
