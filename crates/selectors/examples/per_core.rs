//! An echo server with one thread and one selector for each core, and a waker for each to stop it.
//!
//! Each thread has its own listener on the same port. The kernel distributes the clients among the listeners: with
//! `SO_REUSEPORT` on Linux, with `SO_REUSEPORT_LB` on FreeBSD. Other systems may send all clients to one listener;
//! illumos and Solaris get one thread.
//!
//! ```sh
//! cargo run --example per_core                    # or, for another address: ... 127.0.0.1:0
//! nc 127.0.0.1 10000                              # in other terminals; Enter in the first terminal stops the server
//! cargo run --example per_core 127.0.0.1:0 --test # connects some clients itself, then stops
//! ```

use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;

use selectors::{DefaultSelector, Interest, Ready};
use socket2::{Domain, Socket, Type};

/// Whether several listeners can have one port.
const SHARES_PORTS: bool = cfg!(not(any(target_os = "illumos", target_os = "solaris")));

/// The data of each socket are the bytes that were read and not yet sent.
type Selector = DefaultSelector<Socket, VecDeque<u8>>;

/// The work of a thread.
#[derive(Default)]
struct Served {
    connections: u32,
    bytes: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut address: SocketAddr = arguments.next().as_deref().unwrap_or("127.0.0.1:10000").parse()?;
    let test = arguments.next().is_some_and(|argument| argument == "--test");

    let (mut threads, mut wakers) = (Vec::new(), Vec::new());
    let count = if SHARES_PORTS { thread::available_parallelism()?.get() } else { 1 };
    for _ in 0..count {
        let listener = listen(address)?;
        address = listener.local_addr()?.as_socket().ok_or("not an internet address")?;
        let mut selector = Selector::new()?;
        wakers.push(selector.waker()?);
        threads.push(thread::spawn(move || serve(selector, listener)));
    }
    println!("{} threads on {address}", threads.len());

    let result = if test {
        (0..100).try_for_each(|number| check(address, number))
    } else {
        io::stdin().read_line(&mut String::new()).map(drop)
    };
    for waker in wakers {
        waker.wake()?;
    }
    for (number, thread) in threads.into_iter().enumerate() {
        let served = thread.join().map_err(|_| "a thread panicked")??;
        println!("thread {number}: {} connections, {} bytes", served.connections, served.bytes);
    }
    Ok(result?)
}

fn listen(address: SocketAddr) -> io::Result<Socket> {
    let listener = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    listener.set_reuse_address(true)?;
    #[cfg(target_os = "freebsd")]
    listener.set_reuse_port_lb(true)?;
    #[cfg(not(any(target_os = "freebsd", target_os = "illumos", target_os = "solaris")))]
    listener.set_reuse_port(true)?;
    listener.bind(&address.into())?;
    listener.listen(128)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Echoes until it is woken.
fn serve(mut selector: Selector, listener: Socket) -> io::Result<Served> {
    let listener = selector.register(listener, Interest::READ, VecDeque::new())?;
    let mut served = Served::default();
    let mut ready = Ready::new();
    loop {
        selector.select_into(&mut ready, None)?;
        if ready.woken() {
            return Ok(served);
        }
        for (token, _) in &ready {
            let Some((socket, unsent)) = selector.parts_mut(token) else { continue };
            if token == listener {
                match socket.accept() {
                    Ok((connection, _)) => {
                        connection.set_nonblocking(true)?;
                        selector.register(connection, Interest::READ, VecDeque::new())?;
                        served.connections += 1;
                    }
                    // No client is waiting, or it reset the connection before it was accepted.
                    Err(error)
                        if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionAborted) => {}
                    Err(error) => return Err(error),
                }
            } else {
                match echo(socket, unsent) {
                    Ok(bytes) => {
                        served.bytes += bytes;
                        let interest = if unsent.is_empty() { Interest::READ } else { Interest::WRITE };
                        selector.modify(token, interest)?;
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => drop(selector.unregister(token)?),
                }
            }
        }
    }
}

/// Reads if nothing is unsent, and sends as much as the socket takes. The end of the stream is an error.
fn echo(connection: &mut Socket, unsent: &mut VecDeque<u8>) -> io::Result<u64> {
    if unsent.is_empty() {
        let mut buffer = [0; 4096];
        match connection.read(&mut buffer)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            length => unsent.extend(&buffer[..length]),
        }
    }
    let sent = match connection.write(unsent.make_contiguous()) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        result => result?,
    };
    unsent.drain(..sent);
    Ok(sent as u64)
}

/// Sends a message as a client, and checks the echo.
fn check(address: SocketAddr, number: usize) -> io::Result<()> {
    let mut connection = TcpStream::connect(address)?;
    let message = format!("client {number}\n").repeat(number + 1);
    connection.write_all(message.as_bytes())?;
    connection.shutdown(Shutdown::Write)?;
    let mut echo = String::new();
    connection.read_to_string(&mut echo)?;
    if echo != message {
        return Err(io::Error::other(format!("client {number} got {echo:?}")));
    }
    Ok(())
}
