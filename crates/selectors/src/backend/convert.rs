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

/// The readiness that each flag stands for. `NVAL` means that somebody closed the descriptor by its number.
const READINESS: [(PollFlags, Readiness); 6] = [
    (POLL_READ, Readiness::READ),
    (PollFlags::OUT, Readiness::WRITE),
    (POLL_PRIORITY, Readiness::PRIORITY),
    (POLL_PEER_CLOSED, PEER_CLOSED),
    (PollFlags::HUP, HANG_UP),
    (PollFlags::ERR.union(PollFlags::NVAL), FAILED),
];

/// The flags to request.
pub(super) fn poll_flags(interest: Interest) -> PollFlags {
    let mut flags = PollFlags::empty();
    if interest.contains(Interest::READ) {
        flags |= POLL_READ | POLL_PEER_CLOSED;
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
    readiness - POLL_UNREPORTED
}
