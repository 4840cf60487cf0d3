//! What the calls of Winsock are called here, and what their error numbers mean.

use std::io;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use crate::sys::fd::BorrowedFd;
use crate::sys::poll::PollFlags;
use crate::sys::select::SetFlags;
use crate::{Limit, Operation, Readiness};

/// What `poll` calls readable: `POLLIN` has urgent data in it (WSAPOLLFD, Members).
pub(crate) const POLL_READ: PollFlags = PollFlags::RDNORM;

/// What `poll` calls an exceptional condition: `POLLPRI` is refused (WSAPOLLFD, Members).
pub(crate) const POLL_PRIORITY: PollFlags = PollFlags::RDBAND;

/// What a hang-up that `poll` tells does not mean. It is for a peer that shut down its sending as well as for one that is
/// gone (WSAPOLLFD, Members), and the first goes on reading.
pub(crate) const POLL_UNTOLD: Readiness = Readiness::WRITE_CLOSED;

/// The sets of `select` in which a descriptor is writable: a connection attempt that failed is in the third (the `select`
/// function of winsock2.h, Remarks).
pub(crate) const SELECT_WRITE: SetFlags = SetFlags::WRITE.union(SetFlags::EXCEPT);

/// `recv`: sockets are not files here.
pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    match rustix::net::recv(fd, buffer, RecvFlags::empty()) {
        Ok((length, _)) => Ok(length),
        // After `shutdown(SD_RECEIVE)`, where POSIX says that it is the end, as `TcpStream` does.
        Err(Errno::SHUTDOWN) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// `send`.
pub(crate) fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(fd, bytes, SendFlags::empty())?)
}

/// What a wait says that was cancelled.
pub(crate) const INTERRUPTED: Errno = Errno::INTR;

/// Whether a wait failed for that reason. The standard library has no kind for that number (1.96).
pub(crate) fn is_interrupted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted || Errno::from_io_error(error) == Some(INTERRUPTED)
}

/// Whether a change failed because the system does not know the socket (any more).
pub(crate) fn is_lost(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOTSOCK | Errno::BADF))
}

/// Whether it cannot be waited for this kind of file: everything that lends a socket can be waited for.
pub(crate) fn is_unsupported_file(_: &io::Error, _: Operation) -> bool {
    false
}

/// What ran out, if something did.
pub(crate) fn limit(error: &io::Error, _: Operation) -> Option<Limit> {
    match Errno::from_io_error(error)? {
        Errno::MFILE => Some(Limit::ProcessDescriptors),
        Errno::NOBUFS => Some(Limit::Memory),
        _ => None,
    }
}
