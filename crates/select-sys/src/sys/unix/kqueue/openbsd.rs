//! OpenBSD.

use std::ffi::CStr;

pub(crate) use libc::*;

/// The integer type of a filter: 16 bits with a sign; on NetBSD 32 bits without.
pub type FilterBits = i16;

/// The integer type of flags: 16 bits; on NetBSD 32 bits.
pub type FlagBits = u16;

/// The integer type of data: 64 bits; on `DragonFly` and Apple's systems as wide as an address.
pub type Data = i64;

/// The fields of `struct kevent` after the six common ones.
pub type Extension = ();
pub(crate) const NO_EXTENSION: Extension = ();

/// The function that makes a queue close-on-exec from the start, and its argument: `kqueue1`, since OpenBSD 7.4. Not in libc 0.2.
pub(crate) const CREATE_CLOEXEC: Option<(&CStr, c_uint)> = Some((c"kqueue1", O_CLOEXEC as c_uint));
