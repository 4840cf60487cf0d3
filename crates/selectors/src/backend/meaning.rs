//! What interests are in the flags of `poll(2)`, and what these flags, and those of epoll, mean.

use super::platform::system::{POLL_PRIORITY, POLL_READ, POLL_UNTOLD};
use crate::sys::poll::PollFlags;
use crate::{Interest, Readiness};

/// That the peer sends no more. Not told by itself everywhere.
#[cfg(any(target_os = "android", target_os = "illumos", target_os = "linux"))]
const PEER_CLOSED: PollFlags = PollFlags::RDHUP;
// FreeBSD has the flag, but there `poll` of a regular file or a device that is always ready answers NVAL to whoever asks
// for it: it is not in `POLLSTANDARD` (`vop_nopoll` in sys/kern/vfs_default.c, `poll_no_poll` in sys/kern/sys_generic.c).
#[cfg(not(any(target_os = "android", target_os = "illumos", target_os = "linux")))]
const PEER_CLOSED: PollFlags = PollFlags::empty();

/// What poll-like events mean: the rule that `poll` and `epoll` share.
///
/// As in Python, an error or a hang-up counts as both readable and writable. That the peer sends no more (`RDHUP`, which
/// Python does not ask for) counts as readable.
pub(super) const fn readiness(
    read: bool,
    priority: bool,
    write: bool,
    error: bool,
    hangup: bool,
    peer_closed: bool,
) -> Readiness {
    const fn bits(condition: bool, readiness: Readiness) -> u8 {
        if condition { readiness.bits() } else { 0 }
    }
    Readiness::from_bits_truncate(
        bits(read || error || hangup || peer_closed, Readiness::READ)
            | bits(write || error || hangup, Readiness::WRITE)
            | bits(priority, Readiness::PRIORITY)
            | bits(hangup || peer_closed, Readiness::READ_CLOSED)
            | bits(hangup, Readiness::WRITE_CLOSED)
            | bits(error, Readiness::ERROR),
    )
}

/// What to ask `poll(2)` or `/dev/poll` for.
#[inline]
pub(super) fn flags(interest: Interest) -> PollFlags {
    const TABLE: [PollFlags; 8] = {
        let mut table = [PollFlags::empty(); 8];
        let mut at = 0;
        while at < table.len() {
            let interest = Interest::from_bits_truncate(at as u8); // below 8
            let mut bits = 0;
            if interest.contains(Interest::READ) {
                bits |= POLL_READ.bits() | PEER_CLOSED.bits();
            }
            if interest.contains(Interest::WRITE) {
                bits |= PollFlags::OUT.bits();
            }
            if interest.contains(Interest::PRIORITY) {
                bits |= POLL_PRIORITY.bits();
            }
            table[at] = PollFlags::from_bits_retain(bits);
            at += 1;
        }
        table
    };
    TABLE[usize::from(interest.bits() & Interest::all().bits())]
}

/// What `poll(2)` or `/dev/poll` saw.
///
/// That the descriptor is not open (`NVAL`: somebody closed it by its number) counts as an error.
#[inline]
pub(super) fn meaning(flags: PollFlags) -> Readiness {
    // What is reported most. (Not `IN`: on Windows urgent data is in that.)
    if flags == POLL_READ {
        return Readiness::READ;
    }
    readiness(
        flags.intersects(POLL_READ),
        flags.intersects(POLL_PRIORITY),
        flags.contains(PollFlags::OUT),
        flags.intersects(PollFlags::ERR | PollFlags::NVAL),
        flags.contains(PollFlags::HUP),
        flags.intersects(PEER_CLOSED),
    )
    .difference(POLL_UNTOLD)
}
