//! A server whose connections come and go.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{SocketFlags, acceptfrom_with, sockopt};

use crate::workload::wrong;
use crate::{Cost, Interest, Subject, Workload};

/// The number of connections at a time.
const BATCH: usize = 16;
const MESSAGE: [u8; 64] = [b'm'; 64];

/// TCP connections, 16 at a time. The server accepts and registers each, echoes one message of 64 bytes, and unregisters and
/// closes it after the client's reset. A step is a connection, with the work of its client.
#[derive(Debug)]
pub struct Echo;

struct Server<S> {
    subject: S,
    listener: Rc<OwnedFd>,
    // By index. The listener has the index `BATCH`.
    connections: Vec<Option<Rc<OwnedFd>>>,
    ready: Vec<usize>,
}

/// The work after one wait.
#[derive(Default)]
struct Done {
    accepted: usize,
    echoed: usize,
    closed: usize,
}

impl<S: Subject<Rc<OwnedFd>>> Server<S> {
    fn new() -> io::Result<(Self, SocketAddr)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = Rc::new(OwnedFd::from(listener));
        let mut subject = S::new(BATCH + 1)?;
        subject.add(Rc::clone(&listener), BATCH, Interest::Read)?;
        Ok((Self { subject, listener, connections: vec![None; BATCH], ready: Vec::new() }, address))
    }

    /// Waits once, and serves all that is ready.
    fn round(&mut self) -> io::Result<Done> {
        let mut done = Done::default();
        let ready = &mut self.ready;
        ready.clear();
        self.subject.wait(None, |index| ready.push(index))?;
        for place in 0..self.ready.len() {
            match self.ready[place] {
                BATCH => done.accepted += self.accept()?,
                index => self.serve(index, &mut done)?,
            }
        }
        Ok(done)
    }

    fn accept(&mut self) -> io::Result<usize> {
        let mut accepted = 0;
        loop {
            match acceptfrom_with(&self.listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
                Ok((stream, _)) => {
                    let stream = Rc::new(stream);
                    let free = self.connections.iter().position(Option::is_none);
                    let index = free.ok_or_else(|| wrong("more connections than clients"))?;
                    self.connections[index] = Some(Rc::clone(&stream));
                    self.subject.add(stream, index, Interest::Read)?;
                    accepted += 1;
                }
                Err(Errno::AGAIN) => return Ok(accepted),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn serve(&mut self, index: usize, done: &mut Done) -> io::Result<()> {
        let stream =
            self.connections[index].as_ref().ok_or_else(|| wrong("a removed connection is ready"))?;
        let mut message = MESSAGE;
        match rustix::io::read(stream, &mut message) {
            Ok(0) | Err(Errno::CONNRESET) => {
                self.subject.remove(stream, index)?;
                self.connections[index] = None;
                done.closed += 1;
            }
            Ok(length) => {
                rustix::io::write(stream, &message[..length])?;
                done.echoed += 1;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Serves until `count` has reached the number of connections.
    fn until(&mut self, count: impl Fn(&Done) -> usize) -> io::Result<()> {
        let mut seen = 0;
        while seen < BATCH {
            seen += count(&self.round()?);
        }
        Ok(())
    }
}

impl Workload for &Echo {
    type File = Rc<OwnedFd>;

    fn run<S: Subject<Rc<OwnedFd>>>(&self, laps: u32) -> io::Result<Cost> {
        let (mut server, address) = Server::<S>::new()?;
        Cost::of(laps, |laps| {
            for _ in 0..laps {
                let connect = |_| TcpStream::connect(address);
                let mut clients = (0..BATCH).map(connect).collect::<io::Result<Vec<_>>>()?;
                server.until(|done| done.accepted)?;
                for client in &mut clients {
                    client.write_all(&MESSAGE)?;
                }
                server.until(|done| done.echoed)?;
                for client in &mut clients {
                    client.read_exact(&mut [0; MESSAGE.len()])?;
                    // After a reset, the port is free at once (no TIME_WAIT).
                    sockopt::set_socket_linger(&*client, Some(Duration::ZERO))?;
                }
                drop(clients);
                server.until(|done| done.closed)?;
            }
            Ok(BATCH as u64 * u64::from(laps))
        })
    }
}
