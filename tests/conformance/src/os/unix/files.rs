//! Files of Unix.

use std::io::{Seek, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use rustix::fs::OFlags;
use rustix::io::FdFlags;
use selectors::sys::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use selectors::sys::poll::PollFlags;

use crate::{ChangingFd, NotRun, Run};

/// A file that is not a socket.
pub type File = std::fs::File;

/// The cheapest stream socket.
pub type Stream = UnixStream;

/// The flags of `poll` for data to read.
pub const POLL_READ: PollFlags = PollFlags::IN;

/// The flags of `poll` for urgent data.
pub const POLL_PRIORITY: PollFlags = PollFlags::PRI;

/// Ends a scenario, for this reason, on Winsock.
///
/// # Errors
///
/// This is Winsock.
pub fn unless_winsock(_: &str) -> Run {
    Ok(())
}

/// Ends a scenario, for this reason, on Wine.
///
/// # Errors
///
/// This is Wine.
pub fn unless_wine(_: &str) -> Run {
    Ok(())
}

pub(crate) fn streams() -> (Stream, Stream) {
    UnixStream::pair().unwrap()
}

/// Whether stream sockets deliver data before `write` returns.
pub(crate) fn at_once() -> Run {
    Ok(())
}

/// Returns the two ends of a pipe, the one to read from first.
///
/// # Errors
///
/// Pipes cannot be registered on this system.
pub fn pipe() -> Result<(File, File), NotRun> {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    set_flags(&reader);
    set_flags(&writer);
    Ok((reader.into(), writer.into()))
}

/// Sets close-on-exec and non-blocking mode. Apple's systems have no call that makes a pipe or a socket with both. No other
/// thread starts a process in between.
pub(crate) fn set_flags(fd: &OwnedFd) {
    rustix::io::fcntl_setfd(fd, FdFlags::CLOEXEC).unwrap();
    rustix::fs::fcntl_setfl(fd, rustix::fs::fcntl_getfl(fd).unwrap() | OFlags::NONBLOCK).unwrap();
}

/// Returns whether the file is in blocking mode, if the system can say so.
pub fn blocks(fd: impl AsFd) -> Option<bool> {
    Some(!rustix::fs::fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK))
}

/// Returns a duplicate with this number, or with the next free one.
///
/// # Errors
///
/// Programs cannot choose numbers on this system.
pub fn numbered(fd: impl AsFd, least: RawFd) -> Result<OwnedFd, NotRun> {
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, least).unwrap())
}

/// Returns an empty regular file without a name.
///
/// # Errors
///
/// Regular files cannot be registered on this system.
pub fn regular() -> Result<File, NotRun> {
    regular_with("")
}

/// Returns a regular file without a name, with this text to read.
///
/// # Errors
///
/// Regular files cannot be registered on this system.
pub fn regular_with(text: &str) -> Result<File, NotRun> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.rewind().unwrap();
    Ok(file)
}

/// Opens the null device for reading and writing.
///
/// # Errors
///
/// This system has none.
pub fn null() -> Result<File, NotRun> {
    File::options().read(true).write(true).open("/dev/null").map_err(NotRun::because)
}

/// Opens a directory.
///
/// # Errors
///
/// Directories cannot be registered on this system.
pub fn directory() -> Result<File, NotRun> {
    Ok(File::open("/").unwrap())
}

/// Returns an object that lends a number which is never a descriptor.
///
/// # Errors
///
/// This system has no such number.
pub fn no_descriptor() -> Result<BorrowedFd<'static>, NotRun> {
    Ok(rustix::fs::CWD)
}

/// Returns files that are always readable: a regular file, a directory, the null device.
///
/// # Errors
///
/// One of them cannot be opened.
pub fn always_ready() -> Result<[File; 3], NotRun> {
    Ok([regular()?, directory()?, null()?])
}

/// Starts a child that echoes its input, and returns it with the pipes to it and from it.
///
/// # Errors
///
/// Pipes cannot be registered on this system.
pub fn child() -> Result<(Child, ChildStdin, ChildStdout), NotRun> {
    let mut child = crate::echo().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    Ok((child, input, output))
}

/// Returns a descriptor that is open, but can be neither read nor written: open(2), `O_PATH`.
///
/// # Errors
///
/// This system has no such descriptors.
#[cfg(any(target_os = "android", target_os = "freebsd", target_os = "linux"))]
pub fn without_a_file() -> Result<OwnedFd, NotRun> {
    Ok(rustix::fs::open("/", OFlags::PATH, rustix::fs::Mode::empty()).unwrap())
}

/// Returns a descriptor that is open, but can be neither read nor written.
///
/// # Errors
///
/// This system has no such descriptors.
#[cfg(not(any(target_os = "android", target_os = "freebsd", target_os = "linux")))]
pub fn without_a_file() -> Result<OwnedFd, NotRun> {
    Err(NotRun::because("this system has no O_PATH"))
}

impl AsFd for ChangingFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.lend()
    }
}
