//! FreeBSD.

use std::io;

use crate::fd::OwnedFd;

pub(crate) use libc::*;

mod at_once;
mod two_steps;

/// The integer that this system has for a filter: 16 bits with a sign, on NetBSD 32 without.
pub type FilterBits = i16;

/// The integer that this system has for flags: 16 bits, on NetBSD 32.
pub type FlagBits = u16;

/// The integer that this system has for data: 64 bits, on `DragonFly` and Apple's systems as wide as an address.
pub type Data = i64;

/// What `struct kevent` has beyond the six fields.
pub type Extension = [u64; 4];
pub(crate) const NO_EXTENSION: Extension = [0; 4];

pub(crate) fn create() -> io::Result<OwnedFd> {
    // `KQUEUE_CLOEXEC` in sys/event.h since FreeBSD 14; not in libc 0.2.
    at_once::at_once(c"kqueuex", 0x1)
}
