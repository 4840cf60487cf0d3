//! An HTTP/1.1 server for the files of a folder, in one thread.
//!
//! It keeps connections open, answers pipelined requests in their order, and closes connections that are idle. A client that
//! does not read its answers costs one chunk of a file: the server reads no further part of the file, and no further request,
//! until the client has taken that chunk. It sends no ranges and no dates, and it follows symbolic links.
//!
//! ```sh
//! cargo run --example http_server                          # this folder, at 127.0.0.1:8080
//! cargo run --example http_server 127.0.0.1:0 docs 5       # another address and folder; idle clients may stay 5 seconds
//! curl http://127.0.0.1:8080/README.md                     # in another terminal
//! ```

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::error::Error;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use selectors::{AnySelector, Interest, Ready, Timeout, Token};

/// The bytes of answers that a connection holds at most, beyond the head of the last one.
const CHUNK: usize = 64 << 10;
/// The longest head of a request, and its most fields.
const MAX_HEAD: usize = 16 << 10;
const MAX_FIELDS: usize = 64;
/// The writes to one client before it is the others' turn, and the clients that are accepted before.
const TURN: usize = 16;
/// The pause after a client could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const BAD_REQUEST: &str = "400 Bad Request";
const NOT_FOUND: &str = "404 Not Found";
const NOT_ALLOWED: &str = "405 Method Not Allowed";
const TOO_LARGE: &str = "431 Request Header Fields Too Large";
const UNAVAILABLE: &str = "503 Service Unavailable";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let listener = TcpListener::bind(arguments.next().as_deref().unwrap_or("127.0.0.1:8080"))?;
    listener.set_nonblocking(true)?;
    let root = fs::canonicalize(arguments.next().as_deref().unwrap_or("."))?;
    let idle = Duration::from_secs(arguments.next().as_deref().unwrap_or("30").parse::<u32>()?.into());
    println!("serving {} on http://{}", root.display(), listener.local_addr()?);

    let mut selector = AnySelector::new()?;
    let listener = selector.register(Source::Listener(listener), Interest::READ, ())?;
    Server { selector, listener, root, idle, timers: BinaryHeap::new(), accept_again: None }.run()
}

enum Source {
    Listener(TcpListener),
    Client(Connection),
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Listener(listener) => listener.as_fd(),
            Self::Client(connection) => connection.stream.as_fd(),
        }
    }
}

struct Server {
    selector: AnySelector<Source>,
    listener: Token,
    root: PathBuf,
    /// The time that a client may be idle.
    idle: Duration,
    /// When to check whether a client is idle, the earliest first. The entry of a client that is gone finds nothing.
    timers: BinaryHeap<Reverse<(Instant, Token)>>,
    /// While the listener is paused: the time of the next attempt.
    accept_again: Option<Instant>,
}

impl Server {
    fn run(mut self) -> Result<(), Box<dyn Error>> {
        let mut ready = Ready::new();
        loop {
            let first =
                self.timers.peek().map(|Reverse((at, _))| *at).into_iter().chain(self.accept_again).min();
            self.selector.select_into(&mut ready, first.map_or(Timeout::NEVER, Timeout::until))?;
            for (token, _) in &ready {
                match self.selector.fileobj_mut(token) {
                    Some(Source::Listener(_)) => self.accept()?,
                    Some(Source::Client(connection)) => {
                        let interest = connection.serve(&self.root).unwrap_or(None); // an error is usually a reset
                        let goes_on = interest.is_some_and(|it| self.selector.modify(token, it).is_ok());
                        if !goes_on {
                            self.selector.unregister(token)?; // which closes the connection
                        }
                    }
                    None => {}
                }
            }
            self.expire(Instant::now())?;
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        for _ in 0..TURN {
            let Some(Source::Listener(listener)) = self.selector.fileobj(self.listener) else { break };
            match listener.accept() {
                Ok((stream, _)) => match self.welcome(stream) {
                    Ok(token) => self.timers.push(Reverse((Instant::now() + self.idle, token))),
                    Err(error) => eprintln!("cannot serve a client: {error}"),
                },
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // The client has given up before it was accepted.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    // Probably there are no descriptors left. The client stays in the queue, and the listener ready.
                    eprintln!("cannot accept a client now: {error}");
                    self.selector.pause(self.listener)?;
                    self.accept_again = Some(Instant::now() + ACCEPT_PAUSE);
                    break;
                }
            }
        }
        Ok(())
    }

    fn welcome(&mut self, stream: TcpStream) -> io::Result<Token> {
        let client = Source::Client(Connection::new(stream)?);
        Ok(self.selector.register(client, Interest::READ, ())?)
    }

    /// Closes idle connections, and accepts clients again after a pause.
    fn expire(&mut self, now: Instant) -> io::Result<()> {
        while self.timers.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            let Some(Reverse((_, token))) = self.timers.pop() else { break };
            let Some(Source::Client(connection)) = self.selector.fileobj(token) else { continue };
            let end = connection.active + self.idle;
            if end > now {
                self.timers.push(Reverse((end, token)));
            } else {
                self.selector.unregister(token)?;
            }
        }
        if self.accept_again.is_some_and(|at| at <= now) {
            self.accept_again = None;
            self.selector.rearm(self.listener)?;
        }
        Ok(())
    }
}

/// How far a connection is.
#[derive(PartialEq)]
enum Stage {
    Open,
    /// The answer in `output` is the last one.
    LastAnswer,
    /// The last answer is sent, and input is discarded until the client closes the connection. To close it with unread input
    /// would reset it, and the client could lose the answer (RFC 9112, 9.6).
    Discarding,
}

struct Connection {
    stream: TcpStream,
    stage: Stage,
    /// Bytes of requests that are not answered yet.
    input: Vec<u8>,
    /// Bytes of answers that are not sent yet.
    output: Vec<u8>,
    /// The file of the last answer, and the number of its bytes that are not in `output` yet.
    file: Option<(File, u64)>,
    /// What the connection waits for.
    interest: Interest,
    /// When the client last took a part of an answer. To send a byte of a request from time to time is not enough.
    active: Instant,
}

impl Connection {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?; // the end of an answer is sent at once
        let (stage, interest, active) = (Stage::Open, Interest::READ, Instant::now());
        Ok(Self { stream, stage, input: Vec::new(), output: Vec::new(), file: None, interest, active })
    }

    /// Reads once if nothing is left to answer, then answers until the client takes no more or it is the others' turn.
    /// Returns what to wait for; `None` if the client has left.
    fn serve(&mut self, root: &Path) -> io::Result<Option<Interest>> {
        if self.interest == Interest::READ {
            let mut buffer = [0; MAX_HEAD];
            match unless_blocked(self.stream.read(&mut buffer))? {
                Some(0) => return Ok(None),
                Some(_) if self.stage == Stage::Discarding => {}
                Some(length) => self.input.extend(&buffer[..length]),
                None => {}
            }
        }
        self.interest = Interest::WRITE;
        for _ in 0..TURN {
            self.fill(root)?;
            if self.output.is_empty() {
                self.output.shrink_to(MAX_HEAD); // many clients may stay idle
                if self.stage == Stage::LastAnswer {
                    self.stream.shutdown(Shutdown::Write)?;
                    self.stage = Stage::Discarding;
                }
                self.interest = Interest::READ;
                break;
            }
            let Some(length) = unless_blocked(self.stream.write(&self.output))? else { break };
            self.output.drain(..length);
            self.active = Instant::now();
        }
        Ok(Some(self.interest))
    }

    /// Fills the output with a part of the file, and with answers to the requests in the input.
    fn fill(&mut self, root: &Path) -> io::Result<()> {
        while self.output.len() < CHUNK {
            if let Some((file, left)) = &mut self.file {
                let start = self.output.len();
                let room = (CHUNK - start).min(usize::try_from(*left).unwrap_or(CHUNK));
                self.output.resize(start + room, 0);
                let length = file.read(&mut self.output[start..])?;
                if length == 0 {
                    return Err(ErrorKind::UnexpectedEof.into()); // somebody has cut the file
                }
                self.output.truncate(start + length);
                *left -= length as u64;
                if *left == 0 {
                    self.file = None;
                }
                continue;
            }
            if self.stage != Stage::Open {
                break;
            }
            match Request::parse(&self.input, root) {
                Ok(Some(request)) => {
                    self.input.drain(..request.length);
                    self.answer(&request);
                }
                Ok(None) => break,
                Err(status) => {
                    self.stage = Stage::LastAnswer; // it may be unknown where the next request begins
                    self.refuse(status, false);
                }
            }
        }
        Ok(())
    }

    fn answer(&mut self, request: &Request) {
        if !request.keep_alive {
            self.stage = Stage::LastAnswer;
        }
        match open(&request.path) {
            Ok((file, length)) => {
                self.head("200 OK", content_type(&request.path), length);
                self.file = (length > 0 && !request.is_head).then_some((file, length));
            }
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::MFILE | Errno::NFILE) => self.refuse(UNAVAILABLE, request.is_head),
                _ => self.refuse(NOT_FOUND, request.is_head),
            },
        }
    }

    /// Answers with an error.
    fn refuse(&mut self, status: &str, is_head: bool) {
        self.head(status, "text/plain", status.len() as u64 + 1);
        if !is_head {
            self.output.extend(status.bytes().chain(*b"\n"));
        }
    }

    fn head(&mut self, status: &str, kind: &str, length: u64) {
        let connection = if self.stage == Stage::Open { "keep-alive" } else { "close" };
        let allow = if status == NOT_ALLOWED { "Allow: GET, HEAD\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{allow}Connection: {connection}\r\n\r\n"
        );
        self.output.extend(head.bytes());
    }
}

/// A request with a complete head.
struct Request {
    /// The length of the head.
    length: usize,
    path: PathBuf,
    is_head: bool,
    keep_alive: bool,
}

impl Request {
    /// Parses the first request. Returns `None` if more has to arrive, and the error to answer with if it is refused.
    fn parse(input: &[u8], root: &Path) -> Result<Option<Self>, &'static str> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let length = match request.parse(input) {
            Ok(httparse::Status::Complete(length)) if length <= MAX_HEAD => length,
            Ok(httparse::Status::Partial) if input.len() <= MAX_HEAD => return Ok(None),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(TOO_LARGE),
            Err(_) => return Err(BAD_REQUEST),
        };
        let (Some(method), Some(target)) = (request.method, request.path) else { return Err(BAD_REQUEST) };
        let is_newest = request.version == Some(1); // HTTP/1.1, not 1.0
        let values = |name: &'static str| {
            let fields = request.headers.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
            fields.flat_map(|field| field.value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
        };
        let hosts = values("Host").count();
        if hosts > 1 || (is_newest && hosts == 0) {
            return Err(BAD_REQUEST); // RFC 9112, 3.2
        }
        if !["GET", "HEAD"].contains(&method) {
            return Err(NOT_ALLOWED);
        }
        // A body is not read, so the connection ends after the answer.
        let is_empty = |length: &[u8]| length == b"0";
        let has_body = values("Transfer-Encoding").count() > 0 || !values("Content-Length").all(is_empty);
        let has_option = |option: &[u8]| values("Connection").any(|it| it.eq_ignore_ascii_case(option));
        Ok(Some(Self {
            length,
            path: root.join(local_path(target)?),
            is_head: method == "HEAD",
            keep_alive: !has_body && !has_option(b"close") && (is_newest || has_option(b"keep-alive")),
        }))
    }
}

/// Translates the target of a request to a path below the folder. A path that ends with `/` is that of an `index.html`.
fn local_path(target: &str) -> Result<PathBuf, &'static str> {
    // A server must accept `http://host/path` as well (RFC 9112, 3.2.2).
    let path = target.strip_prefix("http://").map_or(target, |rest| rest.trim_start_matches(|c| c != '/'));
    let path = percent_decode(path.split('?').next().unwrap_or_default()).ok_or(BAD_REQUEST)?;
    if path.first() != Some(&b'/') || path.contains(&0) {
        return Err(BAD_REQUEST);
    }
    let mut local = PathBuf::new();
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => return Err(BAD_REQUEST), // it leads out of the folder, or a client has not resolved it
            name => local.push(OsStr::from_bytes(name)),
        }
    }
    if path.ends_with(b"/") {
        local.push("index.html");
    }
    Ok(local)
}

/// Decodes `%XX`. Returns `None` if a `%` precedes anything else.
fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: Option<u8>| u8::try_from(char::from(byte?).to_digit(16)?).ok();
    let (mut bytes, mut decoded) = (text.bytes(), Vec::new());
    while let Some(byte) = bytes.next() {
        let is_escape = byte == b'%';
        decoded.push(if is_escape { digit(bytes.next())? * 16 + digit(bytes.next())? } else { byte });
    }
    Some(decoded)
}

/// Opens a regular file, and returns its length too.
fn open(path: &Path) -> io::Result<(File, u64)> {
    if !fs::metadata(path)?.is_file() {
        return Err(ErrorKind::NotFound.into()); // opening a FIFO would block
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

/// Returns the type of a file, by its name.
fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(OsStr::to_str).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css",
        "md" | "rs" | "toml" | "txt" => "text/plain; charset=utf-8",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// Turns `WouldBlock` into `None`.
fn unless_blocked(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(length) => Ok(Some(length)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
