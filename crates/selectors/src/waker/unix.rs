//! A pair of connected sockets where the system makes pairs.

use std::io;
use std::os::unix::net::UnixStream;

pub(crate) type Stream = UnixStream;

pub(crate) fn pair() -> io::Result<(Stream, Stream)> {
    UnixStream::pair()
}
