//! A TCP connection of the process to itself: for systems that can wait for nothing but sockets, and have no pairs of them.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use crate::sys::fd::AsFd;
use crate::sys::select::{FdSet, select};

pub(crate) type Stream = TcpStream;

/// How long to wait for our own connection. It is there when `connect` returns, unless another process took over the
/// listener's port (`SO_REUSEADDR` allows that) and got it.
const LIMIT: Duration = Duration::from_secs(5);

/// Which end reads makes no difference but that what is written to the second is sent at once.
pub(crate) fn pair() -> io::Result<(Stream, Stream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let writer = TcpStream::connect(listener.local_addr()?)?;
    let reader = accept(&listener, &writer)?;
    writer.set_nodelay(true)?;
    Ok((reader, writer))
}

/// The other end of `writer`. Other processes may have connected meanwhile; they are turned away.
fn accept(listener: &TcpListener, writer: &TcpStream) -> io::Result<TcpStream> {
    loop {
        let mut waited = FdSet::from_iter([listener.as_fd()]);
        if select(Some(&mut waited), None, None, LIMIT)? == 0 {
            return Err(ErrorKind::TimedOut.into());
        }
        match listener.accept() {
            // Addresses and ports of both ends name one connection.
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
