//! Converts interests and readiness to and from the flags of `poll(2)`, which `/dev/poll` shares.

use select_sys::poll::PollFlags;

use crate::interest::Interest;
use crate::os::{POLL_PRIORITY, POLL_READ, POLL_UNREPORTED};
use crate::readiness::Readiness;

/// The readiness of a peer that half-closed (`RDHUP`). Python does not ask for that flag.
pub(super) const PEER_CLOSED: Readiness = Readiness::READ.union(Readiness::READ_CLOSED);

/// The readiness of a hang-up (`HUP`). As in Python it counts as both readable and writable.
pub(super) const HANG_UP: Readiness =
    Readiness::READ.union(Readiness::WRITE).union(Readiness::READ_CLOSED).union(Readiness::WRITE_CLOSED);

/// The readiness of an error (`ERR`). As in Python it counts as both readable and writable.
pub(super) const FAILED: Readiness = Readiness::READ.union(Readiness::WRITE).union(Readiness::ERROR);

/// The flag for a peer that half-closed, on systems where `poll` reports that by itself.
#[cfg(any(epoll, target_os = "illumos"))]
const POLL_PEER_CLOSED: PollFlags = PollFlags::RDHUP;
// FreeBSD has the flag. But its `poll` answers NVAL to a request for it on a regular file or an always-ready device,
// because it is not in `POLLSTANDARD` (`vop_nopoll` in sys/kern/vfs_default.c, `poll_no_poll` in sys/kern/sys_generic.c).
#[cfg(not(any(epoll, target_os = "illumos")))]
const POLL_PEER_CLOSED: PollFlags = PollFlags::empty();

/// The flag for a peer that half-closed, for a key that does not wait for reading. Such a key is no regular file.
#[cfg(target_os = "freebsd")]
const POLL_READ_CLOSED: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "freebsd"))]
const POLL_READ_CLOSED: PollFlags = POLL_PEER_CLOSED;

/// Whether `poll` reports hang-ups and errors of every file in addition to what was requested.
///
/// NetBSD does not of sockets (`sodopoll` in `sys/kern/uipc_socket.c`). On Apple's systems `HUP` depends on the direction that
/// was requested (`poll_callback` in `bsd/kern/sys_generic.c` of XNU), and on Windows it means a half-close, too (WSAPOLLFD,
/// Members). `DragonFly` was not examined.
const POLL_REPORTS_HANG_UPS: bool = cfg!(poll_hang_ups);

/// Whether a hang-up ends a `poll` that requests nothing. FreeBSD wakes those only that wait for reading, writing or priority
/// (`sopoll_generic` in `sys/kern/uipc_socket.c`). OpenBSD has a filter for that case (`ppollregister` in `sys/kern/sys_generic.c`).
const POLL_WAKES_FOR_HANG_UPS_ALONE: bool = cfg!(not(target_os = "freebsd"));

/// The readiness that each flag but `HUP` stands for.
///
/// `NVAL` means that somebody closed the descriptor by its number. On Apple's systems it also means that kqueue, on which
/// `poll` is built there, refuses the file (`poll_nocancel` in `bsd/kern/sys_generic.c`).
const READINESS: [(PollFlags, Readiness); 5] = [
    (POLL_READ, Readiness::READ),
    (PollFlags::OUT, Readiness::WRITE),
    (POLL_PRIORITY, Readiness::PRIORITY),
    (POLL_READ_CLOSED, PEER_CLOSED),
    (PollFlags::ERR.union(PollFlags::NVAL), FAILED),
];

/// The readiness that `HUP` stands for, together with `IN` and without it.
#[cfg(not(target_vendor = "apple"))]
const HUNG_UP: (Readiness, Readiness) = (HANG_UP, HANG_UP);
// Here `HUP` means that either direction has ended, and it hides `OUT` (`poll_callback` in bsd/kern/sys_generic.c of XNU). If
// reading is ready, `IN` is set as well. Without it the direction is writing.
#[cfg(target_vendor = "apple")]
const HUNG_UP: (Readiness, Readiness) = (Readiness::WRITE, HANG_UP.difference(PEER_CLOSED));

/// Whether `poll` reports the ends that an interest contains.
pub(super) fn poll_reports_end(interest: Interest) -> bool {
    (!interest.contains(Interest::READ_CLOSED) || !POLL_READ_CLOSED.is_empty())
        && (!interest.contains(Interest::HANG_UP) || POLL_REPORTS_HANG_UPS)
        && (interest != Interest::HANG_UP || POLL_WAKES_FOR_HANG_UPS_ALONE)
}

/// The flags to request. `HANG_UP` needs none: poll(2) reports `HUP` and `ERR` without.
pub(super) fn poll_flags(interest: Interest) -> PollFlags {
    let mut flags = PollFlags::empty();
    if interest.contains(Interest::READ) {
        flags |= POLL_READ | POLL_PEER_CLOSED;
    } else if interest.contains(Interest::READ_CLOSED) {
        flags |= POLL_READ_CLOSED;
    }
    if interest.contains(Interest::WRITE) {
        flags |= PollFlags::OUT;
    }
    if interest.contains(Interest::PRIORITY) {
        flags |= POLL_PRIORITY;
    }
    flags
}

/// The readiness that reported flags stand for.
#[inline]
pub(super) fn from_poll_flags(flags: PollFlags) -> Readiness {
    let mut readiness = Readiness::empty();
    for (flag, meaning) in READINESS {
        if flags.intersects(flag) {
            readiness |= meaning;
        }
    }
    if flags.intersects(PollFlags::HUP) {
        readiness |= if flags.intersects(POLL_READ) { HUNG_UP.0 } else { HUNG_UP.1 };
    }
    readiness - POLL_UNREPORTED
}
