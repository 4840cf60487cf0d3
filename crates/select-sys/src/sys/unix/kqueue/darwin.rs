//! `DragonFly`, and Apple's systems.

use std::ffi::CStr;

pub(crate) use libc::*;

/// The integer type of a filter: 16 bits with a sign; on NetBSD 32 bits without.
pub type FilterBits = i16;

/// The integer type of flags: 16 bits; on NetBSD 32 bits.
pub type FlagBits = u16;

/// The integer type of data: 64 bits; on `DragonFly` and Apple's systems as wide as an address.
pub type Data = isize;

/// The fields of `struct kevent` after the six common ones.
pub type Extension = ();
pub(crate) const NO_EXTENSION: Extension = ();

/// The function that makes a queue close-on-exec from the start, and its argument: there is none.
pub(crate) const CREATE_CLOEXEC: Option<(&CStr, c_uint)> = None;
