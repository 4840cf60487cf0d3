//! A TCP connection of the process to itself, for Windows, which waits for sockets only and has no socket pairs.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use select_sys::fd::AsFd;
use select_sys::select::{FdSet, select};

pub(crate) type Stream = TcpStream;

/// The longest wait for our own connection. It has arrived when `connect` returns, unless another process took over the
/// port of the listener, which `SO_REUSEADDR` allows, and got the connection.
const LIMIT: Duration = Duration::from_secs(5);

/// Makes a connected pair. What is written to the second end is sent at once.
pub(crate) fn stream_pair() -> io::Result<(Stream, Stream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let writer = TcpStream::connect(listener.local_addr()?)?;
    let reader = accept(&listener, &writer)?;
    writer.set_nodelay(true)?;
    Ok((reader, writer))
}

/// Accepts the other end of `writer`. Drops connections of other processes.
fn accept(listener: &TcpListener, writer: &TcpStream) -> io::Result<TcpStream> {
    loop {
        let mut waited = FdSet::from_iter([listener.as_fd()]);
        if select(Some(&mut waited), None, None, LIMIT)? == 0 {
            return Err(ErrorKind::TimedOut.into());
        }
        match listener.accept() {
            // The addresses of both ends identify a TCP connection.
            Ok((reader, peer))
                if peer == writer.local_addr()? && reader.local_addr()? == writer.peer_addr()? =>
            {
                return Ok(reader);
            }
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionReset) => {}
            Err(error) => return Err(error),
        }
    }
}
