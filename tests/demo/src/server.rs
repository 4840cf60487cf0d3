//! The echo server, in one thread.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use selectors::backend::AnyBackend;
use selectors::{BackendKind, Interest, Ready, Selector, Token, Waker};

use crate::counting::Counting;
use crate::options::Fault;

/// The most bytes that it reads at once.
const CHUNK: usize = 64 << 10;

enum Socket {
    Listener(TcpListener),
    /// Its data are the bytes that were read and not yet sent.
    Connection(TcpStream),
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Listener(listener) => listener.as_fd(),
            Self::Connection(stream) => stream.as_fd(),
        }
    }
}

pub(crate) struct Server {
    selector: Selector<Counting, Socket, Vec<u8>>,
    address: SocketAddr,
    buffer: Vec<u8>,
    fault: Option<Fault>,
    served: Served,
}

/// The server's results.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Served {
    pub(crate) connections: u64,
    /// The system calls from the first connection to the last: accept4, ioctl, setsockopt, recvfrom, sendto, close, and
    /// those of the back end. `strace -f` counts the same in this thread.
    pub(crate) calls: u64,
}

/// The state of a connection after it was served.
enum State {
    Open(Interest),
    Closed,
}

impl Server {
    pub(crate) fn new(kind: BackendKind, fault: Option<Fault>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let mut selector = Selector::with_backend(Counting::over(AnyBackend::open(kind)?));
        selector.register(Socket::Listener(listener), Interest::READ, Vec::new())?;
        Ok(Self { selector, address, buffer: vec![0; CHUNK], fault, served: Served::default() })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A waker that stops the server.
    pub(crate) fn waker(&mut self) -> io::Result<Waker> {
        Ok(self.selector.waker()?)
    }

    /// Serves until it is woken. Counts the connections that it has accepted.
    pub(crate) fn run(mut self, accepted: &AtomicU64) -> io::Result<Served> {
        let before = self.selector.backend().calls();
        let mut ready = Ready::new();
        while !ready.woken() {
            self.selector.select_into(&mut ready, None)?;
            for (token, readiness) in &ready {
                match self.selector.fileobj(token) {
                    Some(Socket::Listener(_)) => self.accept(token, accepted)?,
                    Some(Socket::Connection(_)) => self.serve(token, readiness.is_writable())?,
                    None => {}
                }
            }
        }
        self.served.calls += self.selector.backend().calls() - before;
        Ok(self.served)
    }

    fn accept(&mut self, token: Token, accepted: &AtomicU64) -> io::Result<()> {
        while let Some(Socket::Listener(listener)) = self.selector.fileobj(token) {
            self.served.calls += 1;
            match listener.accept() {
                Ok((connection, _)) => {
                    self.served.calls += 2;
                    connection.set_nonblocking(true)?;
                    connection.set_nodelay(true)?;
                    self.served.connections += 1;
                    accepted.fetch_add(1, Ordering::Relaxed);
                    self.selector.register(Socket::Connection(connection), Interest::READ, Vec::new())?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn serve(&mut self, token: Token, writable: bool) -> io::Result<()> {
        let Some((Socket::Connection(stream), unsent)) = self.selector.parts(token) else { return Ok(()) };
        let state = if writable {
            finish(stream, unsent, &mut self.served.calls)
        } else {
            echo(stream, unsent, &mut self.buffer, &mut self.fault, &mut self.served.calls)
        };
        match state {
            Ok(State::Open(interest)) => self.selector.modify(token, interest)?,
            // An error ends the connection, as its end does.
            Ok(State::Closed) | Err(_) => {
                self.selector.unregister(token)?;
                self.served.calls += 1; // close
            }
        }
        Ok(())
    }
}

/// Reads once, and writes the bytes back. While some are left to write, the server reads no more.
fn echo(
    mut stream: &TcpStream,
    unsent: &mut Vec<u8>,
    buffer: &mut [u8],
    fault: &mut Option<Fault>,
    calls: &mut u64,
) -> io::Result<State> {
    *calls += 1;
    let mut length = match stream.read(buffer) {
        Ok(0) => return Ok(State::Closed),
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(State::Open(Interest::READ)),
        result => result?,
    };
    match fault.take() {
        Some(Fault::Corrupt) => buffer[length / 2] ^= 1,
        Some(Fault::Invent) => length = (length + 1).min(buffer.len()),
        Some(Fault::Drop) => return Ok(State::Closed),
        None => {}
    }
    *calls += 1;
    let written = match stream.write(&buffer[..length]) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        result => result?,
    };
    unsent.extend(&buffer[written..length]);
    Ok(State::Open(if unsent.is_empty() { Interest::READ } else { Interest::WRITE }))
}

/// Writes the bytes that an earlier read has left.
fn finish(mut stream: &TcpStream, unsent: &mut Vec<u8>, calls: &mut u64) -> io::Result<State> {
    *calls += 1;
    match stream.write(unsent) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        result => drop(unsent.drain(..result?)),
    }
    Ok(State::Open(if unsent.is_empty() { Interest::READ } else { Interest::WRITE }))
}
