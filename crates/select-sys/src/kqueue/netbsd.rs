//! NetBSD.

#![expect(unsafe_code, reason = "kqueue1 is a system call")]

use std::io;

use super::kqueue::create;
use crate::fd::OwnedFd;

pub(crate) use libc::*;

/// The integer that this system has for a filter: 16 bits with a sign, on NetBSD 32 without.
pub type FilterBits = u32;

/// The integer that this system has for flags: 16 bits, on NetBSD 32.
pub type FlagBits = u32;

/// The integer that this system has for data: 64 bits, on `DragonFly` and Apple's systems as wide as an address.
pub type Data = i64;

/// What `struct kevent` has beyond the six fields.
pub type Extension = ();
pub(crate) const NO_EXTENSION: Extension = ();

pub(crate) fn create() -> io::Result<OwnedFd> {
    // SAFETY: it takes flags, and no addresses.
    create::owned(unsafe { kqueue1(O_CLOEXEC) })
}
