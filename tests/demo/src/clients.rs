//! The clients: all in one thread, driven by a selector of their own.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hdrhistogram::Histogram;
use selectors::{AnySelector, BackendKind, Interest, Ready, Token};

use crate::http::{self, Exchange};
use crate::options::Options;
use crate::pattern::{CHUNK, Pattern};

/// The limit of each wait. If nothing happens for this long, something is lost.
const SILENCE: Duration = Duration::from_secs(30);

/// The connections that may wait to be accepted. The kernel's queue has 128 places or more; FreeBSD resets a connection that
/// finds none.
const QUEUE: u64 = 64;

/// The longest round trip that is recorded, in nanoseconds: an hour. Longer ones count as this.
const LONGEST: u64 = 3_600_000_000_000;

/// A client, which sends one message at a time, or fetches one file.
struct Client {
    number: u64,
    message: u32,
    /// Of a client that fetches files.
    http: Option<Exchange>,
    /// The place in the pattern where the message or the file starts.
    start: usize,
    sent: usize,
    received: usize,
    began: Instant,
}

/// The clients' results.
pub(crate) struct Seen {
    pub(crate) connections: u64,
    pub(crate) messages: u64,
    /// From the first byte sent to the last byte received.
    pub(crate) elapsed: Duration,
    /// The time of each message from its first byte sent to its last byte received, in nanoseconds.
    pub(crate) round_trips: Histogram<u64>,
}

struct Clients<'a> {
    selector: AnySelector<TcpStream, Client>,
    pattern: Pattern,
    buffer: Vec<u8>,
    size: usize,
    messages: u32,
    round_trips: Histogram<u64>,
    /// The number of messages that came back, for the progress bar.
    progress: &'a AtomicU64,
}

/// Connects all clients, and exchanges all messages. The server of this program counts the connections that it has accepted.
pub(crate) fn drive(
    kind: BackendKind,
    server: SocketAddr,
    accepted: Option<&AtomicU64>,
    options: &Options,
    progress: &AtomicU64,
) -> Result<Seen> {
    let mut clients = Clients {
        selector: AnySelector::open(kind)?,
        pattern: Pattern::new(),
        buffer: vec![0; CHUNK],
        size: usize::try_from(options.size)?,
        messages: options.messages(),
        round_trips: Histogram::new_with_max(LONGEST, 3)?,
        progress,
    };
    let tokens: Vec<Token> = (0..options.connections())
        .map(|number| {
            match accepted {
                Some(accepted) => await_queue(accepted, number)?,
                None if number % QUEUE == QUEUE - 1 => http::await_queue(server)?,
                None => {}
            }
            clients
                .connect(server, number, options)
                .with_context(|| format!("client {number} cannot connect"))
        })
        .collect::<Result<_>>()?;

    let start = Instant::now();
    let (busy, idle) = tokens.split_at(usize::try_from(options.clients)?);
    for token in busy {
        clients.begin(*token)?;
    }
    let mut ready = Ready::new();
    while clients.selector.keys().len() > idle.len() {
        clients.selector.select_into(&mut ready, SILENCE)?;
        ensure!(!ready.is_empty(), "nothing arrived for {} s", SILENCE.as_secs());
        for (token, readiness) in &ready {
            if readiness.is_readable() {
                clients.receive(token)?;
            }
            if readiness.is_writable() {
                clients.send(token)?;
            }
        }
    }
    let elapsed = start.elapsed();
    let messages = clients.round_trips.len();
    ensure!(messages == options.total(), "{messages} of {} messages came back", options.total());
    Ok(Seen { connections: tokens.len() as u64, messages, elapsed, round_trips: clients.round_trips })
}

/// Waits until fewer than [`QUEUE`] of these connections wait to be accepted.
fn await_queue(accepted: &AtomicU64, connections: u64) -> Result<()> {
    let start = Instant::now();
    // The server may count a connection before its client does.
    while connections.saturating_sub(accepted.load(Ordering::Relaxed)) >= QUEUE {
        ensure!(start.elapsed() < SILENCE, "the server accepted no client for {} s", SILENCE.as_secs());
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

impl Clients<'_> {
    fn connect(&mut self, server: SocketAddr, number: u64, options: &Options) -> Result<Token> {
        let stream = TcpStream::connect(server)?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let http = options.http.then(Exchange::default);
        let client =
            Client { number, message: 0, http, start: 0, sent: 0, received: 0, began: Instant::now() };
        Ok(self.selector.register(stream, Interest::READ, client).map_err(selectors::Error::from)?)
    }

    /// Begins to send the client's current message.
    fn begin(&mut self, token: Token) -> Result<()> {
        if let Some(client) = self.selector.data_mut(token) {
            client.start = match &mut client.http {
                Some(http) => http.begin(client.number, client.message),
                None => Pattern::start(client.number, client.message),
            };
            (client.sent, client.received, client.began) = (0, 0, Instant::now());
        }
        self.send(token)
    }

    /// Sends as much as the socket takes. Waits for it to become writable if bytes are left.
    fn send(&mut self, token: Token) -> Result<()> {
        let Some((stream, client)) = self.selector.parts_mut(token) else { return Ok(()) };
        loop {
            let bytes = match &client.http {
                Some(http) => &http.request.as_bytes()[client.sent..],
                None => self.pattern.bytes(client.start, client.sent, self.size - client.sent),
            };
            if bytes.is_empty() {
                break;
            }
            match stream.write(bytes) {
                Ok(length) => client.sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(self.selector.modify(token, Interest::READ | Interest::WRITE)?);
                }
                Err(error) => return Err(error).with_context(|| client.lost()),
            }
        }
        Ok(self.selector.modify(token, Interest::READ)?)
    }

    /// Receives once, and checks the bytes.
    fn receive(&mut self, token: Token) -> Result<()> {
        let Some((stream, client)) = self.selector.parts_mut(token) else { return Ok(()) };
        let bytes = match stream.read(&mut self.buffer) {
            Ok(0) => bail!(client.lost()),
            Ok(length) => &self.buffer[..length],
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error).with_context(|| client.lost()),
        };
        let (bytes, limit) = match &mut client.http {
            Some(http) => (http.take_head(bytes, self.size)?, self.size),
            None => (bytes, client.sent),
        };
        client.check(bytes, limit, &self.pattern)?;
        if client.received < self.size {
            return Ok(());
        }

        self.round_trips.saturating_record(u64::try_from(client.began.elapsed().as_nanos())?);
        self.progress.fetch_add(1, Ordering::Relaxed);
        client.message += 1;
        if client.message < self.messages {
            return self.begin(token);
        }
        self.selector.unregister(token)?;
        Ok(())
    }
}

impl Client {
    /// Compares received bytes with those of the message or the file. `limit` is the number of bytes that may have arrived.
    fn check(&mut self, bytes: &[u8], limit: usize, pattern: &Pattern) -> Result<()> {
        let Self { number, message, .. } = *self;
        ensure!(
            self.received + bytes.len() <= limit,
            "client {number} sent {limit} bytes of message {message}, and got {} back",
            self.received + bytes.len()
        );
        let expected = pattern.bytes(self.start, self.received, bytes.len());
        if bytes != expected {
            let at = bytes.iter().zip(expected).position(|(got, sent)| got != sent).unwrap_or(0);
            bail!(
                "client {number} got a wrong byte: {:#04x} instead of {:#04x}, at {} in message {message}",
                bytes[at],
                expected[at],
                self.received + at
            );
        }
        self.received += bytes.len();
        Ok(())
    }

    fn lost(&self) -> String {
        format!("client {} lost its connection in message {}", self.number, self.message)
    }
}
