//! `http_server`: many requests on one connection, bad ones, clients that do not read, no free descriptors.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use selectors::BackendKind;
use socket2::SockRef;

use crate::program::{LIMIT, Program, path};
use crate::servers::{BOUND, connect};

/// The content of the file `page.html` in the folder that is served.
const PAGE: &str = "<p>Hello</p>\n";

/// A file that no socket buffers hold.
const BIG: usize = 40 << 20;

/// Makes a folder to serve, in a folder with a file that must not be served.
fn folder(name: &str) -> PathBuf {
    let outer = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let root = outer.join("root");
    let _ = fs::remove_dir_all(&outer); // of an earlier run
    fs::create_dir_all(root.join("sub folder")).unwrap();
    fs::write(outer.join("secret"), "secret").unwrap();
    fs::write(root.join("page.html"), PAGE).unwrap();
    fs::write(root.join("empty"), "").unwrap();
    fs::write(root.join("sub folder/index.html"), "index").unwrap();
    fs::File::create(root.join("big")).unwrap().set_len(BIG as u64).unwrap();
    root
}

/// Starts the server, and returns it with its port.
fn serve(root: &Path, kind: Option<BackendKind>, idle: &str) -> (Program, u16) {
    let mut command = Command::new(path("http_server"));
    command.arg("127.0.0.1:0").arg(root).arg(idle);
    command.envs(kind.map(|kind| ("SELECTORS_BACKEND", kind.name())));
    let mut server = Program::spawn(&mut command);
    let port = server.port();
    (server, port)
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: test\r\n\r\n")
}

struct Answer {
    head: String,
    body: Vec<u8>,
}

/// Reads one answer. An answer to HEAD has no body.
fn read_answer(mut stream: &TcpStream, is_head: bool) -> Answer {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    let mut body = vec![0; if is_head { 0 } else { length.parse().unwrap() }];
    stream.read_exact(&mut body).unwrap();
    Answer { head, body }
}

/// Sends bytes on a connection of their own, and returns everything that the server sends until it closes the connection.
fn exchange(port: u16, bytes: &[u8]) -> String {
    let mut stream = connect(port);
    // The server may have refused the request before it is complete.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn is_served(port: u16) {
    let mut stream = connect(port);
    stream.write_all(get("/page.html").as_bytes()).unwrap();
    assert_eq!(read_answer(&stream, false).body, PAGE.as_bytes());
}

#[test]
fn one_connection_for_many_requests_on_every_back_end() {
    let root = folder("http-keep-alive");
    for kind in BackendKind::available() {
        let (_server, port) = serve(&root, Some(kind), "20");
        let mut stream = connect(port);
        for _ in 0..3 {
            stream.write_all(get("/page.html").as_bytes()).unwrap();
            let Answer { head, body } = read_answer(&stream, false);
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{kind}: {head}");
            assert!(head.contains("Content-Type: text/html"), "{kind}: {head}");
            assert_eq!(body, PAGE.as_bytes(), "{kind}");
        }
        // Several at once, one of them in two parts.
        let page = get("http://test/pag%65.html?query");
        let (first, second) = page.split_at(9);
        let head = get("/page.html").replace("GET", "HEAD");
        let requests = [&get("/big"), &head, &get("/none"), &get("/sub%20folder/"), &get("/empty"), first];
        stream.write_all(requests.map(|request| request.to_owned()).concat().as_bytes()).unwrap();
        assert_eq!(read_answer(&stream, false).body.len(), BIG, "{kind}");
        assert!(read_answer(&stream, true).head.contains("Content-Length: 13\r\n"), "{kind}");
        assert!(read_answer(&stream, false).head.starts_with("HTTP/1.1 404 Not Found\r\n"), "{kind}");
        assert_eq!(read_answer(&stream, false).body, b"index", "{kind}");
        assert_eq!(read_answer(&stream, false).body, b"", "{kind}");
        stream.write_all(second.as_bytes()).unwrap();
        assert_eq!(read_answer(&stream, false).body, PAGE.as_bytes(), "{kind}");

        let last = get("/page.html").replace("\r\n\r\n", "\r\nConnection: Close\r\n\r\n");
        stream.write_all([last, get("/big")].concat().as_bytes()).unwrap();
        assert!(read_answer(&stream, false).head.contains("Connection: close\r\n"), "{kind}");
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "{kind}");
    }
}

#[test]
fn bad_requests_are_refused() {
    let root = folder("http-bad");
    Command::new("mkfifo").arg(root.join("fifo")).status().unwrap();
    let (_server, port) = serve(&root, None, "20");
    let long = format!("GET /{} HTTP/1.1\r\nHost: test\r\n\r\n", "a".repeat(40_000));
    let many = format!("GET / HTTP/1.1\r\nHost: test\r\n{}\r\n", "a: b\r\n".repeat(100));
    let cases = [
        ("400", "hello\r\n\r\n"),
        ("400", "GET / HTTP/2.0\r\nHost: test\r\n\r\n"),
        ("400", "GET /page.html HTTP/1.1\r\n\r\n"),
        ("400", "GET /page.html HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        ("400", &get("page.html")),
        ("400", &get("/%zz")),
        ("400", &get("/%4")),
        ("400", &get("/page.html%00")),
        ("400", &get("/../secret")),
        ("400", &get("/sub%20folder/../../secret")),
        ("400", &get("/%2e%2E/secret")),
        ("400", &get("/..%2fsecret")),
        ("404", &get("/..\\secret")),
        ("404", &get("//secret")),
        ("404", &get(&format!("/{}/secret", root.parent().unwrap().display()))),
        ("404", &get("/")),
        ("404", &get("/sub%20folder")),
        ("404", &get("/page.html/")),
        ("404", &get("/fifo")),
        ("404", &get(&format!("/{}", "a".repeat(1000)))),
        ("405", "POST /page.html HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello"),
        ("431", &long),
        ("431", &many),
    ];
    for (status, request) in cases {
        let answer = exchange(port, request.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        assert!(!answer.contains("secret"), "{request}: {answer}");
        assert_eq!(answer.contains("\r\nAllow: GET, HEAD\r\n"), status == "405", "{request}: {answer}");
    }
    // An incomplete request, and a body that is not read.
    assert_eq!(exchange(port, b"GET /page.html HTTP/1.1\r\n"), "");
    let body = "GET /page.html HTTP/1.1\r\nHost: test\r\nContent-Length: 999999\r\n\r\n";
    let answer = exchange(port, [body.as_bytes(), &[b'x'; 999_999]].concat().as_slice());
    assert!(answer.ends_with(PAGE) && answer.matches("HTTP/1.1").count() == 1, "{answer}");
    is_served(port);
}

#[test]
fn no_input_ends_the_server() {
    let (_server, port) = serve(&folder("http-noise"), None, "20");
    let request = "GET /page%2ehtml?a HTTP/1.1\r\nHost: test\r\nConnection: keep-alive, close\r\n\r\n";
    let mut random = 1_u64; // xorshift
    let mut next = move |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % limit as u64) as usize
    };
    for _ in 0..1000 {
        let mut bytes = request.repeat(1 + next(3)).into_bytes();
        for _ in 0..next(4) {
            let at = next(bytes.len());
            match next(3) {
                0 => bytes[at] = next(256) as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b" \r\n%/.:,\0\xff"[next(10)]),
            }
        }
        exchange(port, &bytes);
    }
    is_served(port);
}

/// A client sends requests and reads nothing, until the server reads no more. Another is served meanwhile. Then the client
/// reads all answers.
#[test]
fn a_client_that_does_not_read_is_not_read() {
    let root = folder("http-slow");
    for kind in BackendKind::available() {
        let (_server, port) = serve(&root, Some(kind), "20");
        let (mut slow, other) = (connect(port), connect(port));
        slow.set_nonblocking(true).unwrap();
        let request = get("/page.html");
        let (mut sent, mut full) = (0, 0);
        while full < 500 {
            assert!(
                sent < BOUND,
                "the server reads without a limit from a client that does not read on {kind}"
            );
            match slow.write(&request.as_bytes()[sent % request.len()..]) {
                Ok(length) => (sent, full) = (sent + length, 0),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // This takes the server through its loop, so it had a chance to read more.
                    (&other).write_all(request.as_bytes()).unwrap();
                    assert_eq!(read_answer(&other, false).body, PAGE.as_bytes());
                    full += 1;
                }
                Err(error) => panic!("{error} after {sent} bytes"),
            }
        }
        slow.set_nonblocking(false).unwrap();
        slow.shutdown(Shutdown::Write).unwrap();
        let mut answers = Vec::new();
        slow.read_to_end(&mut answers).unwrap();
        let answers = String::from_utf8(answers).unwrap();
        assert_eq!(answers.matches(PAGE).count(), sent / request.len());
        assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), sent / request.len());
    }
}

#[test]
fn clients_that_reset_their_connections() {
    let root = folder("http-reset");
    for kind in BackendKind::available() {
        let (_server, port) = serve(&root, Some(kind), "20");
        for _ in 0..10 {
            let client = connect(port);
            (&client).write_all(get("/big").repeat(3).as_bytes()).unwrap();
            SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
            (&client).read_exact(&mut [0]).unwrap();
            drop(client);
        }
        is_served(port);
    }
}

#[test]
fn idle_clients_are_disconnected() {
    let (_server, port) = serve(&folder("http-idle"), None, "1");
    let (mut silent, mut late) = (connect(port), connect(port));
    late.write_all(b"GET").unwrap();
    let busy = connect(port);
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(2500) {
        (&busy).write_all(get("/page.html").as_bytes()).unwrap();
        assert_eq!(read_answer(&busy, false).body, PAGE.as_bytes());
    }
    // Closed long ago; the limit of the reads is far longer.
    for stream in [&mut silent, &mut late] {
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    }
}

#[test]
fn a_server_without_free_descriptors_goes_on() {
    let root = folder("http-limit");
    let script = "ulimit -n 24 && exec \"$0\" 127.0.0.1:0 \"$1\"";
    let mut command = Command::new("sh");
    let mut server = Program::spawn(command.args(["-c", script]).arg(path("http_server")).arg(&root));
    let port = server.port();
    let mut clients: Vec<_> = (0..40).map(|_| connect(port)).collect();
    // No descriptor is free for the file.
    await_status("503", &clients.remove(0));
    clients.drain(..25);
    for client in &clients {
        await_status("200", client);
    }
}

/// Requests a file until the server answers with this status.
fn await_status(status: &str, mut stream: &TcpStream) {
    let expected = format!("HTTP/1.1 {status} ");
    let start = Instant::now();
    loop {
        stream.write_all(get("/page.html").as_bytes()).unwrap();
        let Answer { head, .. } = read_answer(stream, false);
        if head.starts_with(&expected) {
            return;
        }
        assert!(start.elapsed() < LIMIT, "{head}");
    }
}
