//! The end of a connection, from either side.

use conformance::{
    BOTH, NotRun, READ, Run, WRITE, darwin, interests, now, pairs, soon, unless_wine, unless_winsock,
    wait_ready, when_asleep,
};
use rustix::net::{Shutdown, shutdown, sockopt};
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, OwnedFd};
use selectors::{FdIo, Interest, Readiness, Selector};
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

conformance::scenarios!(hangup:
    a_closed_peer_is_reported,
    the_end_comes_after_the_data_of_a_closed_peer,
    a_full_socket_is_writable_when_the_peer_closes,
    a_peer_that_closes_ends_the_wait,
    a_half_close_by_the_peer_is_readable,
    a_half_close_by_the_peer_makes_no_room,
    a_half_close_of_this_end_is_not_readable,
    a_socket_that_is_shut_down_for_reading_is_readable,
    both_ends_are_readable_when_both_half_closed,
    a_reset_is_reported,
    a_socket_error_is_reported,
    a_pipe_without_writers_is_readable,
    a_pipe_with_another_writer_is_not_at_its_end,
    a_pipe_without_readers_is_writable,
    a_full_pipe_without_readers_is_writable,
    a_hang_up_is_reported_in_each_wait,
    each_of_several_hang_ups_is_reported,
    a_healthy_connection_has_no_hints,
    a_healthy_pipe_has_no_hints,
    the_hints_of_a_half_closed_connection_are_true,
);

const HINTS: Readiness = Readiness::READ_CLOSED.union(Readiness::WRITE_CLOSED).union(Readiness::ERROR);

/// Returns both ends of a Unix and of a TCP connection.
fn connections() -> [(&'static str, OwnedFd, OwnedFd); 2] {
    let ((a, b), (c, d)) = (pairs::streams(), pairs::tcp());
    [("Unix", a.into(), b.into()), ("TCP", c.into(), d.into())]
}

/// Waits, and returns the readiness that is reported for this interest.
pub(super) fn readiness<B: Backend>(end: impl AsFd, interest: Interest) -> Readiness {
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(end, interest, ()).unwrap();
    soon(&mut selector).get(token).unwrap()
}

/// Returns the readiness that is reported for this interest now.
fn readiness_now<B: Backend>(end: impl AsFd, interest: Interest) -> Readiness {
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(end, interest, ()).unwrap();
    now(&mut selector).get(token).unwrap_or_default()
}

fn read(end: impl AsFd) -> std::io::Result<usize> {
    FdIo::new(end).read(&mut [0; 8])
}

fn send(end: impl AsFd) {
    FdIo::new(end).write_all(b"x").unwrap();
}

/// Asserts that the end of the data is reported as readable, and that the socket is writable.
fn assert_at_end<B: Backend>(end: impl AsFd, kind: &str) {
    let end = end.as_fd();
    for interest in [READ, BOTH, WRITE] {
        assert_eq!(readiness::<B>(end, interest).interest(), interest, "{kind}");
    }
    assert_eq!(read(end).unwrap(), 0, "{kind}");
    assert_eq!(readiness::<B>(end, READ).interest(), READ, "{kind}, after the end was read");
}

fn a_closed_peer_is_reported<B: Backend>() -> Run {
    for (kind, here, peer) in connections() {
        drop(peer);
        assert_at_end::<B>(&here, kind);
    }
    Ok(())
}

fn the_end_comes_after_the_data_of_a_closed_peer<B: Backend>() -> Run {
    for (kind, here, peer) in connections() {
        send(&peer);
        drop(peer);
        assert_eq!(readiness::<B>(&here, READ).interest(), READ, "{kind}");
        assert_eq!(read(&here).unwrap(), 1, "{kind}");
        assert_at_end::<B>(&here, kind);
    }
    Ok(())
}

fn a_full_socket_is_writable_when_the_peer_closes<B: Backend>() -> Run {
    let (here, peer) = pairs::streams();
    pairs::fill(&here);
    assert_eq!(readiness_now::<B>(&here, WRITE), Readiness::empty());
    drop(peer);
    assert_eq!(readiness::<B>(&here, WRITE).interest(), WRITE);
    assert_ne!((&here).write(b"x").unwrap_err().kind(), ErrorKind::WouldBlock);
    Ok(())
}

fn a_peer_that_closes_ends_the_wait<B: Backend>() -> Run {
    for (kind, here, peer) in connections() {
        let seen = when_asleep(move || drop(peer), || readiness::<B>(&here, READ));
        assert_eq!(seen.interest(), READ, "{kind}");
    }
    Ok(())
}

fn a_half_close_by_the_peer_is_readable<B: Backend>() -> Run {
    for (kind, here, peer) in connections() {
        shutdown(&peer, Shutdown::Write).unwrap();
        assert_at_end::<B>(&here, kind);
        send(&here);
        assert_eq!(readiness::<B>(&peer, READ).interest(), READ, "{kind}");
        assert_eq!(read(&peer).unwrap(), 1, "{kind}");
        assert_eq!(readiness_now::<B>(&peer, READ).interest(), Interest::empty(), "{kind}");
    }
    Ok(())
}

fn a_half_close_by_the_peer_makes_no_room<B: Backend>() -> Run {
    let (here, peer) = pairs::streams();
    pairs::fill(&here);
    shutdown(&peer, Shutdown::Write).unwrap();
    if B::new().unwrap().name() == "poll" {
        unless_winsock("WSAPoll reports a hang-up when the peer sends no more")?;
        if darwin::POLL_HANGS_UP_HALF_CLOSED {
            return Err(NotRun::because("poll of XNU reports a hang-up when the peer sends no more"));
        }
    }
    assert_eq!(readiness::<B>(&here, BOTH).interest(), READ);
    assert_eq!(readiness_now::<B>(&here, WRITE), Readiness::empty());
    Ok(())
}

fn a_half_close_of_this_end_is_not_readable<B: Backend>() -> Run {
    for (kind, here, peer) in connections() {
        shutdown(&here, Shutdown::Write).unwrap();
        assert_eq!(readiness_now::<B>(&here, READ).interest(), Interest::empty(), "{kind}");
        send(&peer);
        assert_eq!(readiness::<B>(&here, READ).interest(), READ, "{kind}");
        assert_eq!(read(&here).unwrap(), 1, "{kind}");
        assert_eq!(readiness_now::<B>(&here, READ).interest(), Interest::empty(), "{kind}");
        assert_at_end::<B>(&peer, kind);
    }
    Ok(())
}

fn a_socket_that_is_shut_down_for_reading_is_readable<B: Backend>() -> Run {
    unless_wine("Wine 8 does not report that this end was shut down for reading")?;
    for (kind, here, peer) in connections() {
        shutdown(&here, Shutdown::Read).unwrap();
        assert_at_end::<B>(&here, kind);
        send(&here);
        assert_eq!(readiness::<B>(&peer, READ).interest(), READ, "{kind}");
        assert_eq!(read(&peer).unwrap(), 1, "{kind}");
    }
    Ok(())
}

fn both_ends_are_readable_when_both_half_closed<B: Backend>() -> Run {
    for (kind, here, peer) in connections() {
        shutdown(&peer, Shutdown::Write).unwrap();
        assert_at_end::<B>(&here, kind);
        shutdown(&here, Shutdown::Write).unwrap();
        for end in [&peer, &here] {
            assert_eq!(readiness::<B>(end, READ).interest(), READ, "{kind}");
            assert_eq!(read(end).unwrap(), 0, "{kind}");
        }
    }
    Ok(())
}

fn a_reset_is_reported<B: Backend>() -> Run {
    let (here, peer) = pairs::tcp();
    // Closing without lingering sends a reset: tcp(7), socket(7).
    sockopt::set_socket_linger(&peer, Some(Duration::ZERO)).unwrap();
    drop(peer);
    for interest in [READ, WRITE, BOTH] {
        // READ comes first: the socket is writable even before the reset arrives.
        assert_eq!(readiness::<B>(&here, interest).interest(), interest);
    }
    unless_wine("Wine 8 takes the error of a socket before the program can")?;
    assert_eq!(read(&here).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(readiness::<B>(&here, READ).interest(), READ);
    Ok(())
}

/// The peer of a UDP socket is closed. Its answer to a datagram is an error, which makes the socket readable.
fn a_socket_error_is_reported<B: Backend>() -> Run {
    unless_wine("Wine 8 takes the error of a socket before the program can")?;
    let (here, peer) = pairs::udp();
    drop(peer);
    here.send(b"x").unwrap();
    for interest in [READ, BOTH, WRITE] {
        assert_eq!(readiness::<B>(&here, interest).interest(), interest);
    }
    // Windows calls it a reset: WSAECONNRESET, of a datagram, in "Windows Sockets error codes".
    let kind = here.recv(&mut [0]).unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset), "{kind}");
    assert_eq!(readiness_now::<B>(&here, READ), Readiness::empty());
    Ok(())
}

fn a_pipe_without_writers_is_readable<B: Backend>() -> Run {
    let (reader, writer) = pairs::pipe()?;
    send(&writer);
    drop(writer);
    for left in [1, 0, 0] {
        assert_eq!(readiness::<B>(&reader, READ).interest(), READ);
        assert!(readiness::<B>(&reader, BOTH).is_readable());
        assert_eq!(read(&reader).unwrap(), left);
    }
    Ok(())
}

fn a_pipe_with_another_writer_is_not_at_its_end<B: Backend>() -> Run {
    let (reader, writer) = pairs::pipe()?;
    let another = writer.try_clone().unwrap();
    drop(writer);
    assert_eq!(readiness_now::<B>(&reader, READ), Readiness::empty());
    drop(another);
    assert_eq!(readiness::<B>(&reader, READ).interest(), READ);
    Ok(())
}

fn a_pipe_without_readers_is_writable<B: Backend>() -> Run {
    let (reader, mut writer) = pairs::pipe()?;
    drop(reader);
    assert_eq!(readiness::<B>(&writer, WRITE).interest(), WRITE);
    assert_eq!(writer.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(readiness::<B>(&writer, WRITE).interest(), WRITE);
    Ok(())
}

fn a_full_pipe_without_readers_is_writable<B: Backend>() -> Run {
    let (reader, mut writer) = pairs::pipe()?;
    pairs::fill(&writer);
    assert_eq!(readiness_now::<B>(&writer, WRITE), Readiness::empty());
    drop(reader);
    assert_eq!(readiness::<B>(&writer, WRITE).interest(), WRITE);
    assert_eq!(writer.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    Ok(())
}

fn a_hang_up_is_reported_in_each_wait<B: Backend>() -> Run {
    for (kind, here, peer) in connections() {
        let mut selector = Selector::<B, _>::new().unwrap();
        let token = selector.register(here, READ, ()).unwrap();
        assert!(now(&mut selector).is_empty(), "{kind}");
        drop(peer);
        for _ in 0..3 {
            assert_eq!(interests(&soon(&mut selector)), [(token, READ)].into(), "{kind}");
        }
        selector.modify(token, BOTH).unwrap();
        assert_eq!(interests(&soon(&mut selector)), [(token, BOTH)].into(), "{kind}");
    }
    Ok(())
}

fn each_of_several_hang_ups_is_reported<B: Backend>() -> Run {
    let mut selector = Selector::<B, _>::new().unwrap();
    let (mut gone, mut peers) = (Vec::new(), Vec::new());
    for number in 0..6 {
        let (here, peer) = pairs::streams();
        let token = selector.register(here, READ, ()).unwrap();
        if number % 2 == 0 { gone.push((token, READ)) } else { peers.push(peer) }
    }
    wait_ready(&mut selector, gone);
    drop(peers);
    assert_eq!(soon(&mut selector).len(), 6);
    Ok(())
}

fn assert_no_hints<B: Backend>(end: impl AsFd, situation: &str) {
    for interest in [READ, WRITE, BOTH] {
        let hints = readiness_now::<B>(end.as_fd(), interest) & HINTS;
        assert!(hints.is_empty(), "{situation}, interest {interest:?}: {hints:?}");
    }
}

fn a_healthy_connection_has_no_hints<B: Backend>() -> Run {
    for (kind, here, peer) in connections() {
        assert_no_hints::<B>(&here, kind);
        send(&peer);
        assert!(readiness::<B>(&here, READ).is_readable());
        assert_no_hints::<B>(&here, kind);
        pairs::fill(FdIo::new(&here));
        assert_no_hints::<B>(&here, kind);
        assert_no_hints::<B>(&peer, kind);
    }
    let (a, b) = pairs::udp();
    assert_no_hints::<B>(&a, "UDP");
    b.send(b"x").unwrap();
    assert_eq!(readiness::<B>(&a, READ), Readiness::READ);
    assert_no_hints::<B>(&a, "UDP");
    Ok(())
}

fn a_healthy_pipe_has_no_hints<B: Backend>() -> Run {
    let (reader, writer) = pairs::pipe()?;
    assert_no_hints::<B>(&reader, "an empty pipe");
    assert_no_hints::<B>(&writer, "an empty pipe");
    pairs::fill(&writer);
    assert_no_hints::<B>(&reader, "a full pipe");
    assert_no_hints::<B>(&writer, "a full pipe");
    Ok(())
}

/// A back end may omit hints, but reports no false ones.
fn the_hints_of_a_half_closed_connection_are_true<B: Backend>() -> Run {
    for (kind, here, peer) in connections() {
        shutdown(&peer, Shutdown::Write).unwrap();
        assert!(readiness::<B>(&here, READ).is_readable(), "{kind}");
        let hints = readiness::<B>(&here, BOTH) & HINTS;
        assert!(Readiness::READ_CLOSED.contains(hints), "{kind}, half-closed by the peer: {hints:?}");
        let hints = readiness::<B>(&peer, BOTH) & HINTS;
        assert!(Readiness::WRITE_CLOSED.contains(hints), "{kind}, half-closed by this end: {hints:?}");
    }
    Ok(())
}
