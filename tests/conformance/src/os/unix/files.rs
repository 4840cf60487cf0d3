//! The files of Unix.

use std::io::{Seek, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use rustix::fs::OFlags;
use rustix::io::FdFlags;
use selectors::sys::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use selectors::sys::poll::PollFlags;

use crate::{ChangingFd, NotRun, Run};

/// A file that is no socket, where there are such to wait for.
pub type File = std::fs::File;

/// A stream socket of the cheapest kind.
pub type Stream = UnixStream;

/// What `poll` reports of something to read that was asked for `IN`.
pub const POLL_READ: PollFlags = PollFlags::IN;

/// What `poll` calls urgent data.
pub const POLL_PRIORITY: PollFlags = PollFlags::PRI;

/// To be asked before what Winsock does in another way than Unix.
///
/// # Errors
///
/// This is Winsock.
pub fn unless_winsock(_: &str) -> Run {
    Ok(())
}

/// To be asked before what Wine does in another way than Windows.
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

/// Whether what is written to one is there for the other when `write` returns.
pub(crate) fn at_once() -> Run {
    Ok(())
}

/// A pipe: the end to read from, and the end to write to.
///
/// # Errors
///
/// There are no pipes to wait for here.
pub fn pipe() -> Result<(File, File), NotRun> {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    set_flags(&reader);
    set_flags(&writer);
    Ok((reader.into(), writer.into()))
}

/// Apple's systems have no call that makes a pipe or a socket with these. Here no other thread starts a process between.
pub(crate) fn set_flags(fd: &OwnedFd) {
    rustix::io::fcntl_setfd(fd, FdFlags::CLOEXEC).unwrap();
    rustix::fs::fcntl_setfl(fd, rustix::fs::fcntl_getfl(fd).unwrap() | OFlags::NONBLOCK).unwrap();
}

/// Whether reading and writing block, if that can be asked.
pub fn blocks(fd: impl AsFd) -> Option<bool> {
    Some(!rustix::fs::fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK))
}

/// A duplicate with this number, or the next that is free.
///
/// # Errors
///
/// Numbers cannot be chosen here.
pub fn numbered(fd: impl AsFd, least: RawFd) -> Result<OwnedFd, NotRun> {
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, least).unwrap())
}

/// An empty regular file without a name.
///
/// # Errors
///
/// Regular files cannot be waited for here.
pub fn regular() -> Result<File, NotRun> {
    regular_with("")
}

/// A regular file without a name, with this to read.
///
/// # Errors
///
/// Regular files cannot be waited for here.
pub fn regular_with(text: &str) -> Result<File, NotRun> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.rewind().unwrap();
    Ok(file)
}

/// The null device, to read from and to write to.
///
/// # Errors
///
/// There is none.
pub fn null() -> Result<File, NotRun> {
    File::options().read(true).write(true).open("/dev/null").map_err(NotRun::because)
}

/// What lends a number that no descriptor has.
///
/// # Errors
///
/// There is no such thing.
pub fn no_descriptor() -> Result<BorrowedFd<'static>, NotRun> {
    Ok(rustix::fs::CWD)
}

/// Files that are always ready for reading: a regular one, a directory, the null device.
///
/// # Errors
///
/// One of them is not to be had.
pub fn always_ready() -> Result<[File; 3], NotRun> {
    Ok([regular()?, File::open("/").unwrap(), null()?])
}

/// A child that says what it is told, and the pipes to it and from it.
///
/// # Errors
///
/// They cannot be waited for here.
pub fn child() -> Result<(Child, ChildStdin, ChildStdout), NotRun> {
    let mut child = crate::echo().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    Ok((child, input, output))
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
    Err(NotRun::because("no descriptor is open here and yet refused, as one with O_PATH is on Linux"))
}

impl AsFd for ChangingFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.lend()
    }
}
