//! Files of Windows: only sockets can be registered.

#![expect(unsafe_code, reason = "GetProcAddress finds out whether this is Wine")]

use std::net::TcpStream;
use std::os::windows::io::{AsSocket, BorrowedSocket};
use std::process::Child;

use selectors::sys::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use selectors::sys::poll::PollFlags;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};

use crate::{ChangingFd, NotRun, Run};

/// A file that is not a socket. None can be registered, so there is none.
pub type File = TcpStream;

/// A stream socket. Winsock has no cheaper pairs.
pub type Stream = TcpStream;

/// The flags of `WSAPoll` for data to read: the half of `IN` that is not urgent.
pub const POLL_READ: PollFlags = PollFlags::RDNORM;

/// The flags of `WSAPoll` for urgent data.
pub const POLL_PRIORITY: PollFlags = PollFlags::RDBAND;

/// Ends a scenario, for this reason, on Winsock.
///
/// # Errors
///
/// This is Winsock.
pub fn unless_winsock(reason: &str) -> Run {
    Err(NotRun::because(reason))
}

/// Ends a scenario, for this reason, on Wine.
///
/// # Errors
///
/// This is Wine.
pub fn unless_wine(reason: &str) -> Run {
    if is_wine() { Err(NotRun::because(reason)) } else { Ok(()) }
}

/// Returns whether this is Wine, whose system library has a function of that name.
pub(crate) fn is_wine() -> bool {
    // SAFETY: the name ends with a zero.
    let library = unsafe { GetModuleHandleA(c"ntdll.dll".as_ptr().cast()) };
    // SAFETY: the library is loaded in every process for as long as it lives, and the name ends with a zero.
    unsafe { GetProcAddress(library, c"wine_get_version".as_ptr().cast()) }.is_some()
}

/// Returns two connected TCP sockets, as the standard library has no Unix sockets on Windows.
pub(crate) fn streams() -> (Stream, Stream) {
    crate::pairs::connected()
}

/// Whether stream sockets deliver data before `write` returns.
pub(crate) fn at_once() -> Run {
    Err(NotRun::because("needs Unix sockets: data of TCP sockets takes time, and their buffers grow"))
}

/// Sets non-blocking mode. Winsock's sockets are not inherited by child processes here.
pub(crate) fn set_flags(socket: &OwnedFd) {
    rustix::io::ioctl_fionbio(socket, true).unwrap();
}

/// Returns the two ends of a pipe.
///
/// # Errors
///
/// Pipes cannot be registered on this system.
pub fn pipe() -> Result<(File, File), NotRun> {
    Err(NotRun::because("Winsock waits for sockets only, not for pipes"))
}

/// Returns `None`: Winsock cannot say whether a socket is in blocking mode.
pub fn blocks(_: impl AsFd) -> Option<bool> {
    None
}

/// Returns a duplicate with this number, or with the next free one.
///
/// # Errors
///
/// Programs cannot choose numbers on this system.
pub fn numbered(_: impl AsFd, _: RawFd) -> Result<OwnedFd, NotRun> {
    Err(NotRun::because("programs cannot choose the number of a socket on Windows"))
}

/// Returns an empty regular file without a name.
///
/// # Errors
///
/// Regular files cannot be registered on this system.
pub fn regular() -> Result<File, NotRun> {
    Err(NotRun::because("Winsock waits for sockets only, not for regular files"))
}

/// Returns a regular file without a name, with this text to read.
///
/// # Errors
///
/// Regular files cannot be registered on this system.
pub fn regular_with(_: &str) -> Result<File, NotRun> {
    regular()
}

/// Opens the null device.
///
/// # Errors
///
/// It cannot be registered on this system.
pub fn null() -> Result<File, NotRun> {
    Err(NotRun::because("Winsock waits for sockets only, not for the null device"))
}

/// Opens a directory.
///
/// # Errors
///
/// Directories cannot be registered on this system.
pub fn directory() -> Result<File, NotRun> {
    Err(NotRun::because("Winsock waits for sockets only, not for directories"))
}

/// Returns an object that lends a number which is never a descriptor.
///
/// # Errors
///
/// This system has no such number.
pub fn no_descriptor() -> Result<BorrowedFd<'static>, NotRun> {
    Err(NotRun::because("any number may be a socket on Windows"))
}

/// Returns files that are always readable: a regular file, a directory, the null device.
///
/// # Errors
///
/// They cannot be registered on this system.
pub fn always_ready() -> Result<[File; 3], NotRun> {
    Err(NotRun::because("Winsock waits for sockets only, and none is always ready"))
}

/// Starts a child that echoes its input, and returns it with the pipes to it and from it.
///
/// # Errors
///
/// Pipes cannot be registered on this system.
pub fn child() -> Result<(Child, File, File), NotRun> {
    Err(pipe().unwrap_err())
}

/// Returns a descriptor that is open, but can be neither read nor written.
///
/// # Errors
///
/// This system has no such descriptors.
pub fn without_a_file() -> Result<OwnedFd, NotRun> {
    Err(NotRun::because("Windows has no O_PATH"))
}

impl AsSocket for ChangingFd {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.lend()
    }
}
