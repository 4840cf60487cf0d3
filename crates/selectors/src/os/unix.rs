//! Unix: I/O calls, poll flags, and the classification of `errno`.

use std::io;

use rustix::io::Errno;
use select_sys::fd::BorrowedFd;
use select_sys::poll::PollFlags;
use select_sys::select::SetFlags;

use crate::operation::{Limit, Operation};
use crate::readiness::Readiness;

/// The flags of `poll` for readable.
pub(crate) const POLL_READ: PollFlags = PollFlags::IN;

/// The flags of `poll` for an exceptional condition.
pub(crate) const POLL_PRIORITY: PollFlags = PollFlags::PRI;

/// Readiness that `poll` cannot report.
pub(crate) const POLL_UNREPORTED: Readiness = Readiness::empty();

/// The sets of `select` in which a descriptor is writable.
pub(crate) const SELECT_WRITE: SetFlags = SetFlags::WRITE;

pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(fd, buffer)?)
}

pub(crate) fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::write(fd, bytes)?)
}

/// The error of a wait that a signal interrupted.
pub(crate) const INTERRUPTED: Errno = Errno::INTR;

/// Whether a signal interrupted a wait.
pub(crate) fn is_interrupted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}

/// Whether a call failed because the kernel has no registration of the descriptor, or because it is closed.
pub(crate) fn is_lost(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::BADF))
}

/// Whether a descriptor is closed: somebody closed it by its number.
pub(crate) fn is_closed(fd: BorrowedFd<'_>) -> bool {
    rustix::io::fcntl_getfd(fd) == Err(Errno::BADF)
}

/// Whether the file type is unsupported.
pub(crate) fn is_unsupported_file(error: &io::Error, during: Operation) -> bool {
    // epoll_ctl(2): "the target file does not support epoll". The kqueue back end classifies its errors itself.
    during == Operation::Register && Errno::from_io_error(error) == Some(Errno::PERM)
}

/// Whether a descriptor is one of a regular file or a directory.
#[cfg(kqueue)]
pub(crate) fn is_file_or_directory(fd: BorrowedFd<'_>) -> bool {
    use rustix::fs::{FileType, fstat};
    fstat(fd).is_ok_and(|status| {
        matches!(FileType::from_raw_mode(status.st_mode), FileType::RegularFile | FileType::Directory)
    })
}

/// The limit that was reached, if it was one.
pub(crate) fn limit(error: &io::Error, during: Operation) -> Option<Limit> {
    match Errno::from_io_error(error)? {
        Errno::MFILE => Some(Limit::ProcessDescriptors),
        Errno::NFILE => Some(Limit::SystemDescriptors),
        Errno::NOMEM => Some(Limit::Memory),
        Errno::NOSPC if matches!(during, Operation::Register | Operation::Waker) => Some(Limit::Watches),
        _ => None,
    }
}
