//! A connected pair of sockets.

use std::io;
use std::os::unix::net::UnixStream;

pub(crate) type Stream = UnixStream;

/// Makes a connected pair. What is written to one end can be read from the other.
pub(crate) fn stream_pair() -> io::Result<(Stream, Stream)> {
    UnixStream::pair()
}
