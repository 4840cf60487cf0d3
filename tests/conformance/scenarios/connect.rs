//! Connecting without blocking, and being connected to.

use conformance::errno::{self, Errno};
use conformance::{
    BOTH, NotRun, READ, Run, WRITE, assert_idle, now, pairs, soon, unless_winsock, wait_ready,
};
use rustix::net::{connect, listen, sockopt};
use selectors::backend::Backend;
use selectors::sys::fd::AsFd;
use selectors::{Interest, Readiness, Selector};
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

conformance::scenarios!(connect:
    an_established_connection_is_writable,
    a_refused_connection_is_reported,
    a_connection_in_progress_is_not_ready,
    a_listener_is_readable_while_a_connection_waits,
    a_listener_is_readable_until_all_connections_are_accepted,
    a_client_connects_and_receives_a_message,
);

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A socket that begins to connect, and what `connect` said.
fn connecting(address: SocketAddr) -> (TcpStream, Result<(), Errno>) {
    let socket = pairs::unconnected();
    let result = connect(&socket, &address);
    (socket.into(), result)
}

fn seen<B: Backend>(end: impl AsFd, interest: Interest) -> Readiness {
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(end, interest, ()).unwrap();
    soon(&mut selector).get(token).unwrap()
}

fn an_established_connection_is_writable<B: Backend>() -> Run {
    let (_listener, address) = listener();
    let (socket, result) = connecting(address);
    assert!(matches!(result, Ok(()) | Err(errno::CONNECTING)), "{result:?}");
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&socket, BOTH, ()).unwrap();
    // Writable, not readable, and no hint at anything wrong.
    assert_eq!(soon(&mut selector).iter().collect::<Vec<_>>(), [(token, Readiness::WRITE)]);
    assert_eq!(socket.peer_addr().unwrap(), address);
    assert!(socket.take_error().unwrap().is_none());
    Ok(())
}

/// A failed attempt ends the wait of those who want to write, and of those who want to read.
fn a_refused_connection_is_reported<B: Backend>() -> Run {
    for interest in [WRITE, READ, BOTH] {
        if interest.contains(READ) {
            unless_winsock("select of Winsock shows a failed connection to those only who wait to write")?;
        }
        let (_taken, address) = pairs::refusing();
        let (socket, result) = connecting(address);
        if result == Err(Errno::CONNREFUSED) {
            return Err(NotRun::because("the system refuses connections on loopback without delay"));
        }
        assert_eq!(result, Err(errno::CONNECTING));
        assert_eq!(seen::<B>(&socket, interest).interest(), interest);
        assert_eq!(socket.take_error().unwrap().unwrap().kind(), ErrorKind::ConnectionRefused);
    }
    Ok(())
}

fn a_connection_in_progress_is_not_ready<B: Backend>() -> Run {
    const QUEUE: i32 = 1;
    let (listener, address) = listener();
    // Not more connections than this, and a few, are made before somebody takes them; further attempts hang.
    listen(&listener, QUEUE).unwrap();
    let hangs = |socket: &TcpStream| {
        matches!(sockopt::socket_error(socket), Ok(Ok(()))) && socket.peer_addr().is_err()
    };
    let mut others = Vec::new();
    for _ in 0..8 * QUEUE {
        let (socket, result) = connecting(address);
        // FreeBSD resets the connections for which there is no room, and that may come before `connect` is over
        // (`net.inet.tcp.syncache.rst_on_sock_fail`).
        let results = [Ok(()), Err(errno::CONNECTING), Err(Errno::CONNRESET)];
        assert!(results.contains(&result), "{result:?}");
        let mut selector = Selector::<B, _>::new().unwrap();
        selector.register(&socket, BOTH, ()).unwrap();
        let before = hangs(&socket);
        let ready = now(&mut selector);
        if before && hangs(&socket) {
            assert!(ready.is_empty(), "{ready:?}");
            return Ok(());
        }
        drop(selector);
        others.push(socket);
    }
    Err(NotRun::because(format_args!("no attempt to connect hangs, of {}", others.len())))
}

fn a_listener_is_readable_while_a_connection_waits<B: Backend>() -> Run {
    let (listener, address) = listener();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&listener, READ, ()).unwrap();
    assert_idle(&mut selector);
    let (_socket, _) = connecting(address);
    for _ in 0..2 {
        assert_eq!(soon(&mut selector).iter().collect::<Vec<_>>(), [(token, Readiness::READ)]);
    }
    listener.accept().unwrap();
    assert_idle(&mut selector);
    Ok(())
}

fn a_listener_is_readable_until_all_connections_are_accepted<B: Backend>() -> Run {
    let (listener, address) = listener();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&listener, READ, ()).unwrap();
    let sockets = [connecting(address), connecting(address), connecting(address)];
    for _ in &sockets {
        wait_ready(&mut selector, [(token, READ)]);
        listener.accept().unwrap();
    }
    assert_idle(&mut selector);
    Ok(())
}

fn a_client_connects_and_receives_a_message<B: Backend>() -> Run {
    let (listener, address) = listener();
    let (socket, _) = connecting(address);
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let client = selector.register(socket, WRITE, "client").unwrap();
    wait_ready(&mut selector, [(client, WRITE)]);
    selector.modify(client, READ).unwrap();
    assert_idle(&mut selector);

    seen::<B>(&listener, READ);
    let (mut peer, _) = listener.accept().unwrap();
    peer.write_all(b"hello").unwrap();
    wait_ready(&mut selector, [(client, READ)]);
    assert_eq!(pairs::drain(selector.fileobj(client).unwrap()), 5);
    assert_idle(&mut selector);
    Ok(())
}
