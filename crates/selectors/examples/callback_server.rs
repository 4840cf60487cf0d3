//! An echo server for many clients that runs until it is interrupted. The data of each key holds a function to call, and
//! no write blocks.
//!
//! ```sh
//! cargo run --example callback_server     # or, for another address: ... localhost:0
//! nc localhost 1234                       # in other terminals
//! ```

use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::AsRawFd;

use selectors::{DefaultSelector, Interest, Ready, Token};
use socket2::{Domain, Socket, Type};

struct Server {
    selector: DefaultSelector<Socket, Data>,
    listener: Token,
}

/// The data of each socket.
struct Data {
    /// Called when the socket is ready.
    callback: fn(&mut Server, Token) -> io::Result<()>,
    /// Bytes that were read and not yet sent.
    unsent: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let argument = std::env::args().nth(1);
    let mut addresses = argument.as_deref().unwrap_or("localhost:1234").to_socket_addrs()?;
    let address = addresses.next().ok_or("no such host")?;

    let listener = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    listener.set_reuse_address(true)?;
    listener.bind(&address.into())?;
    listener.listen(100)?;
    listener.set_nonblocking(true)?;
    println!("listening on {}", tuple(listener.local_addr()?.as_socket()));

    let mut selector = DefaultSelector::new()?;
    let data = Data { callback: Server::accept, unsent: Vec::new() };
    let listener = selector.register(listener, Interest::READ, data)?;
    Server { selector, listener }.run()
}

impl Server {
    fn run(mut self) -> Result<(), Box<dyn Error>> {
        let mut ready = Ready::new();
        loop {
            self.selector.select_into(&mut ready, None)?;
            for (token, _) in &ready {
                let Some(data) = self.selector.data(token) else { continue };
                match (data.callback)(&mut self, token) {
                    Err(error) if token != self.listener => {
                        println!("error: {error}");
                        self.close(token)?;
                    }
                    result => result?,
                }
            }
        }
    }

    /// The callback of the listener.
    fn accept(&mut self, token: Token) -> io::Result<()> {
        let Some(listener) = self.selector.fileobj(token) else { return Ok(()) };
        let accepted = listener.accept().and_then(|(connection, peer)| {
            connection.set_nonblocking(true)?;
            Ok((connection, peer))
        });
        let (connection, peer) = match accepted {
            Ok(accepted) => accepted,
            // No client is waiting, or it reset the connection before it was accepted.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionAborted) => {
                return Ok(());
            }
            Err(error) => {
                // Probably there are no descriptors left. The client keeps waiting and the listener stays ready, so
                // without a pause the server would try again at once, until a connection closes.
                println!("cannot accept: {error}");
                return Ok(self.selector.pause(token)?);
            }
        };
        println!("accepted socket {} from {}", connection.as_raw_fd(), tuple(peer.as_socket()));
        let data = Data { callback: Self::read, unsent: Vec::new() };
        if let Err(rejected) = self.selector.register(connection, Interest::READ, data) {
            println!("cannot serve socket {}: {}", rejected.fileobj.as_raw_fd(), rejected.error);
        }
        Ok(())
    }

    /// The callback of a connection that has nothing to send.
    fn read(&mut self, token: Token) -> io::Result<()> {
        let Some((connection, data)) = self.selector.parts_mut(token) else { return Ok(()) };
        let mut buffer = [0; 1000];
        match connection.read(&mut buffer) {
            Ok(0) => self.close(token),
            Ok(length) => {
                let bytes = &buffer[..length];
                println!("echoing b'{}' to socket {}", bytes.escape_ascii(), connection.as_raw_fd());
                data.unsent.extend(bytes);
                self.write(token)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The callback of a connection that has bytes to send. The server reads no more from it until they are sent, so TCP
    /// slows down a client that sends and does not receive.
    fn write(&mut self, token: Token) -> io::Result<()> {
        let Some((connection, data)) = self.selector.parts_mut(token) else { return Ok(()) };
        match connection.write(&data.unsent) {
            Ok(length) => drop(data.unsent.drain(..length)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        // No system call if the interest stays the same.
        if data.unsent.is_empty() {
            data.callback = Self::read;
            self.selector.modify(token, Interest::READ)?;
        } else {
            data.callback = Self::write;
            self.selector.modify(token, Interest::WRITE)?;
        }
        Ok(())
    }

    fn close(&mut self, token: Token) -> io::Result<()> {
        let key = self.selector.unregister(token)?;
        println!("closing socket {}", key.fd);
        drop(key);
        self.selector.rearm(self.listener)?; // it may be paused, and now there is a free descriptor
        Ok(())
    }
}

fn tuple(address: Option<SocketAddr>) -> String {
    address.map_or_else(|| "?".to_owned(), |address| format!("('{}', {})", address.ip(), address.port()))
}
