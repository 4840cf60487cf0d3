//! A client for `echo_server` that waits until it can read or write, and does both in its main loop.
//!
//! It sends two messages, receives the echo, and ends when it has received as many bytes as it sent:
//!
//! ```sh
//! cargo run --example echo_server     # in another terminal; or: nc -lk 10000, and type the messages
//! cargo run --example echo_client     # or, for another address: ... localhost:12345
//! ```

use std::collections::VecDeque;
use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use selectors::{DefaultSelector, Interest};

fn main() -> Result<(), Box<dyn Error>> {
    let argument = std::env::args().nth(1);
    let address = argument.as_deref().unwrap_or("localhost:10000");
    let (host, port) = address.rsplit_once(':').ok_or("the address must be HOST:PORT")?;
    println!("connecting to {host} port {port}");
    let connection = TcpStream::connect(address)?;
    let server = tuple(connection.peer_addr()?);
    connection.set_nonblocking(true)?;

    let mut selector = DefaultSelector::new()?;
    let client = selector.register(connection, Interest::READ | Interest::WRITE, ())?;

    let mut outgoing: VecDeque<&[u8]> = [&b"This is the message.  "[..], b"It will be repeated."].into();
    let (mut sent, mut received) = (0, 0);
    // Without the first condition, a fast echo of the first message would end the loop before the second one is sent.
    while !(outgoing.is_empty() && sent == received && sent != 0) {
        println!("waiting for I/O");
        for (token, readiness) in &selector.select(Duration::from_secs(1))? {
            let Some(connection) = selector.fileobj_mut(token) else { continue };
            println!("client({server})");

            if readiness.is_readable() {
                println!("  ready to read");
                let mut buffer = [0; 1024];
                match connection.read(&mut buffer) {
                    Ok(0) => return Err("the server closed the connection".into()),
                    Ok(length) => {
                        println!("  received b'{}'", buffer[..length].escape_ascii());
                        received += length;
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error.into()),
                }
            }

            if readiness.is_writable() {
                println!("  ready to write");
                match outgoing.pop_front() {
                    None => {
                        println!("  switching to read-only");
                        selector.modify(token, Interest::READ)?;
                    }
                    Some(message) => {
                        println!("  sending b'{}'", message.escape_ascii());
                        let length = match connection.write(message) {
                            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                            result => result?,
                        };
                        sent += length;
                        if length < message.len() {
                            outgoing.push_front(&message[length..]);
                        }
                    }
                }
            }
        }
    }

    println!("shutting down");
    selector.unregister(client)?;
    Ok(())
}

fn tuple(address: SocketAddr) -> String {
    format!("('{}', {})", address.ip(), address.port())
}
