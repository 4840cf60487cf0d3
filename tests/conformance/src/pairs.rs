//! Connected pairs and other files, all non-blocking but where it is said.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};

use rustix::net::{AddressFamily, SocketType};
use selectors::sys::fd::OwnedFd;

use crate::{NotRun, Stream};

pub use crate::os::files::{
    always_ready, blocks, child, no_descriptor, null, numbered, pipe, regular, regular_with, without_a_file,
};

/// Two connected stream sockets.
pub fn streams() -> (Stream, Stream) {
    let (a, b) = blocking();
    a.set_nonblocking(true).unwrap();
    b.set_nonblocking(true).unwrap();
    (a, b)
}

/// Two connected stream sockets, the first with something to read.
pub fn ready() -> (Stream, Stream) {
    let (a, mut b) = streams();
    b.write_all(b"x").unwrap();
    (a, b)
}

/// Two connected stream sockets between which nothing is ever under way.
///
/// # Errors
///
/// There are none here.
pub fn at_once() -> Result<(Stream, Stream), NotRun> {
    crate::os::files::at_once()?;
    Ok(streams())
}

/// Two connected stream sockets that block.
pub fn blocking() -> (Stream, Stream) {
    crate::os::files::streams()
}

/// Two TCP sockets: the one that connected, and the one that was accepted.
pub fn tcp() -> (TcpStream, TcpStream) {
    let (a, b) = connected();
    for stream in [&a, &b] {
        stream.set_nonblocking(true).unwrap();
    }
    (a, b)
}

pub(crate) fn connected() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let a = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (b, peer) = listener.accept().unwrap();
    // The port is open to everyone on this machine.
    assert_eq!(peer, a.local_addr().unwrap(), "somebody else connected");
    for stream in [&a, &b] {
        stream.set_nodelay(true).unwrap();
    }
    (a, b)
}

/// Two UDP sockets that send to each other.
pub fn udp() -> (UdpSocket, UdpSocket) {
    let socket = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (a, b) = (socket(), socket());
    a.connect(b.local_addr().unwrap()).unwrap();
    b.connect(a.local_addr().unwrap()).unwrap();
    a.set_nonblocking(true).unwrap();
    b.set_nonblocking(true).unwrap();
    (a, b)
}

/// A TCP socket that is not connected.
pub fn unconnected() -> OwnedFd {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    crate::os::files::set_flags(&socket);
    socket
}

/// A port where nobody listens, and what keeps others from it.
pub fn refusing() -> (TcpStream, SocketAddr) {
    let taken = TcpStream::from(unconnected());
    rustix::net::bind(&taken, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = taken.local_addr().unwrap();
    (taken, address)
}

/// Writes until there is no room left, and says how much went in.
pub fn fill(mut writer: impl Write) -> usize {
    let mut written = 0;
    loop {
        match writer.write(&[b'x'; 4096]) {
            Ok(length) => written += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return written,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Reads until there is nothing left, or the end, and says how much came out.
pub fn drain(mut reader: impl Read) -> usize {
    let mut read = 0;
    loop {
        match reader.read(&mut [0; 4096]) {
            Ok(0) => return read,
            Ok(length) => read += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Whether the other end of this is closed.
pub fn hung_up(mut peer: &Stream) -> bool {
    match peer.read(&mut [0; 8]) {
        Ok(0) => true,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        result => panic!("{result:?}"),
    }
}
