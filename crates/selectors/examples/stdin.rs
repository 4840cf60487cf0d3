//! A small netcat: waits for the standard input and a socket.
//!
//! The input may be a terminal, a pipe or a file. Reading a file never blocks, so the program does not wait for it. It
//! could not on all back ends: epoll refuses a file, and kqueue does not report its end. The selector borrows the
//! descriptors, so the program reads and writes through its own variables.
//!
//! ```sh
//! nc -lk 10000                                        # or any server, such as the example callback_server
//! cargo run --example stdin localhost:10000           # in another terminal; Ctrl-D ends the input
//! cargo run --example stdin localhost:10000 <README.md
//! ```

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use selectors::{AnySelector, Error, FdIo, Interest};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).ok_or("usage: stdin HOST:PORT")?;
    let socket = TcpStream::connect(address)?;
    socket.set_nonblocking(true)?;
    // `Stdin` itself would read ahead into a buffer, which no selector can see. The input stays in blocking mode, because
    // other programs may share the terminal, and the mode with it.
    let stdin = io::stdin();
    let mut input = FdIo::new(&stdin);

    let mut selector = AnySelector::<BorrowedFd<'_>>::new()?;
    let connection = selector.register(socket.as_fd(), Interest::READ, ()).map_err(Error::from)?;
    let is_file = fs::File::from(stdin.as_fd().try_clone_to_owned()?).metadata()?.is_file();
    let mut waited = if is_file {
        None
    } else {
        match selector.register(stdin.as_fd(), Interest::READ, ()) {
            Ok(token) => Some(token),
            // On epoll, a device that never blocks, such as /dev/null.
            Err(rejected) if matches!(rejected.error, Error::UnsupportedFile { .. }) => None,
            Err(rejected) => return Err(rejected.error.into()),
        }
    };
    if waited.is_none() {
        eprintln!("The input never blocks: the program reads it without waiting.");
    }

    let (mut buffer, mut unsent, mut ended) = ([0; 4096], Vec::new(), false);
    loop {
        let wanted = unsent.is_empty() && !ended;
        let timeout = (wanted && waited.is_none()).then_some(Duration::ZERO);
        let ready = selector.select(timeout)?;

        if ready.get(connection).is_some_and(|readiness| readiness.is_readable()) {
            match (&socket).read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => io::stdout().write_all(&buffer[..length])?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            io::stdout().flush()?;
        }

        if wanted && waited.is_none_or(|token| ready.get(token).is_some()) {
            let length = input.read(&mut buffer)?;
            unsent.extend(&buffer[..length]);
            ended = length == 0;
            if ended {
                socket.shutdown(Shutdown::Write)?;
                waited.take().map(|token| selector.unregister(token)).transpose()?;
            }
        }

        if !unsent.is_empty() {
            match (&socket).write(&unsent) {
                Ok(length) => drop(unsent.drain(..length)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }

        // While the socket takes no more bytes, the program reads no input. None of these calls makes a system call if
        // nothing changes.
        if unsent.is_empty() {
            selector.modify(connection, Interest::READ)?;
            waited.map(|token| selector.rearm(token)).transpose()?;
        } else {
            selector.modify(connection, Interest::READ | Interest::WRITE)?;
            waited.map(|token| selector.pause(token)).transpose()?;
        }
    }
}
