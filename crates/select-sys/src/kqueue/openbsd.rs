//! OpenBSD.

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
pub type Extension = ();
pub(crate) const NO_EXTENSION: Extension = ();

pub(crate) fn create() -> io::Result<OwnedFd> {
    // Since OpenBSD 7.4; not in libc 0.2.
    at_once::at_once(c"kqueue1", O_CLOEXEC as c_uint)
}
