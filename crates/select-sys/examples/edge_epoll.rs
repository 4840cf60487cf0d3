//! An echo server with `epoll` alone: edge-triggered, one thread, any number of clients.
//!
//! Each socket is registered once, for both directions, and never changed. An edge is told once, so whoever is told works
//! on until the socket would block; the next edge comes after that, and not before.
//!
//! ```sh
//! cargo run --example edge_epoll                 # connects some clients itself, then stops
//! cargo run --example edge_epoll 127.0.0.1:10000 # serves until Ctrl-C; in another terminal: nc 127.0.0.1 10000
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use select_sys::epoll::{Epoll, Event, EventFlags};

/// The listener's 64 bits; connections count from 0.
const LISTENER: u64 = u64::MAX;

struct Connection {
    stream: TcpStream,
    // What was read and is not yet written.
    unsent: Vec<u8>,
    echoed: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(address) = std::env::args().nth(1) {
        return Ok(serve(TcpListener::bind(address)?, usize::MAX)?);
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let sizes = [0, 5, 4096, 3_000_000];
    let clients = sizes.map(|size| thread::spawn(move || check(address, size)));
    serve(listener, sizes.len())?;
    for (client, size) in clients.into_iter().zip(sizes) {
        client.join().map_err(|_| "a client panicked")??;
        println!("a client got its {size} bytes back");
    }
    Ok(())
}

/// Ends when this many connections have come and gone.
fn serve(listener: TcpListener, most: usize) -> io::Result<()> {
    println!("listening on {}", listener.local_addr()?);
    listener.set_nonblocking(true)?;
    let epoll = Epoll::new()?;
    epoll.register(&listener, EventFlags::IN | EventFlags::ET, LISTENER)?;

    // By their 64 bits, which are never given twice: an event of a connection that is gone finds nothing.
    let mut connections = HashMap::new();
    let mut numbers = 0..;
    let mut gone = 0;
    let mut buffer = [Event::default(); 256];
    while gone < most {
        for event in epoll.wait(&mut buffer, None)? {
            if event.data() == LISTENER {
                for (stream, number) in accept(&listener)?.into_iter().zip(numbers.by_ref()) {
                    stream.set_nonblocking(true)?;
                    let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
                    epoll.register(&stream, flags, number)?;
                    connections.insert(number, Connection { stream, unsent: Vec::new(), echoed: 0 });
                }
                continue;
            }
            let Some(connection) = connections.get_mut(&event.data()) else { continue };
            let open = connection.echo().unwrap_or_else(|error| {
                eprintln!("connection {}: {error}", event.data());
                false
            });
            if !open {
                println!("connection {} ends after {} bytes", event.data(), connection.echoed);
                // Before it is closed: a duplicate of the descriptor would keep it registered.
                epoll.unregister(&connection.stream)?;
                connections.remove(&event.data());
                gone += 1;
            }
        }
    }
    Ok(())
}

/// Everybody who waits to be accepted.
fn accept(listener: &TcpListener) -> io::Result<Vec<TcpStream>> {
    let mut streams = Vec::new();
    loop {
        match listener.accept() {
            Ok((stream, _)) => streams.push(stream),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(streams),
            // The client gave up again, or a signal came.
            Err(error) if [ErrorKind::ConnectionAborted, ErrorKind::Interrupted].contains(&error.kind()) => {}
            Err(error) => return Err(error),
        }
    }
}

impl Connection {
    /// Reads and writes until one of them would block; `false` when the client is done.
    ///
    /// What would block comes with an edge when it would no more. So this must not stop for another reason, and need not
    /// know which direction the edge was for.
    fn echo(&mut self) -> io::Result<bool> {
        loop {
            let result = if self.unsent.is_empty() { self.read() } else { self.write() };
            match result {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn read(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 1 << 14];
        let length = self.stream.read(&mut buffer)?;
        self.unsent.extend(&buffer[..length]);
        Ok(length)
    }

    fn write(&mut self) -> io::Result<usize> {
        let length = self.stream.write(&self.unsent)?;
        self.unsent.drain(..length);
        self.echoed += length;
        Ok(length)
    }
}

/// A client: sends so many bytes, and sees that they come back.
fn check(address: SocketAddr, size: usize) -> io::Result<()> {
    let stream = TcpStream::connect(address)?;
    let message: Vec<u8> = (0_u8..=250).cycle().take(size).collect();
    let mut answer = Vec::new();
    thread::scope(|scope| {
        let sender =
            scope.spawn(|| (&stream).write_all(&message).and_then(|()| stream.shutdown(Shutdown::Write)));
        (&stream).read_to_end(&mut answer)?;
        sender.join().map_err(|_| io::Error::other("the sender panicked"))?
    })?;
    if answer == message { Ok(()) } else { Err(io::Error::other("another message came back")) }
}
