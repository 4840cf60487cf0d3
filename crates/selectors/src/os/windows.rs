//! Windows: Winsock I/O calls, poll flags, and the classification of error numbers.

use std::io;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use select_sys::fd::BorrowedFd;
use select_sys::poll::PollFlags;
use select_sys::select::SetFlags;

use crate::operation::{Limit, Operation};
use crate::readiness::Readiness;

/// The flags of `poll` for readable. `POLLIN` includes urgent data (WSAPOLLFD, Members).
pub(crate) const POLL_READ: PollFlags = PollFlags::RDNORM;

/// The flags of `poll` for an exceptional condition. `POLLPRI` is refused (WSAPOLLFD, Members).
pub(crate) const POLL_PRIORITY: PollFlags = PollFlags::RDBAND;

/// Readiness that `poll` cannot report. `POLLHUP` is set for a peer that is gone, and also for one that only shut down its
/// sending and still reads (WSAPOLLFD, Members).
pub(crate) const POLL_UNREPORTED: Readiness = Readiness::WRITE_CLOSED;

/// The sets of `select` in which a descriptor is writable. A failed connection attempt is in the third (the `select`
/// function of winsock2.h, Remarks).
pub(crate) const SELECT_WRITE: SetFlags = SetFlags::WRITE.union(SetFlags::EXCEPT);

/// `recv`: sockets are not files on Windows.
pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    match rustix::net::recv(fd, buffer, RecvFlags::empty()) {
        Ok((length, _)) => Ok(length),
        // After `shutdown(SD_RECEIVE)`: the end of the stream in POSIX, and in `TcpStream`.
        Err(Errno::SHUTDOWN) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// `send`.
pub(crate) fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(fd, bytes, SendFlags::empty())?)
}

/// The error of a wait that was cancelled.
pub(crate) const INTERRUPTED: Errno = Errno::INTR;

/// Whether a wait was cancelled. The standard library (1.96) maps that number to no kind.
pub(crate) fn is_interrupted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted || Errno::from_io_error(error) == Some(INTERRUPTED)
}

/// Whether a call failed because the system does not know the socket.
pub(crate) fn is_lost(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOTSOCK | Errno::BADF))
}

/// Whether a socket is closed: somebody closed it by its number.
pub(crate) fn is_closed(fd: BorrowedFd<'_>) -> bool {
    rustix::net::sockopt::socket_type(fd) == Err(Errno::NOTSOCK)
}

/// Whether the file type is unsupported: every socket is supported.
pub(crate) fn is_unsupported_file(_: &io::Error, _: Operation) -> bool {
    false
}

/// The limit that was reached, if it was one.
pub(crate) fn limit(error: &io::Error, _: Operation) -> Option<Limit> {
    match Errno::from_io_error(error)? {
        Errno::MFILE => Some(Limit::ProcessDescriptors),
        Errno::NOBUFS => Some(Limit::Memory),
        _ => None,
    }
}
