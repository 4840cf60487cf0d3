//! Recognises a queue behind another descriptor.

use std::io;
use std::os::unix::net::UnixStream;

use rustix::io::Errno;
use select_sys::Timeout;
use select_sys::fd::{AsFd, BorrowedFd};
use select_sys::kqueue::{Filter, Flags, Kevent, Kqueue};

use super::filters::ident;

/// Whether the kernel accepts a duplicate of a queue in the queue itself, and locks up at the next event:
/// `knote_activate_locked` in `sys/kern/kern_event.c` of NetBSD.
const LOCKS_UP_IN_ITSELF: bool = cfg!(target_os = "netbsd");

/// Refuses to add a queue to itself. `own` is the number of its descriptor.
///
/// FreeBSD (`kqueue_register`) and Apple's systems refuse a duplicate by themselves, and OpenBSD is not harmed by it.
pub(super) fn refuse_itself(queue: &Kqueue, own: usize, fd: BorrowedFd<'_>) -> io::Result<()> {
    if ident(fd) == own || LOCKS_UP_IN_ITSELF && is_same_queue(queue, fd) {
        return Err(Errno::INVAL.into());
    }
    Ok(())
}

/// Whether a descriptor is known to be a duplicate of that of a queue.
pub(super) fn is_same_queue(queue: &Kqueue, fd: BorrowedFd<'_>) -> bool {
    let Ok(other) = fd.try_clone_to_owned().map(Kqueue::from_fd) else { return false };
    if other.control(&[], &mut [], Timeout::ZERO).is_err() {
        return false; // EBADF: this is no queue
    }
    // The number of an open descriptor is unique in this process, so no other queue has an entry for it.
    let Ok((marker, _)) = UnixStream::pair() else { return false };
    let change = |queue: &Kqueue, flags| {
        let change = Kevent::for_fd(marker.as_fd(), Filter::READ, flags);
        queue.control(&[change], &mut [], Timeout::ZERO).is_ok()
    };
    let is_same = change(queue, Flags::ADD) && change(&other, Flags::DELETE);
    change(queue, Flags::DELETE);
    is_same
}
