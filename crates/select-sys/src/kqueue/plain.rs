//! `DragonFly`, macOS and its kin: those without a call that makes a queue close-on-exec.

use std::io;

use crate::fd::OwnedFd;

pub(crate) use libc::*;

mod two_steps;

/// The integer that this system has for a filter: 16 bits with a sign, on NetBSD 32 without.
pub type FilterBits = i16;

/// The integer that this system has for flags: 16 bits, on NetBSD 32.
pub type FlagBits = u16;

/// The integer that this system has for data: 64 bits, on `DragonFly` and Apple's systems as wide as an address.
pub type Data = isize;

/// What `struct kevent` has beyond the six fields.
pub type Extension = ();
pub(crate) const NO_EXTENSION: Extension = ();

pub(crate) fn create() -> io::Result<OwnedFd> {
    two_steps::in_two_steps()
}
