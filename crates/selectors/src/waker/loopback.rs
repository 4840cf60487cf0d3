//! A TCP connection of the process to itself: for systems that can wait for nothing but sockets, and have no pairs of them.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use crate::sys::fd::{AsFd, BorrowedFd};
use crate::sys::select::{FdSet, select};

#[derive(Debug)]
pub(crate) struct Signal {
    reader: TcpStream,
    writer: TcpStream,
}

/// How long to wait for our own connection. It is there when `connect` returns, unless another process took over the
/// listener's port (`SO_REUSEADDR` allows that) and got it.
const LIMIT: Duration = Duration::from_secs(5);

impl Signal {
    pub(crate) fn new() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let writer = TcpStream::connect(listener.local_addr()?)?;
        let reader = accept(&listener, &writer)?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        writer.set_nodelay(true)?;
        Ok(Self { reader, writer })
    }

    /// Makes the reader readable.
    pub(crate) fn raise(&self) -> io::Result<()> {
        loop {
            match (&self.writer).write(&[1]) {
                Ok(_) => return Ok(()),
                // It is full of bytes that nobody has read: it is readable.
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes the reader unreadable. It may be so already.
    pub(crate) fn lower(&self) {
        let mut buffer = [0; 64];
        // Wakes are coalesced, so there is a byte or two.
        while matches!((&self.reader).read(&mut buffer), Ok(length) if length == buffer.len()) {}
    }
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

impl AsFd for Signal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
