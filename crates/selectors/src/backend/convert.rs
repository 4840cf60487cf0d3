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

/// The readiness that each flag but `HUP` stands for.
///
/// `NVAL` means that somebody closed the descriptor by its number. On Apple's systems it also means that kqueue, on which
/// `poll` is built there, refuses the file (`poll_nocancel` in `bsd/kern/sys_generic.c`).
const READINESS: [(PollFlags, Readiness); 5] = [
    (POLL_READ, Readiness::READ),
    (PollFlags::OUT, Readiness::WRITE),
    (POLL_PRIORITY, Readiness::PRIORITY),
    (POLL_PEER_CLOSED, PEER_CLOSED),
    (PollFlags::ERR.union(PollFlags::NVAL), FAILED),
];

/// The readiness that `HUP` stands for, together with `IN` and without it.
#[cfg(not(target_vendor = "apple"))]
const HUNG_UP: (Readiness, Readiness) = (HANG_UP, HANG_UP);
// Here `HUP` means that either direction has ended, and it hides `OUT` (`poll_callback` in bsd/kern/sys_generic.c of XNU). If
// reading is ready, `IN` is set as well. Without it the direction is writing.
#[cfg(target_vendor = "apple")]
const HUNG_UP: (Readiness, Readiness) = (Readiness::WRITE, HANG_UP.difference(PEER_CLOSED));

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
    if flags.intersects(PollFlags::HUP) {
        readiness |= if flags.intersects(POLL_READ) { HUNG_UP.0 } else { HUNG_UP.1 };
    }
    readiness - POLL_UNREPORTED
}
