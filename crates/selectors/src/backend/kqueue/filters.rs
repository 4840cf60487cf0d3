//! Converts interests to filters, and events to readiness.

use std::io;

use rustix::io::Errno;
use select_sys::fd::BorrowedFd;
use select_sys::kqueue::{Data, Filter, Flags, Kevent, Notes};

use crate::backend::interface::Source;
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::token::Tag;

/// A filter, with what its change and its events need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Watch {
    pub(super) filter: Filter,
    notes: Notes,
    threshold: Threshold,
    /// Whether an event may be false, so that it has to be checked (see the module `checked`).
    pub(super) is_checked: bool,
}

/// The low-water mark of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Threshold {
    /// That of the kernel. On Apple's systems it is written as 1, which sockets, pipes and terminals do not distinguish from
    /// their own, and devices without a filter of their own require (`filt_specattach` in `bsd/miscfs/specfs/spec_vnops.c`).
    Kernel,
    /// The largest number, so that only the end fires the filter. It is for sockets: `filt_soread` and `filt_sowrite` in
    /// `sys/kern/uipc_socket.c` of FreeBSD, NetBSD and OpenBSD. XNU lowers it to the size of the buffer
    /// (`filt_soread_common`, `filt_sowrite_common`, `filt_pipelowwat`); the pipes and terminals of the others ignore it.
    Never,
}

/// The filter for `PRIORITY`. Some systems have none.
///
/// XNU serves `EVFILT_EXCEPT` of a socket with the filter for reading, so plain data fires it too (`soexcept_filtops` in
/// `bsd/kern/uipc_socket.c`).
#[cfg(kqueue_except)]
pub(super) const EXCEPT: Option<Watch> = Some(Watch {
    filter: Filter::EXCEPT,
    notes: Notes::OOB,
    threshold: if EXCEPT_READS { Threshold::Never } else { Threshold::Kernel },
    is_checked: EXCEPT_READS,
});
#[cfg(not(kqueue_except))]
pub(super) const EXCEPT: Option<Watch> = None;

/// Whether `EVFILT_EXCEPT` reports what `EVFILT_READ` does, and says in a note whether it is urgent data.
const EXCEPT_READS: bool = cfg!(target_vendor = "apple");

/// Whether some devices are refused without a low-water mark.
const NEEDS_LOWAT: bool = cfg!(target_vendor = "apple");

impl Watch {
    const fn new(filter: Filter) -> Self {
        Self { filter, notes: Notes::empty(), threshold: Threshold::Kernel, is_checked: false }
    }

    const fn end(filter: Filter) -> Self {
        Self { filter, notes: Notes::empty(), threshold: Threshold::Never, is_checked: true }
    }

    /// Whether it is for the end of a direction, and for nothing else.
    pub(super) fn is_end(&self) -> bool {
        self.is_checked && matches!(self.filter, Filter::READ | Filter::WRITE)
    }
}

/// Whether the kernel has low-water marks, and so filters for the end alone. libkqueue ignores them.
pub(super) const HAS_END: bool = cfg!(not(target_os = "linux"));

/// The number by which a kqueue knows a descriptor.
pub(super) fn ident(fd: BorrowedFd<'_>) -> usize {
    Kevent::for_fd(fd, Filter::READ, Flags::empty()).ident
}

/// The filters for an interest, in a fixed order. Each is there once.
pub(super) fn filters(interest: Interest) -> impl Iterator<Item = Watch> + Clone {
    let one = |direction, end, filter| {
        if interest.contains(direction) {
            Some(Watch::new(filter))
        } else {
            interest.contains(end).then_some(Watch::end(filter))
        }
    };
    let read = one(Interest::READ, Interest::READ_CLOSED, Filter::READ);
    let write = one(Interest::WRITE, Interest::HANG_UP, Filter::WRITE);
    let priority = EXCEPT.filter(|_| interest.contains(Interest::PRIORITY));
    [read, write, priority].into_iter().flatten()
}

/// The filters of a list that another list does not have.
pub(super) fn without(
    filters: impl Iterator<Item = Watch> + Clone,
    others: impl Iterator<Item = Watch> + Clone,
) -> impl Iterator<Item = Watch> + Clone {
    filters.filter(move |watch| !others.clone().any(|other| other.filter == watch.filter))
}

/// The change that adds a filter, or rearms it.
pub(super) fn added(source: &Source<'_>, watch: Watch) -> Kevent {
    let mode = match source.mode() {
        // A false event must not be repeated. The back end does what the mode says about true ones. On XNU it also needs
        // the notes of each event for itself, which other entries collect (`knote_fill_kevent_with_sdata`).
        _ if watch.is_checked => Flags::CLEAR | Flags::ENABLE,
        Mode::Level => Flags::empty(),
        Mode::Edge => Flags::CLEAR,
        // Not EV_ONESHOT: FreeBSD and NetBSD report it even if it is not ready any more when the wait looks (`kqueue_scan`).
        Mode::Oneshot => Flags::DISPATCH | Flags::ENABLE,
    };
    let mut change = Kevent::for_fd(source.fd(), watch.filter, Flags::ADD | mode);
    change.udata = source.tag().to_u64() as usize;
    change.fflags = watch.notes;
    match watch.threshold {
        Threshold::Kernel if !NEEDS_LOWAT => {}
        Threshold::Kernel => (change.fflags, change.data) = (watch.notes | Notes::LOWAT, 1),
        Threshold::Never => (change.fflags, change.data) = (watch.notes | Notes::LOWAT, Data::MAX),
    }
    change
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
        _ if !EXCEPT_READS => Readiness::PRIORITY,
        _ if ended => Readiness::READ_CLOSED,
        _ if is_urgent(event) => Readiness::PRIORITY,
        _ => Readiness::empty(),
    };
    if ended && !event.fflags.is_empty() || event.flags.contains(Flags::ERROR) {
        readiness |= Readiness::ERROR;
    }
    readiness
}

#[cfg(kqueue_except)]
fn is_urgent(event: &Kevent) -> bool {
    event.fflags.contains(Notes::OOB)
}

#[cfg(not(kqueue_except))]
fn is_urgent(_: &Kevent) -> bool {
    false
}

/// Whether a change failed because there is no such entry or descriptor, or because the number is now that of the queue
/// itself (EINVAL on FreeBSD) or of a regular file (EPERM, libkqueue only).
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::BADF | Errno::INVAL | Errno::PERM))
}
