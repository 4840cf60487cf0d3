//! The readiness of a descriptor whose filter the kernel refuses.

use std::io;

use rustix::io::Errno;
use select_sys::Timeout;
use select_sys::fd::BorrowedFd;
use select_sys::kqueue::{Filter, Kqueue};
use select_sys::select::{FdSet, select};

use super::filters::{EXCEPT, Watch};
use super::same_queue::is_same_queue;
use crate::backend::always_ready;
use crate::backend::interface::Source;
use crate::error::Error;
use crate::interest::Interest;
use crate::readiness::Readiness;

/// Whether `poll` is built on kqueue, so that it answers `NVAL` for a file that kqueue refuses: `poll_nocancel` in
/// `bsd/kern/sys_generic.c` of XNU.
const POLL_IS_KQUEUE: bool = cfg!(target_vendor = "apple");

/// Returns what a descriptor is ready for always, although the kernel refused this filter. Empty if it never will be.
pub(super) fn readiness_of_refused(
    queue: &Kqueue,
    source: &Source<'_>,
    watch: Watch,
    error: io::Error,
) -> io::Result<Readiness> {
    let refusal = Refusal::of(&error);
    if refusal == Refusal::Other {
        return Err(error);
    }
    // OpenBSD has EVFILT_EXCEPT for sockets and pty masters only, XNU for sockets. Nothing else has urgent data there.
    let is_except = EXCEPT.is_some_and(|except| except.filter == watch.filter);
    if is_except && refusal == Refusal::FileType {
        return Ok(Readiness::empty());
    }
    let readiness = ready_now(source.fd(), watch);
    if watch.is_end() && readiness.is_empty() && refusal == Refusal::FileType {
        return Ok(readiness); // a file without an end, as far as this kernel knows
    }
    if !readiness.is_empty() && !is_same_queue(queue, source.fd()) {
        return Ok(readiness);
    }
    if refusal == Refusal::FileType {
        return Err(Error::UnsupportedFile { backend: "kqueue", source: error }.into());
    }
    Err(error)
}

/// Returns what one filter would report now, without kqueue.
pub(super) fn ready_now(fd: BorrowedFd<'_>, watch: Watch) -> Readiness {
    let readiness = match POLL_IS_KQUEUE {
        true => ready_by_select(fd, watch.filter),
        false => ready_by_poll(fd, watch.filter),
    };
    if watch.is_end() { readiness - (Readiness::READ | Readiness::WRITE) } else { readiness }
}

/// The reason why a kernel refused a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// The file has no such filter.
    FileType,
    /// The other end is gone, or the descriptor is closed.
    OtherEnd,
    /// Any other reason.
    Other,
}

impl Refusal {
    fn of(error: &io::Error) -> Self {
        match Errno::from_io_error(error) {
            // FreeBSD: EINVAL for disks (`g_dev_kqfilter`), shared memory (`invfo_kqfilter`) and WRITE on a kqueue
            // (`kqueue_kqfilter`), ENODEV for most devices (`no_kqfilter`), ENXIO for a terminal whose master is gone
            // (`ttydev_enter`) and for a device that was removed (`devfs_fp_check`). NetBSD: EOPNOTSUPP
            // (`fnullop_kqfilter`). OpenBSD: EINVAL. XNU: EINVAL (`filt_specattach`), ENOENT for a revoked file
            // (`vn_kqfilter`), ENOTSUP, which is another number than EOPNOTSUPP there (`fo_no_kqfilter`). libkqueue: EPERM
            // (epoll_ctl(2)).
            Some(
                Errno::INVAL | Errno::NODEV | Errno::NXIO | Errno::NOENT | Errno::OPNOTSUPP | Errno::PERM,
            ) => Self::FileType,
            Some(errno) if errno == Errno::NOTSUP => Self::FileType,
            // `pipe_kqfilter` for a pipe that nobody reads: EPIPE on FreeBSD and OpenBSD, EBADF on NetBSD.
            Some(Errno::PIPE | Errno::BADF) => Self::OtherEnd,
            _ => Self::Other,
        }
    }
}

/// Asks `poll(2)` for the readiness that one filter would report. Empty for a descriptor that is not open.
fn ready_by_poll(fd: BorrowedFd<'_>, filter: Filter) -> Readiness {
    let (interest, mask) = match filter {
        Filter::READ => (Interest::READ, Readiness::READ | Readiness::READ_CLOSED),
        Filter::WRITE => (Interest::WRITE, Readiness::WRITE | Readiness::WRITE_CLOSED),
        _ => return Readiness::empty(),
    };
    always_ready::ready_by_poll(fd, interest) & (mask | Readiness::ERROR)
}

/// Asks `select(2)` for the readiness that one filter would report. Empty for a descriptor that is not open.
fn ready_by_select(fd: BorrowedFd<'_>, filter: Filter) -> Readiness {
    let mut set = FdSet::from_iter([fd]);
    let (result, readiness) = match filter {
        Filter::READ => (select(Some(&mut set), None, None, Timeout::ZERO), Readiness::READ),
        Filter::WRITE => (select(None, Some(&mut set), None, Timeout::ZERO), Readiness::WRITE),
        _ => return Readiness::empty(),
    };
    if result.is_ok_and(|ready| ready > 0) { readiness } else { Readiness::empty() }
}
