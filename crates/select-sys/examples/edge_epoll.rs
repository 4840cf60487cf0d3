//! An echo server on `epoll` alone: edge-triggered, one thread, any number of clients.
//!
//! The server registers each socket once, for both directions. The kernel reports an edge once, so the server reads and
//! writes until the socket would block. The next edge comes only after that.
//!
//! ```sh
//! cargo run --example edge_epoll                 # connects some clients itself, then stops
//! cargo run --example edge_epoll 127.0.0.1:10000 # serves until Ctrl-C; in another terminal: nc 127.0.0.1 10000
//! ```

#[cfg(any(target_os = "android", target_os = "linux"))]
mod server {
    use std::collections::HashMap;
    use std::error::Error;
    use std::io::{self, ErrorKind, Read, Write};
    use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
    use std::thread;

    use select_sys::epoll::{Epoll, Event, EventFlags};

    /// The listener's 64 bits. Connections count from 0.
    const LISTENER: u64 = u64::MAX;

    struct Connection {
        stream: TcpStream,
        // Bytes that were read and not yet written.
        unsent: Vec<u8>,
        echoed: usize,
    }

    pub(crate) fn run() -> Result<(), Box<dyn Error>> {
        if let Some(address) = std::env::args().nth(1) {
            return Ok(serve(&TcpListener::bind(address)?, usize::MAX)?);
        }
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let sizes = [0, 5, 4096, 3_000_000];
        let clients = sizes.map(|size| thread::spawn(move || check(address, size)));
        serve(&listener, sizes.len())?;
        for (client, size) in clients.into_iter().zip(sizes) {
            client.join().map_err(|_| "a client panicked")??;
            println!("a client received its {size} bytes");
        }
        Ok(())
    }

    /// Serves until this many connections have closed.
    fn serve(listener: &TcpListener, limit: usize) -> io::Result<()> {
        println!("listening on {}", listener.local_addr()?);
        listener.set_nonblocking(true)?;
        let epoll = Epoll::new()?;
        epoll.register(listener, EventFlags::IN | EventFlags::ET, LISTENER)?;

        // By their 64 bits. No number is used twice, so an event of a closed connection finds nothing.
        let mut connections = HashMap::new();
        let mut next = 0;
        let mut closed = 0;
        let mut buffer = [Event::default(); 256];
        while closed < limit {
            for event in epoll.wait(&mut buffer, None)? {
                let number = event.data();
                if number == LISTENER {
                    while let Some(stream) = accept(listener)? {
                        stream.set_nonblocking(true)?;
                        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
                        epoll.register(&stream, flags, next)?;
                        connections.insert(next, Connection { stream, unsent: Vec::new(), echoed: 0 });
                        next += 1;
                    }
                    continue;
                }
                let Some(connection) = connections.get_mut(&number) else { continue };
                let open = connection.echo().unwrap_or_else(|error| {
                    eprintln!("connection {number}: {error}");
                    false
                });
                if !open {
                    println!("connection {number} closes after {} bytes", connection.echoed);
                    // Before the descriptor is closed: a duplicate of it would stay registered.
                    epoll.unregister(&connection.stream)?;
                    connections.remove(&number);
                    closed += 1;
                }
            }
        }
        Ok(())
    }

    /// Accepts the next client, if one is waiting.
    fn accept(listener: &TcpListener) -> io::Result<Option<TcpStream>> {
        loop {
            match listener.accept() {
                Ok((stream, _)) => return Ok(Some(stream)),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return Ok(None),
                    ErrorKind::ConnectionAborted | ErrorKind::Interrupted => {}
                    _ => return Err(error),
                },
            }
        }
    }

    impl Connection {
        /// Reads and writes until one of them would block. Returns `false` at the end of the stream.
        ///
        /// Only `WouldBlock` promises another edge, so nothing else may end the loop. The loop need not know which
        /// direction the edge was for.
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

    /// Sends `size` bytes as a client, and checks the echo.
    fn check(address: SocketAddr, size: usize) -> io::Result<()> {
        let stream = TcpStream::connect(address)?;
        let message: Vec<u8> = (0_u8..=250).cycle().take(size).collect();
        let mut echo = Vec::new();
        thread::scope(|scope| {
            let sender =
                scope.spawn(|| (&stream).write_all(&message).and_then(|()| stream.shutdown(Shutdown::Write)));
            (&stream).read_to_end(&mut echo)?;
            sender.join().map_err(|_| io::Error::other("the sender panicked"))?
        })?;
        if echo == message { Ok(()) } else { Err(io::Error::other("the echo is not the message")) }
    }
}

#[cfg(any(target_os = "android", target_os = "linux"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    server::run()
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn main() {
    println!("This system has no epoll.");
}
