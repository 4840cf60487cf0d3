//! `echo_server` and `echo_client`: their output, and the two together.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::program::{LIMIT, Program, accept};

const MESSAGES: [&str; 2] = ["This is the message.  ", "It will be repeated."];

/// The output of the server, with `PORT` and `CLIENT` in the place of the two ports.
const SERVER: &str = "\
starting up on localhost port PORT
waiting for I/O
accept(('127.0.0.1', CLIENT))
waiting for I/O
read(('127.0.0.1', CLIENT))
  received b'This is the message.  It will be repeated.'
waiting for I/O
read(('127.0.0.1', CLIENT))
  closing
shutting down";

/// The output of the client, with `PORT` in the place of the server's port.
const CLIENT: &str = "\
connecting to localhost port PORT
waiting for I/O
client(('127.0.0.1', PORT))
  ready to write
  sending b'This is the message.  '
waiting for I/O
client(('127.0.0.1', PORT))
  ready to write
  sending b'It will be repeated.'
waiting for I/O
client(('127.0.0.1', PORT))
  ready to write
  switching to read-only
waiting for I/O
client(('127.0.0.1', PORT))
  ready to read
  received b'This is the message.  It will be repeated.'
shutting down";

fn expected(transcript: &str, port: u16, client: u16) -> Vec<String> {
    let text = transcript.replace("PORT", &port.to_string()).replace("CLIENT", &client.to_string());
    text.lines().map(str::to_owned).collect()
}

/// Removes repeated lines `waiting for I/O`: the programs print one for each second without events.
fn without_repeats(mut lines: Vec<String>) -> Vec<String> {
    lines.dedup_by(|line, before| line == before && line == "waiting for I/O");
    lines
}

#[test]
fn the_server_prints_its_transcript() {
    let mut server = Program::start("echo_server", ["localhost:0"]);
    let port = server.port();
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    let own = client.local_addr().unwrap().port();
    server.line_with("accept");

    client.write_all(MESSAGES.concat().as_bytes()).unwrap();
    let mut echo = vec![0; MESSAGES.concat().len()];
    client.read_exact(&mut echo).unwrap();
    assert_eq!(echo, MESSAGES.concat().as_bytes());
    drop(client);
    assert_eq!(without_repeats(server.finish()), expected(SERVER, port, own));
}

#[test]
fn the_client_prints_its_transcript() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut client = Program::start("echo_client", [&format!("localhost:{port}")]);
    let mut connection = accept(&listener);

    let mut received = vec![0; MESSAGES.concat().len()];
    connection.read_exact(&mut received).unwrap();
    client.line_with("read-only");
    connection.write_all(&received).unwrap();
    assert_eq!(connection.read(&mut [0]).unwrap(), 0, "the client closes");
    assert_eq!(without_repeats(client.finish()), expected(CLIENT, port, 0));
}

/// Half of the echo is there before the client has sent anything, so it may have received as many bytes as it sent after its
/// first message.
#[test]
fn a_fast_echo_does_not_end_the_client_early() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let client = Program::start("echo_client", [&address.to_string()]);
    let mut connection = accept(&listener);
    connection.write_all(MESSAGES[0].as_bytes()).unwrap();
    let mut received = vec![0; MESSAGES.concat().len()];
    connection.read_exact(&mut received).unwrap();
    connection.write_all(MESSAGES[1].as_bytes()).unwrap();
    check_client(&client.finish());
}

#[test]
fn server_and_client_together() {
    for _ in 0..5 {
        let mut server = Program::start("echo_server", ["localhost:0"]);
        let port = server.port();
        let client = Program::start("echo_client", [&format!("localhost:{port}")]);
        check_client(&client.finish());
        check_server(&server.finish());
    }
}

/// Checks the client's output. The echo may arrive in parts, and between the messages that it sends.
fn check_client(lines: &[String]) {
    let (writes, reads): (Vec<_>, Vec<_>) = actions(lines, "connecting to ", "client(")
        .into_iter()
        .filter(|line| !line.starts_with("  ready"))
        .partition(|line| !line.starts_with("  received"));
    let wanted = [
        "  sending b'This is the message.  '",
        "  sending b'It will be repeated.'",
        "  switching to read-only",
    ];
    assert_eq!(writes, wanted, "{lines:#?}");
    assert_eq!(joined(&reads), MESSAGES.concat(), "{lines:#?}");
}

/// Checks the server's output. The messages may arrive in parts.
fn check_server(lines: &[String]) {
    let actions = actions(lines, "starting up on localhost port ", "");
    let (closing, others) = actions.split_last().unwrap();
    assert_eq!(*closing, "  closing");
    assert!(others[0].starts_with("accept(('127.0.0.1', "), "{lines:#?}");
    let peer = others[0].strip_prefix("accept").unwrap();
    let (heads, reads): (Vec<&str>, Vec<_>) =
        others[1..].iter().partition(|line| !line.starts_with("  received"));
    assert!(heads.iter().all(|line| line.strip_prefix("read") == Some(peer)), "{lines:#?}");
    assert_eq!((heads.len(), joined(&reads)), (reads.len() + 1, MESSAGES.concat()), "{lines:#?}");
}

/// The lines between the first and the last one, without those that announce a wait or begin with `head`.
fn actions<'a>(lines: &'a [String], first: &str, head: &str) -> Vec<&'a str> {
    let (Some((start, rest)), Some("shutting down")) =
        (lines.split_first(), lines.last().map(String::as_str))
    else {
        panic!("{lines:#?}")
    };
    assert!(start.starts_with(first), "{lines:#?}");
    let rest = rest[..rest.len() - 1].iter().map(String::as_str);
    rest.filter(|line| *line != "waiting for I/O" && (head.is_empty() || !line.starts_with(head))).collect()
}

/// The bytes of all lines that print received ones.
fn joined(reads: &[&str]) -> String {
    let part = |line: &&str| line.strip_prefix("  received b'")?.strip_suffix('\'').map(str::to_owned);
    reads.iter().map(|line| part(line).unwrap()).collect()
}
