//! An echo server whose keys carry the function to call when their socket is ready.
//!
//! It serves until a client has closed its connection. Talk to it from another terminal:
//!
//! ```sh
//! cargo run --example echo_server
//! cargo run --example echo_client     # or: nc localhost 10000
//! ```
//!
//! It takes another address, too; port 0 is one that is free: `cargo run --example echo_server localhost:0`.

use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use selectors::{DefaultSelector, Interest, Token};
use socket2::{Domain, Socket, Type};

type Selector = DefaultSelector<Socket, Data>;

/// What goes with each socket.
struct Data {
    callback: fn(&mut Selector, Token) -> io::Result<ControlFlow<()>>,
    /// Whose socket it is: the peer's address; for the listener, its own.
    address: SocketAddr,
    /// What was read, and not yet sent back.
    unsent: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let argument = std::env::args().nth(1);
    let (listener, address) = listen(argument.as_deref().unwrap_or("localhost:10000"))?;

    let mut selector = Selector::new()?;
    selector.register(listener, Interest::READ, Data { callback: accept, address, unsent: Vec::new() })?;

    let mut flow = Continue(());
    while flow.is_continue() {
        println!("waiting for I/O");
        for (token, _) in &selector.select(Duration::from_secs(1))? {
            let Some(data) = selector.data(token) else { continue };
            let result = (data.callback)(&mut selector, token)?;
            if result.is_break() {
                flow = result;
            }
        }
    }

    println!("shutting down");
    Ok(())
}

fn listen(address: &str) -> Result<(Socket, SocketAddr), Box<dyn Error>> {
    let (host, _) = address.rsplit_once(':').ok_or("the address must be HOST:PORT")?;
    let all: Vec<SocketAddr> = address.to_socket_addrs()?.collect();
    // "localhost" may have an address of both kinds; the older kind is what other programs try as well.
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
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Continue(())),
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
    let Some((mut connection, data)) = selector.parts(token) else { return Ok(Continue(())) };
    println!("read({})", tuple(data.address));
    let mut buffer = [0; 1024];
    let length = match connection.read(&mut buffer) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Continue(())),
        // A client that does not say good-bye has gone as well.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
        result => result?,
    };
    if length == 0 {
        println!("  closing");
        selector.unregister(token)?; // gives the socket back, which is closed here
        return Ok(Break(()));
    }
    println!("  received b'{}'", buffer[..length].escape_ascii());
    data.unsent.extend(&buffer[..length]);
    write(selector, token)
}

/// The callback of a connection that has something to send. It does not read more until that is sent.
fn write(selector: &mut Selector, token: Token) -> io::Result<ControlFlow<()>> {
    let Some((mut connection, data)) = selector.parts(token) else { return Ok(Continue(())) };
    match connection.write(&data.unsent) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        // The next read tells.
        Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {
            data.unsent.clear();
        }
        result => drop(data.unsent.drain(..result?)),
    }
    let interest;
    (data.callback, interest) =
        if data.unsent.is_empty() { (read as _, Interest::READ) } else { (write as _, Interest::WRITE) };
    selector.modify(token, interest)?; // mostly it is READ still: no system call
    Ok(Continue(()))
}

fn tuple(address: SocketAddr) -> String {
    format!("('{}', {})", address.ip(), address.port())
}
