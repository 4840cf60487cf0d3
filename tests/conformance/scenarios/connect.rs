//! Non-blocking connects and listeners.

use super::hangup::readiness;
use conformance::errno::{self, Errno};
use conformance::{
    BOTH, NotRun, READ, Run, WRITE, assert_idle, now, pairs, soon, unless_winsock, wait_ready,
};
use rustix::net::{connect, listen, sockopt};
use selectors::backend::Backend;
use selectors::{Readiness, Selector};
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

/// Returns a socket that begins to connect, and the result of `connect`.
fn connecting(address: SocketAddr) -> (TcpStream, Result<(), Errno>) {
    let socket = pairs::unconnected();
    let result = connect(&socket, &address);
    (socket.into(), result)
}

fn an_established_connection_is_writable<B: Backend>() -> Run {
    let (_listener, address) = listener();
    let (socket, result) = connecting(address);
    assert!(matches!(result, Ok(()) | Err(errno::CONNECTING)), "{result:?}");
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&socket, BOTH, ()).unwrap();
    // Writable, not readable, and no hints.
    assert_eq!(soon(&mut selector).iter().collect::<Vec<_>>(), [(token, Readiness::WRITE)]);
    assert_eq!(socket.peer_addr().unwrap(), address);
    assert!(socket.take_error().unwrap().is_none());
    Ok(())
}

/// A failed attempt makes the socket writable and readable.
fn a_refused_connection_is_reported<B: Backend>() -> Run {
    for interest in [WRITE, READ, BOTH] {
        if interest.contains(READ) {
            unless_winsock("select of Winsock reports a failed connection to writers only")?;
        }
        let (_taken, address) = pairs::refusing();
        let (socket, result) = connecting(address);
        if result == Err(Errno::CONNREFUSED) {
            return Err(NotRun::because("this system refuses connections on loopback at once"));
        }
        assert_eq!(result, Err(errno::CONNECTING));
        assert_eq!(readiness::<B>(&socket, interest).interest(), interest);
        assert_eq!(socket.take_error().unwrap().unwrap().kind(), ErrorKind::ConnectionRefused);
    }
    Ok(())
}

fn a_connection_in_progress_is_not_ready<B: Backend>() -> Run {
    const QUEUE: i32 = 1;
    let (listener, address) = listener();
    // A full listen queue takes a few connections more than this; further attempts stay in progress.
    listen(&listener, QUEUE).unwrap();
    let in_progress = |socket: &TcpStream| {
        matches!(sockopt::socket_error(socket), Ok(Ok(()))) && socket.peer_addr().is_err()
    };
    let mut others = Vec::new();
    for _ in 0..8 * QUEUE {
        let (socket, result) = connecting(address);
        // FreeBSD resets connections that do not fit into the queue, sometimes before `connect` returns
        // (`net.inet.tcp.syncache.rst_on_sock_fail`). Such a socket is not in progress.
        let results = [Ok(()), Err(errno::CONNECTING), Err(Errno::CONNRESET)];
        assert!(results.contains(&result), "{result:?}");
        let mut selector = Selector::<B, _>::new().unwrap();
        selector.register(&socket, BOTH, ()).unwrap();
        let before = result == Err(errno::CONNECTING) && in_progress(&socket);
        let ready = now(&mut selector);
        if before && in_progress(&socket) {
            assert!(ready.is_empty(), "{ready:?}");
            return Ok(());
        }
        drop(selector);
        others.push(socket);
    }
    Err(NotRun::because(format_args!("none of {} attempts to connect stays in progress", others.len())))
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

    readiness::<B>(&listener, READ);
    let (mut peer, _) = listener.accept().unwrap();
    peer.write_all(b"hello").unwrap();
    wait_ready(&mut selector, [(client, READ)]);
    assert_eq!(pairs::drain(selector.fileobj(client).unwrap()), 5);
    assert_idle(&mut selector);
    Ok(())
}
