//! What the calls of Unix are called here, and what their error numbers mean.

use std::io;

use rustix::io::Errno;

use crate::sys::fd::BorrowedFd;
use crate::sys::poll::PollFlags;
use crate::sys::select::SetFlags;
use crate::{Limit, Operation, Readiness};

/// What `poll` calls readable.
pub(crate) const POLL_READ: PollFlags = PollFlags::IN;

/// What `poll` calls an exceptional condition.
pub(crate) const POLL_PRIORITY: PollFlags = PollFlags::PRI;

/// What a hang-up that `poll` tells does not mean.
pub(crate) const POLL_UNTOLD: Readiness = Readiness::empty();

/// The sets of `select` in which a descriptor is writable.
pub(crate) const SELECT_WRITE: SetFlags = SetFlags::WRITE;

pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(fd, buffer)?)
}

pub(crate) fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::write(fd, bytes)?)
}

/// What a wait says that a signal ended.
pub(crate) const INTERRUPTED: Errno = Errno::INTR;

/// Whether a wait failed for that reason.
pub(crate) fn is_interrupted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}

/// Whether a change failed because the kernel does not know the descriptor (any more).
pub(crate) fn is_lost(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::BADF))
}

/// Whether it cannot be waited for this kind of file.
pub(crate) fn is_unsupported_file(error: &io::Error, during: Operation) -> bool {
    // EPERM from epoll_ctl(2): "the target file does not support epoll". From kevent(2), of devices that have no filters:
    // ENODEV on FreeBSD (`no_kqfilter` in sys/kern/kern_conf.c), EOPNOTSUPP on NetBSD (`fnullop_kqfilter`).
    let errors = [Errno::PERM, Errno::NODEV, Errno::OPNOTSUPP];
    during == Operation::Register && Errno::from_io_error(error).is_some_and(|errno| errors.contains(&errno))
}

/// What ran out, if something did.
pub(crate) fn limit(error: &io::Error, during: Operation) -> Option<Limit> {
    match Errno::from_io_error(error)? {
        Errno::MFILE => Some(Limit::ProcessDescriptors),
        Errno::NFILE => Some(Limit::SystemDescriptors),
        Errno::NOMEM => Some(Limit::Memory),
        Errno::NOSPC if matches!(during, Operation::Register | Operation::Waker) => Some(Limit::Watches),
        _ => None,
    }
}
