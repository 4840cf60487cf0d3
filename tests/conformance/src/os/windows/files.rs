//! The files of Windows: sockets, and nothing else can be waited for.

#![expect(unsafe_code, reason = "whether this is Wine is asked of the system's library")]

use std::net::TcpStream;
use std::os::windows::io::{AsSocket, BorrowedSocket};
use std::process::Child;

use selectors::sys::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use selectors::sys::poll::PollFlags;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};

use crate::{ChangingFd, NotRun, Run};

/// What would be a file if one could be waited for; there never is one.
pub type File = TcpStream;

/// A stream socket. Winsock has no pairs of them that are cheaper.
pub type Stream = TcpStream;

/// What `WSAPoll` reports of something to read that was asked for `IN`: the half of it that is not urgent.
pub const POLL_READ: PollFlags = PollFlags::RDNORM;

/// What `WSAPoll` calls urgent data.
pub const POLL_PRIORITY: PollFlags = PollFlags::RDBAND;

/// To be asked before what Winsock does in another way than Unix.
///
/// # Errors
///
/// This is Winsock.
pub fn unless_winsock(reason: &str) -> Run {
    Err(NotRun::because(reason))
}

/// To be asked before what Wine does in another way than Windows.
///
/// # Errors
///
/// This is Wine.
pub fn unless_wine(reason: &str) -> Run {
    if is_wine() { Err(NotRun::because(reason)) } else { Ok(()) }
}

/// Whether Wine stands for Windows: its system library has a function that says so.
pub(crate) fn is_wine() -> bool {
    // SAFETY: the name ends with a zero.
    let library = unsafe { GetModuleHandleA(c"ntdll.dll".as_ptr().cast()) };
    // SAFETY: the library is loaded in every process for as long as it lives, and the name ends with a zero.
    unsafe { GetProcAddress(library, c"wine_get_version".as_ptr().cast()) }.is_some()
}

/// Two that are connected: the standard library makes no Unix sockets here.
pub(crate) fn streams() -> (Stream, Stream) {
    crate::pairs::connected()
}

/// Whether what is written to one is there for the other when `write` returns.
pub(crate) fn at_once() -> Run {
    Err(NotRun::because(
        "needs Unix sockets: what TCP sockets send is under way for a while, and their buffers grow",
    ))
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

/// Whether reading and writing block: Winsock cannot be asked.
pub fn blocks(_: impl AsFd) -> Option<bool> {
    None
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

/// What lends a number that no descriptor has.
///
/// # Errors
///
/// There is no such thing here.
pub fn no_descriptor() -> Result<BorrowedFd<'static>, NotRun> {
    Err(NotRun::because("each number that can be lent may be a socket's"))
}

/// Files that are always ready for reading: a regular one, a directory, the null device.
///
/// # Errors
///
/// They cannot be waited for here.
pub fn always_ready() -> Result<[File; 3], NotRun> {
    Err(NotRun::because("Winsock waits for sockets only, which are not always ready"))
}

/// A child, and the pipes to it and from it.
///
/// # Errors
///
/// They cannot be waited for here.
pub fn child() -> Result<(Child, File, File), NotRun> {
    Err(pipe().unwrap_err())
}

/// A descriptor that is open, but that no call that reads or writes takes.
///
/// # Errors
///
/// There are no such ones here.
pub fn without_a_file() -> Result<OwnedFd, NotRun> {
    Err(NotRun::because("O_PATH is of Linux"))
}

impl AsSocket for ChangingFd {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.lend()
    }
}
