//! FreeBSD.

use std::ffi::CStr;

pub(crate) use libc::*;

/// The integer type of a filter: 16 bits with a sign; on NetBSD 32 bits without.
pub type FilterBits = i16;

/// The integer type of flags: 16 bits; on NetBSD 32 bits.
pub type FlagBits = u16;

/// The integer type of data: 64 bits; on `DragonFly` and Apple's systems as wide as an address.
pub type Data = i64;

/// The fields of `struct kevent` after the six common ones.
pub type Extension = [u64; 4];
pub(crate) const NO_EXTENSION: Extension = [0; 4];

/// The function that makes a queue close-on-exec from the start, and its argument: `kqueuex` with `KQUEUE_CLOEXEC` (sys/event.h), since FreeBSD 14. Not in libc 0.2.
pub(crate) const CREATE_CLOEXEC: Option<(&CStr, c_uint)> = Some((c"kqueuex", 0x1));
