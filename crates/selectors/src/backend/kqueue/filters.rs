//! Converts interests to filters, and events to readiness.

use std::io;

use rustix::io::Errno;
use select_sys::fd::BorrowedFd;
use select_sys::kqueue::{Filter, Flags, Kevent, Notes};

use crate::backend::always_ready;
use crate::backend::interface::Source;
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::token::Tag;

/// The filter for `PRIORITY`, with its notes. Some systems have none.
#[cfg(kqueue_except)]
pub(super) const EXCEPT: Option<(Filter, Notes)> = Some((Filter::EXCEPT, Notes::OOB));
#[cfg(not(kqueue_except))]
pub(super) const EXCEPT: Option<(Filter, Notes)> = None;

/// The number by which a kqueue knows a descriptor.
pub(super) fn ident(fd: BorrowedFd<'_>) -> usize {
    Kevent::for_fd(fd, Filter::READ, Flags::empty()).ident
}

/// The filters for an interest, in a fixed order.
pub(super) fn filters(interest: Interest) -> impl Iterator<Item = (Filter, Notes)> + Clone {
    let read = interest.contains(Interest::READ).then_some((Filter::READ, Notes::empty()));
    let write = interest.contains(Interest::WRITE).then_some((Filter::WRITE, Notes::empty()));
    let priority = EXCEPT.filter(|_| interest.contains(Interest::PRIORITY));
    [read, write, priority].into_iter().flatten()
}

/// The change that adds a filter, or rearms it.
pub(super) fn added(source: &Source<'_>, filter: Filter, notes: Notes) -> Kevent {
    let mode = match source.mode() {
        Mode::Level => Flags::empty(),
        Mode::Edge => Flags::CLEAR,
        // Not EV_ONESHOT: FreeBSD and NetBSD report it even if it is not ready any more when the wait looks (`kqueue_scan`).
        Mode::Oneshot => Flags::DISPATCH | Flags::ENABLE,
    };
    let change = Kevent::for_fd(source.fd(), filter, Flags::ADD | mode);
    Kevent { fflags: notes, udata: source.tag().to_u64() as usize, ..change }
}

/// The tag that an event carries.
pub(super) fn tag(event: &Kevent) -> Tag {
    Tag::from_u64(event.udata as u64)
}

/// The mode of the entry that an event is from.
pub(super) fn mode(event: &Kevent) -> Mode {
    if event.flags.contains(Flags::DISPATCH) {
        Mode::Oneshot
    } else if event.flags.contains(Flags::CLEAR) {
        Mode::Edge
    } else {
        Mode::Level
    }
}

/// The readiness that an event stands for.
///
/// `EV_EOF` on reading: the peer half-closed; on writing: nobody reads, or this end was shut down. If it is set, `fflags` is
/// the error of the socket (`filt_soread` and `filt_sowrite` of FreeBSD and NetBSD).
pub(super) fn readiness(event: &Kevent) -> Readiness {
    let ended = event.flags.contains(Flags::EOF);
    let mut readiness = match event.filter {
        Filter::READ if ended => Readiness::READ | Readiness::READ_CLOSED,
        Filter::READ => Readiness::READ,
        Filter::WRITE if ended => Readiness::WRITE | Readiness::WRITE_CLOSED,
        Filter::WRITE => Readiness::WRITE,
        _ => Readiness::PRIORITY,
    };
    if ended && !event.fflags.is_empty() || event.flags.contains(Flags::ERROR) {
        readiness |= Readiness::ERROR;
    }
    readiness
}

/// The reason why a kernel refused a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The file has no such filter.
    FileType,
    /// The other end is gone, or the descriptor is closed.
    OtherEnd,
    /// Any other reason.
    Other,
}

impl Refusal {
    pub(super) fn of(error: &io::Error) -> Self {
        match Errno::from_io_error(error) {
            // FreeBSD: EINVAL for disks (`g_dev_kqfilter`), shared memory (`invfo_kqfilter`) and WRITE on a kqueue
            // (`kqueue_kqfilter`), ENODEV for most devices (`no_kqfilter`), ENXIO for a terminal whose master is gone
            // (`ttydev_enter`) and for a device that was removed (`devfs_fp_check`). NetBSD: EOPNOTSUPP
            // (`fnullop_kqfilter`). OpenBSD: EINVAL. XNU: EINVAL (`filt_specattach`), ENOTSUP, which is another number than
            // EOPNOTSUPP there (`fo_no_kqfilter`). libkqueue: EPERM (epoll_ctl(2)).
            Some(Errno::INVAL | Errno::NODEV | Errno::NXIO | Errno::OPNOTSUPP | Errno::PERM) => {
                Self::FileType
            }
            Some(errno) if errno == Errno::NOTSUP => Self::FileType,
            // `pipe_kqfilter` for a pipe that nobody reads: EPIPE on FreeBSD and OpenBSD, EBADF on NetBSD.
            Some(Errno::PIPE | Errno::BADF) => Self::OtherEnd,
            _ => Self::Other,
        }
    }
}

/// Whether a change failed because there is no such entry or descriptor, or because the number is now that of the queue
/// itself (EINVAL on FreeBSD).
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::BADF | Errno::INVAL))
}

/// Asks `poll(2)` for the readiness that one filter would report. Empty for a descriptor that is not open.
pub(super) fn ready_by_poll(fd: BorrowedFd<'_>, filter: Filter) -> Readiness {
    let (interest, mask) = match filter {
        Filter::READ => (Interest::READ, Readiness::READ | Readiness::READ_CLOSED),
        Filter::WRITE => (Interest::WRITE, Readiness::WRITE | Readiness::WRITE_CLOSED),
        _ => return Readiness::empty(),
    };
    always_ready::ready_by_poll(fd, interest) & (mask | Readiness::ERROR)
}
