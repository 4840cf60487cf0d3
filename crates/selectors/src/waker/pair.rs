//! A pair of connected sockets: for systems without a counter in the kernel.

use std::io::{self, ErrorKind, Read, Write};

use crate::backend::streams::{Stream, pair};
use crate::sys::fd::{AsFd, BorrowedFd};

#[derive(Debug)]
pub(crate) struct Signal {
    reader: Stream,
    writer: Stream,
}

impl Signal {
    pub(crate) fn new() -> io::Result<Self> {
        let (reader, writer) = pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        Ok(Self { reader, writer })
    }

    /// Makes the reader readable.
    pub(crate) fn raise(&self) -> io::Result<()> {
        loop {
            match (&self.writer).write(&[1]) {
                Ok(_) => return Ok(()),
                // It is full of bytes that nobody has read, as nobody does who waits for edges. The next one is an edge.
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.lower(),
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

impl AsFd for Signal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
