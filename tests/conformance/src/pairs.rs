//! Connected pairs and other files, all non-blocking.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use rustix::fs::OFlags;
use rustix::io::FdFlags;
use rustix::net::{AddressFamily, SocketType};

use crate::NotRun;

/// Two Unix stream sockets.
pub fn unix() -> (UnixStream, UnixStream) {
    let (a, b) = UnixStream::pair().unwrap();
    a.set_nonblocking(true).unwrap();
    b.set_nonblocking(true).unwrap();
    (a, b)
}

/// Two TCP sockets: the one that connected, and the one that was accepted.
pub fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let a = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (b, peer) = listener.accept().unwrap();
    // The port is open to everyone on this machine.
    assert_eq!(peer, a.local_addr().unwrap(), "somebody else connected");
    for stream in [&a, &b] {
        stream.set_nonblocking(true).unwrap();
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

/// A pipe: the end to read from, and the end to write to.
pub fn pipe() -> (File, File) {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    set_flags(&reader);
    set_flags(&writer);
    (reader.into(), writer.into())
}

/// A TCP socket that is not connected.
pub fn unconnected() -> OwnedFd {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    set_flags(&socket);
    socket
}

/// Apple's systems have no call that makes a pipe or a socket with these. Here no other thread starts a process between.
fn set_flags(fd: &OwnedFd) {
    rustix::io::fcntl_setfd(fd, FdFlags::CLOEXEC).unwrap();
    rustix::fs::fcntl_setfl(fd, rustix::fs::fcntl_getfl(fd).unwrap() | OFlags::NONBLOCK).unwrap();
}

/// A descriptor that is open, but that no call that reads or writes takes.
///
/// # Errors
///
/// There are no such ones here.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub fn without_a_file() -> Result<OwnedFd, NotRun> {
    Ok(rustix::fs::open("/", OFlags::PATH, rustix::fs::Mode::empty()).unwrap())
}

/// A descriptor that is open, but that no call that reads or writes takes.
///
/// # Errors
///
/// There are no such ones here.
#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub fn without_a_file() -> Result<OwnedFd, NotRun> {
    Err(NotRun::because("O_PATH is of Linux"))
}

/// An empty regular file without a name.
pub fn regular() -> File {
    tempfile::tempfile().unwrap()
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
