//! `callback_server`, `per_core` and `proxy`: many clients, large messages, clients that reset their connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

use crate::program::{LIMIT, Program};

/// Far more than the socket buffers of a connection hold: `tcp_rmem` and `tcp_wmem` of tcp(7) allow 10 MiB.
pub(crate) const BOUND: usize = 400 << 20;

pub(crate) fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

fn round_trip(mut stream: &TcpStream, message: &[u8]) {
    stream.write_all(message).unwrap();
    let mut echo = vec![0; message.len()];
    stream.read_exact(&mut echo).unwrap();
    assert_eq!(echo, message);
}

/// Several messages from each of many clients at the same time.
fn serves_many(port: u16) {
    let clients: Vec<_> = (0..20).map(|_| connect(port)).collect();
    for round in 0..3 {
        for (number, client) in clients.iter().enumerate() {
            round_trip(client, format!("message {round} of client {number}").as_bytes());
        }
    }
}

/// One client sends and does not receive, until its socket is full. The server serves others meanwhile. Then the client
/// receives everything.
fn serves_others_despite_a_blocked_client(port: u16) {
    let mut blocked = connect(port);
    blocked.set_nonblocking(true).unwrap();
    let byte = |at: usize| (at * 7 + at / 251) as u8;
    let (mut sent, mut full) = (0, 0);
    while full < 3 {
        assert!(sent < BOUND, "the server reads without a limit from a client that does not receive");
        let bytes: Vec<u8> = (sent..sent + 65_536).map(byte).collect();
        match blocked.write(&bytes) {
            Ok(length) => (sent, full) = (sent + length, 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                // This takes the server through its loop, so it had a chance to read more.
                round_trip(&connect(port), b"small");
                full += 1;
            }
            Err(error) => panic!("{error} after {sent} bytes"),
        }
    }
    blocked.set_nonblocking(false).unwrap();
    blocked.shutdown(Shutdown::Write).unwrap();
    let mut echo = Vec::new();
    blocked.read_to_end(&mut echo).unwrap();
    assert_eq!(echo.len(), sent);
    assert_eq!(echo.iter().enumerate().position(|(at, found)| *found != byte(at)), None);
}

/// Clients that reset their connections while the server sends to them.
fn survives_resets(port: u16) {
    for _ in 0..5 {
        let client = connect(port);
        (&client).write_all(&[1; 100_000]).unwrap();
        SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
    }
    round_trip(&connect(port), b"still serving");
}

#[test]
fn the_callback_server_serves_many_clients() {
    let mut server = Program::start("callback_server", ["127.0.0.1:0"]);
    let port = server.port();
    let client = connect(port);
    let own = client.local_addr().unwrap().port();
    let accepted = server.line();
    let socket = accepted.strip_prefix("accepted socket ").unwrap();
    let socket = socket.strip_suffix(&format!(" from ('127.0.0.1', {own})")).unwrap();
    round_trip(&client, b"it's\n");
    assert_eq!(server.line(), format!("echoing b'it\\'s\\n' to socket {socket}"));
    drop(client);
    assert_eq!(server.line(), format!("closing socket {socket}"));
    serves_many(port);
}

#[test]
fn the_callback_server_serves_others_despite_a_blocked_client() {
    let mut server = Program::start("callback_server", ["127.0.0.1:0"]);
    let port = server.port();
    serves_others_despite_a_blocked_client(port);
}

#[test]
fn the_callback_server_survives_resets() {
    let mut server = Program::start("callback_server", ["127.0.0.1:0"]);
    let port = server.port();
    survives_resets(port);
}

#[test]
fn all_threads_stop_after_the_test() {
    let cores = thread::available_parallelism().unwrap().get();
    let lines = Program::start("per_core", ["127.0.0.1:0", "--test"]).finish();
    assert_eq!(lines.len(), 1 + cores, "{lines:#?}");
    let mut sums = [0; 2];
    for (number, line) in lines[1..].iter().enumerate() {
        let counts = line.strip_prefix(&format!("thread {number}: ")).unwrap();
        for (sum, count) in sums.iter_mut().zip(counts.split(", ")) {
            *sum += count.split_once(' ').unwrap().0.parse::<usize>().unwrap();
        }
    }
    let bytes = (0..100).map(|number| format!("client {number}\n").len() * (number + 1)).sum::<usize>();
    assert_eq!(sums, [100, bytes]);
}

#[test]
fn the_threads_serve_until_the_input_ends() {
    let mut server = Program::start("per_core", ["127.0.0.1:0"]);
    let port = server.port();
    let client = connect(port);
    round_trip(&client, b"hello");
    drop(server.stdin());
    let lines = server.finish();
    assert_eq!(
        lines.iter().filter(|line| line.ends_with(": 1 connections, 5 bytes")).count(),
        1,
        "{lines:#?}"
    );
}

#[test]
fn the_proxy_forwards_everything() {
    let mut server = Program::start("per_core", ["127.0.0.1:0"]);
    let target = server.port();
    let mut proxy = Program::start("proxy", ["127.0.0.1:0", &format!("127.0.0.1:{target}")]);
    let line = proxy.line();
    let (from, to) = line.split_once(" -> ").unwrap();
    assert_eq!(to, format!("127.0.0.1:{target}"));
    let port = from.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    serves_many(port);
    serves_others_despite_a_blocked_client(port);
    survives_resets(port);
}

#[test]
fn the_proxy_closes_when_there_is_no_server() {
    // A bound port, on which nobody listens, so no other program takes it. NetBSD drops connections to such a port
    // (`TCPS_CLOSED` in sys/netinet/tcp_input.c) and resets them only if nobody has bound it.
    let taken = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    taken.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let address = taken.local_addr().unwrap().as_socket().unwrap();
    #[cfg(target_os = "netbsd")]
    drop(taken);
    let mut proxy = Program::start("proxy", ["127.0.0.1:0", &address.to_string()]);
    let line = proxy.line();
    let port = line.split_once(" -> ").unwrap().0.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    let mut client = connect(port);
    let end = client.read(&mut [0]);
    assert!(matches!(end, Ok(0)) || end.is_err(), "{end:?}");
    proxy.line_with("closed: Connection refused");
}

/// The server does not answer, so the proxy neither reads nor writes.
#[test]
fn the_proxy_closes_when_a_client_half_closes_and_resets() {
    let target = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = target.local_addr().unwrap().to_string();
    let mut proxy = Program::start("proxy", ["127.0.0.1:0", &address]);
    let line = proxy.line();
    let port = line.split_once(" -> ").unwrap().0.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    let client = connect(port);
    let (mut server, _) = target.accept().unwrap();
    server.set_read_timeout(Some(LIMIT)).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(server.read(&mut [0]).unwrap(), 0);
    SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    proxy.line_with("closed: "); // EPIPE on Linux (`tcp_reset` in net/ipv4/tcp_input.c), ECONNRESET elsewhere
    // The proxy has closed its socket, so it answers data with a reset.
    while server.write_all(&[0]).is_ok() {
        thread::yield_now();
    }
}
