//! The files of Windows: sockets, and nothing else can be waited for.

use std::net::TcpStream;

use selectors::sys::fd::{AsFd, OwnedFd, RawFd};

use crate::NotRun;

/// What would be a file if one could be waited for; there never is one.
pub type File = TcpStream;

/// A stream socket. Winsock has no pairs of them that are cheaper.
pub type Stream = TcpStream;

/// Two that are connected: the standard library makes no Unix sockets here.
pub(crate) fn streams() -> (Stream, Stream) {
    crate::pairs::connected()
}

/// Sockets made here are not inherited.
pub(crate) fn set_flags(socket: &OwnedFd) {
    rustix::io::ioctl_fionbio(socket, true).unwrap();
}

/// A pipe.
///
/// # Errors
///
/// There are no pipes to wait for here.
pub fn pipe() -> Result<(File, File), NotRun> {
    Err(NotRun::because("Winsock waits for sockets only, and a pipe is none"))
}

/// A duplicate with this number, or the next that is free.
///
/// # Errors
///
/// Numbers cannot be chosen here.
pub fn numbered(_: impl AsFd, _: RawFd) -> Result<OwnedFd, NotRun> {
    Err(NotRun::because("nobody chooses the number of a socket on Windows"))
}

/// An empty regular file without a name.
///
/// # Errors
///
/// Regular files cannot be waited for here.
pub fn regular() -> Result<File, NotRun> {
    Err(NotRun::because("Winsock waits for sockets only, and a regular file is none"))
}

/// A regular file without a name, with this to read.
///
/// # Errors
///
/// Regular files cannot be waited for here.
pub fn regular_with(_: &str) -> Result<File, NotRun> {
    regular()
}

/// The null device.
///
/// # Errors
///
/// It cannot be waited for here.
pub fn null() -> Result<File, NotRun> {
    Err(NotRun::because("Winsock waits for sockets only, and the null device is none"))
}

/// Files that are always ready for reading: a regular one, a directory, the null device.
///
/// # Errors
///
/// They cannot be waited for here.
pub fn always_ready() -> Result<[File; 3], NotRun> {
    Err(NotRun::because("Winsock waits for sockets only, which are not always ready"))
}

/// A descriptor that is open, but that no call that reads or writes takes.
///
/// # Errors
///
/// There are no such ones here.
pub fn without_a_file() -> Result<OwnedFd, NotRun> {
    Err(NotRun::because("O_PATH is of Linux"))
}
