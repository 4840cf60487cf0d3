//! A notifier over a pair of connected sockets, for systems without `eventfd(2)`.

use std::io::{self, ErrorKind, Read, Write};

use select_sys::fd::{AsFd, BorrowedFd};

use crate::os::{Stream, stream_pair};

#[derive(Debug)]
pub(crate) struct Notifier {
    reader: Stream,
    writer: Stream,
}

impl Notifier {
    pub(crate) fn new() -> io::Result<Self> {
        let (reader, writer) = stream_pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        Ok(Self { reader, writer })
    }

    /// Makes the reader readable.
    pub(crate) fn notify(&self) -> io::Result<()> {
        loop {
            match (&self.writer).write(&[1]) {
                Ok(_) => return Ok(()),
                // The buffer is full, because an edge-triggered selector does not read. The next byte is an edge.
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.drain(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes the reader unreadable. Does nothing if it is.
    pub(crate) fn drain(&self) {
        let mut buffer = [0; 64];
        // Wakes are coalesced, so there are one or two bytes.
        while matches!((&self.reader).read(&mut buffer), Ok(length) if length == buffer.len()) {}
    }
}

impl AsFd for Notifier {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
