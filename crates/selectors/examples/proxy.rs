//! A TCP proxy with backpressure: it stops reading from the fast side while the slow side cannot follow.
//!
//! The proxy does not read from a side while bytes that it read from there are unsent, so the unsent bytes are bounded. It still
//! waits for that side to hang up. So a client that resets its connection is noticed at once, whatever the other side does.
//!
//! ```sh
//! cargo run --example callback_server                          # some server: port 1234
//! cargo run --example proxy localhost:10001 localhost:1234     # from, to
//! nc localhost 10001                                           # in another terminal
//! ```

use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::Errno;
use selectors::backend::Backend;
use selectors::{DefaultSelector, Interest, Mode, Readiness, Ready, Token};
use socket2::{Domain, Socket, Type};

enum Source {
    Listener(TcpListener),
    Side(TcpStream),
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Listener(listener) => listener.as_fd(),
            Self::Side(stream) => stream.as_fd(),
        }
    }
}

/// The data of each side of a connection.
#[derive(Default)]
struct Data {
    /// The other side.
    peer: Option<Token>,
    /// This side is not connected yet.
    connecting: bool,
    /// Bytes from the other side that are not yet sent to this one.
    unsent: VecDeque<u8>,
    /// This side sends no more.
    ended: bool,
    /// This side has been shut down for writing, as the other one sends no more.
    shut_down: bool,
    /// Both directions of this side have ended. There may be bytes left to read.
    hung_up: bool,
}

struct Proxy {
    selector: DefaultSelector<Source, Data>,
    listener: Token,
    target: SocketAddr,
    /// The interest in a hang-up. Empty if the back end has none.
    end: Interest,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err("usage: proxy HOST:PORT HOST:PORT (from, to)".into());
    };
    let listener = TcpListener::bind(from)?;
    listener.set_nonblocking(true)?;
    let target = to.to_socket_addrs()?.next().ok_or("no such host")?;
    println!("{} -> {target}", listener.local_addr()?);

    let mut selector = DefaultSelector::new()?;
    let listener = selector.register(Source::Listener(listener), Interest::READ, Data::default())?;
    let has_hang_up = selector.backend().supports(Interest::HANG_UP, Mode::Level);
    let end = if has_hang_up { Interest::HANG_UP } else { Interest::empty() };
    let mut proxy = Proxy { selector, listener, target, end };
    let mut ready = Ready::new();
    loop {
        proxy.selector.select_into(&mut ready, None)?;
        for (token, readiness) in &ready {
            match proxy.selector.fileobj(token) {
                None => {} // closed together with its other side, earlier in this loop
                Some(Source::Listener(listener)) => match listener.accept() {
                    Ok((client, _)) => {
                        proxy.connect(client).unwrap_or_else(|error| println!("refused: {error}"))
                    }
                    Err(error)
                        if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionAborted) => {}
                    Err(error) => {
                        // Probably there are no descriptors left, until a connection closes.
                        println!("cannot accept: {error}");
                        proxy.selector.pause(token)?;
                    }
                },
                Some(Source::Side(_)) => {
                    if let Err(error) = proxy.serve(token, readiness) {
                        println!("closed: {error}");
                        proxy.close(token)?;
                    }
                }
            }
        }
    }
}

impl Proxy {
    /// Starts to connect a new client to the target.
    fn connect(&mut self, client: TcpStream) -> io::Result<()> {
        client.set_nonblocking(true)?;
        let target = Socket::new(Domain::for_address(self.target), Type::STREAM, None)?;
        target.set_nonblocking(true)?;
        match target.connect(&self.target.into()) {
            Err(error) if Errno::from_io_error(&error) != Some(Errno::INPROGRESS) => return Err(error),
            _ => {} // connect(2): the socket becomes writable when it is connected, or when that failed
        }
        let data = Data { connecting: true, ..Data::default() };
        let target = self.selector.register(Source::Side(target.into()), Interest::WRITE, data)?;
        let data = Data { peer: Some(target), ..Data::default() };
        match self.selector.register(Source::Side(client), Interest::READ, data) {
            Ok(client) => {
                if let Some(data) = self.selector.data_mut(target) {
                    data.peer = Some(client);
                }
                self.update(client)
            }
            Err(rejected) => {
                self.selector.unregister(target)?;
                Err(rejected.into())
            }
        }
    }

    /// Sends unsent bytes to one side, and forwards the bytes that it sent.
    fn serve(&mut self, token: Token, readiness: Readiness) -> io::Result<()> {
        let Some((Source::Side(stream), data)) = self.selector.parts(token) else { return Ok(()) };
        let Some(peer) = data.peer else { return Ok(()) };
        if data.connecting || readiness.is_error() {
            stream.take_error()?.map_or(Ok(()), Err)?;
            data.connecting = false;
        }
        data.hung_up |= readiness.is_write_closed();
        send(stream, &mut data.unsent)?;
        if readiness.is_readable() {
            let mut buffer = [0; 16 * 1024];
            let received = receive(stream, &mut buffer)?;
            data.ended = received == Some(0);
            if let Some((Source::Side(stream), data)) = self.selector.parts(peer) {
                data.unsent.extend(&buffer[..received.unwrap_or(0)]);
                if !data.connecting {
                    send(stream, &mut data.unsent)?;
                }
            }
        }
        self.update(token)?;
        self.update(peer)
    }

    /// Forwards the end of the stream to one side, and sets its interest. Unless both of its directions have ended, that
    /// contains the hang-up, which a kernel reports in every wait.
    fn update(&mut self, token: Token) -> io::Result<()> {
        let Some(data) = self.selector.data(token) else { return Ok(()) };
        let (Some(peer), connecting, ended) = (data.peer, data.connecting, data.ended) else { return Ok(()) };
        let Some(other) = self.selector.data(peer) else { return Ok(()) };
        let (room, last) = (other.unsent.is_empty(), other.ended);

        let Some((Source::Side(stream), data)) = self.selector.parts(token) else { return Ok(()) };
        if last && data.unsent.is_empty() && !connecting && !data.shut_down {
            stream.shutdown(Shutdown::Write)?;
            data.shut_down = true;
            if ended && room {
                return self.close(token);
            }
        }
        let mut interest = Interest::empty();
        interest.set(Interest::READ, room && !ended && !connecting);
        interest.set(Interest::WRITE, connecting || !data.unsent.is_empty());
        interest.set(self.end, !(data.hung_up || data.ended && data.shut_down));
        Ok(self.selector.set_interest(token, interest)?) // no system call if the interest stays the same
    }

    /// Closes both sides.
    fn close(&mut self, token: Token) -> io::Result<()> {
        let key = self.selector.unregister(token)?;
        if let Some(peer) = key.data.peer {
            self.selector.unregister(peer)?;
        }
        Ok(self.selector.rearm(self.listener)?)
    }
}

/// Receives bytes; `None` if it would block.
fn receive(mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match stream.read(buffer) {
        Ok(length) => Ok(Some(length)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sends as many bytes as the socket takes.
fn send(mut stream: &TcpStream, unsent: &mut VecDeque<u8>) -> io::Result<()> {
    while !unsent.is_empty() {
        match stream.write(unsent.as_slices().0) {
            Ok(length) => drop(unsent.drain(..length)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
