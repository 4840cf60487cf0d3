//! A small netcat: waits for the standard input and a socket.
//!
//! The input may be a terminal, a pipe, a file or `/dev/null`: the selector reports a file in each wait, as `poll(2)` does. The
//! selector borrows the descriptors, so the program reads and writes through its own variables.
//!
//! ```sh
//! nc -lk 10000                                        # or any server, such as the example callback_server
//! cargo run --example stdin localhost:10000           # in another terminal; Ctrl-D ends the input
//! cargo run --example stdin localhost:10000 <README.md
//! ```

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

use selectors::{AnySelector, Error, FdIo, Interest};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).ok_or("usage: stdin HOST:PORT")?;
    let socket = TcpStream::connect(address)?;
    socket.set_nonblocking(true)?;
    // `Stdin` itself would read ahead into a buffer, which no selector can see. The input stays in blocking mode, because
    // other programs may share the terminal, and the mode with it.
    let stdin = io::stdin();

    let mut selector = AnySelector::<BorrowedFd<'_>>::new()?;
    let connection = selector.register(socket.as_fd(), Interest::READ, ()).map_err(Error::from)?;
    let input = selector.register(stdin.as_fd(), Interest::READ, ()).map_err(Error::from)?;

    let (mut buffer, mut unsent) = ([0; 4096], Vec::new());
    loop {
        let ready = selector.select(None)?;

        if ready.get(connection).is_some_and(|readiness| readiness.is_readable()) {
            match (&socket).read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => io::stdout().write_all(&buffer[..length])?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            io::stdout().flush()?;
        }

        if ready.get(input).is_some() {
            match FdIo::new(&stdin).read(&mut buffer) {
                Ok(0) => {
                    selector.unregister(input)?;
                    socket.shutdown(Shutdown::Write)?;
                }
                Ok(length) => unsent.extend(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }

        if !unsent.is_empty() {
            match (&socket).write(&unsent) {
                Ok(length) => drop(unsent.drain(..length)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }

        // While the socket takes no more bytes, the program reads no input: an empty interest pauses the key. None of these
        // calls makes a system call if nothing changes.
        let (for_socket, for_input) = match unsent.is_empty() {
            true => (Interest::READ, Interest::READ),
            false => (Interest::READ | Interest::WRITE, Interest::empty()),
        };
        selector.modify(connection, for_socket)?;
        if selector.key(input).is_some() {
            selector.set_interest(input, for_input)?;
        }
    }
}
