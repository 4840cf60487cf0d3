//! Connected pairs and other files. They are non-blocking unless their function says otherwise.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};

use rustix::net::{AddressFamily, SocketType};
use selectors::sys::fd::OwnedFd;

use crate::{NotRun, Stream};

pub use crate::os::files::{
    always_ready, blocks, child, directory, no_descriptor, null, numbered, pipe, regular, regular_with,
    without_a_file,
};

/// Returns two connected stream sockets.
pub fn streams() -> (Stream, Stream) {
    let (a, b) = blocking();
    a.set_nonblocking(true).unwrap();
    b.set_nonblocking(true).unwrap();
    (a, b)
}

/// Returns two connected stream sockets. The first one has data to read.
pub fn ready() -> (Stream, Stream) {
    let (a, mut b) = streams();
    b.write_all(b"x").unwrap();
    (a, b)
}

/// Returns two connected stream sockets that deliver data before `write` returns.
///
/// # Errors
///
/// This system has no such sockets.
pub fn at_once() -> Result<(Stream, Stream), NotRun> {
    crate::os::files::at_once()?;
    Ok(streams())
}

/// Returns two connected stream sockets in blocking mode.
pub fn blocking() -> (Stream, Stream) {
    crate::os::files::streams()
}

/// Returns two TCP sockets: the one that connected, and the accepted one.
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
    // Other programs on this machine can connect, too.
    assert_eq!(peer, a.local_addr().unwrap(), "another program connected");
    for stream in [&a, &b] {
        stream.set_nodelay(true).unwrap();
    }
    (a, b)
}

/// Returns two UDP sockets that are connected to each other.
pub fn udp() -> (UdpSocket, UdpSocket) {
    let socket = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (a, b) = (socket(), socket());
    a.connect(b.local_addr().unwrap()).unwrap();
    b.connect(a.local_addr().unwrap()).unwrap();
    a.set_nonblocking(true).unwrap();
    b.set_nonblocking(true).unwrap();
    (a, b)
}

/// Returns a TCP socket that is not connected.
pub fn unconnected() -> OwnedFd {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    crate::os::files::set_flags(&socket);
    socket
}

/// Returns an address that refuses connections, and the socket that keeps other programs from using it.
///
/// NetBSD and OpenBSD refuse connections only if no socket has the port. They drop a SYN for one that is bound and does not
/// listen (`TCPS_CLOSED` in `sys/netinet/tcp_input.c`), so the port is free there, and the socket is another one.
pub fn refusing() -> (TcpStream, SocketAddr) {
    const KEEP: bool = !cfg!(any(target_os = "netbsd", target_os = "openbsd"));
    let taken = TcpStream::from(unconnected());
    rustix::net::bind(&taken, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = taken.local_addr().unwrap();
    (if KEEP { taken } else { unconnected().into() }, address)
}

/// Writes until the buffer is full, and returns the number of bytes.
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

/// Reads until there is no more data, and returns the number of bytes.
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

/// Returns whether the peer of this socket is closed.
pub fn hung_up(mut peer: &Stream) -> bool {
    match peer.read(&mut [0; 8]) {
        Ok(0) => true,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        result => panic!("{result:?}"),
    }
}
