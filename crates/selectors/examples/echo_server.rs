//! An echo server. The data of each key holds the function to call when its socket is ready.
//!
//! It serves until a client closes its connection. Connect from another terminal:
//!
//! ```sh
//! cargo run --example echo_server
//! cargo run --example echo_client     # or: nc localhost 10000
//! ```
//!
//! An argument is another address to listen on. Port 0 is any free port: `cargo run --example echo_server localhost:0`.

use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use selectors::{DefaultSelector, Interest, Token};
use socket2::{Domain, Socket, Type};

type Selector = DefaultSelector<Socket, Data>;

/// The data of each socket.
struct Data {
    /// Called when the socket is ready.
    callback: fn(&mut Selector, Token) -> io::Result<ControlFlow<()>>,
    /// The address of the peer; for the listener, its own.
    address: SocketAddr,
    /// Bytes that were read and not yet sent.
    unsent: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let argument = std::env::args().nth(1);
    let (listener, address) = listen(argument.as_deref().unwrap_or("localhost:10000"))?;

    let mut selector = Selector::new()?;
    selector.register(listener, Interest::READ, Data { callback: accept, address, unsent: Vec::new() })?;

    let mut running = true;
    while running {
        println!("waiting for I/O");
        for (token, _) in &selector.select(Duration::from_secs(1))? {
            let Some(data) = selector.data(token) else { continue };
            if (data.callback)(&mut selector, token)?.is_break() {
                running = false;
            }
        }
    }

    println!("shutting down");
    Ok(())
}

fn listen(address: &str) -> Result<(Socket, SocketAddr), Box<dyn Error>> {
    let (host, _) = address.rsplit_once(':').ok_or("the address must be HOST:PORT")?;
    let all: Vec<SocketAddr> = address.to_socket_addrs()?.collect();
    // "localhost" may have an address in IPv4 and in IPv6. Other programs may only try IPv4.
    let wanted = all.iter().find(|address| address.is_ipv4()).or(all.first()).ok_or("no such host")?;

    let listener = Socket::new(Domain::for_address(*wanted), Type::STREAM, None)?;
    listener.set_reuse_address(true)?;
    listener.bind(&(*wanted).into())?;
    listener.listen(5)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?.as_socket().ok_or("not an internet address")?;
    println!("starting up on {host} port {}", address.port());
    Ok((listener, address))
}

/// The callback of the listener.
fn accept(selector: &mut Selector, token: Token) -> io::Result<ControlFlow<()>> {
    let Some(listener) = selector.fileobj(token) else { return Ok(Continue(())) };
    let (connection, peer) = match listener.accept() {
        // No client is waiting, or it reset the connection before it was accepted.
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionAborted) => {
            return Ok(Continue(()));
        }
        result => result?,
    };
    let address = peer.as_socket().ok_or(ErrorKind::InvalidData)?;
    println!("accept({})", tuple(address));
    connection.set_nonblocking(true)?;
    selector.register(connection, Interest::READ, Data { callback: read, address, unsent: Vec::new() })?;
    Ok(Continue(()))
}

/// The callback of a connection that has nothing to send.
fn read(selector: &mut Selector, token: Token) -> io::Result<ControlFlow<()>> {
    let Some((connection, data)) = selector.parts_mut(token) else { return Ok(Continue(())) };
    println!("read({})", tuple(data.address));
    let mut buffer = [0; 1024];
    let length = match connection.read(&mut buffer) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Continue(())),
        // A reset ends the connection as well.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
        result => result?,
    };
    if length == 0 {
        println!("  closing");
        selector.unregister(token)?; // returns the socket, which is dropped and so closed
        return Ok(Break(()));
    }
    println!("  received b'{}'", buffer[..length].escape_ascii());
    data.unsent.extend(&buffer[..length]);
    write(selector, token)
}

/// The callback of a connection that has bytes to send. It reads no more until they are sent.
fn write(selector: &mut Selector, token: Token) -> io::Result<ControlFlow<()>> {
    let Some((connection, data)) = selector.parts_mut(token) else { return Ok(Continue(())) };
    match connection.write(&data.unsent) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        // The next read returns the error, or the end of the stream.
        Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
            data.unsent.clear();
        }
        result => drop(data.unsent.drain(..result?)),
    }
    // No system call if the interest stays the same.
    if data.unsent.is_empty() {
        data.callback = read;
        selector.modify(token, Interest::READ)?;
    } else {
        data.callback = write;
        selector.modify(token, Interest::WRITE)?;
    }
    Ok(Continue(()))
}

fn tuple(address: SocketAddr) -> String {
    format!("('{}', {})", address.ip(), address.port())
}
