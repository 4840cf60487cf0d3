//! libkqueue on Linux, an emulation. Names, numbers and layout as in its `sys/event.h`, version 2.3.1.
//!
//! It refuses `NOTE_LOWAT` and `NOTE_REVOKE`, which are here for portable programs.

#![expect(unsafe_code, reason = "a C library")]

use std::ffi::{CStr, c_int, c_uint, c_void};

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

#[repr(C)]
pub(crate) struct kevent {
    pub(crate) ident: usize,
    pub(crate) filter: i16,
    pub(crate) flags: u16,
    pub(crate) fflags: u32,
    pub(crate) data: isize,
    pub(crate) udata: *mut c_void,
}

#[link(name = "kqueue")]
unsafe extern "C" {
    pub(crate) fn kqueue() -> c_int;
    pub(crate) fn kevent(
        queue: c_int,
        changes: *const kevent,
        changes_len: c_int,
        events: *mut kevent,
        events_len: c_int,
        timeout: *const libc::timespec,
    ) -> c_int;
}

pub(crate) const EVFILT_READ: i16 = -1;
pub(crate) const EVFILT_WRITE: i16 = -2;
pub(crate) const EVFILT_AIO: i16 = -3;
pub(crate) const EVFILT_VNODE: i16 = -4;
pub(crate) const EVFILT_PROC: i16 = -5;
pub(crate) const EVFILT_SIGNAL: i16 = -6;
pub(crate) const EVFILT_TIMER: i16 = -7;
pub(crate) const EVFILT_FS: i16 = -9;
pub(crate) const EVFILT_LIO: i16 = -10;
pub(crate) const EVFILT_USER: i16 = -11;

pub(crate) const EV_ADD: u16 = 0x1;
pub(crate) const EV_DELETE: u16 = 0x2;
pub(crate) const EV_ENABLE: u16 = 0x4;
pub(crate) const EV_DISABLE: u16 = 0x8;
pub(crate) const EV_ONESHOT: u16 = 0x10;
pub(crate) const EV_CLEAR: u16 = 0x20;
pub(crate) const EV_RECEIPT: u16 = 0x40;
pub(crate) const EV_DISPATCH: u16 = 0x80;
pub(crate) const EV_SYSFLAGS: u16 = 0xf000;
pub(crate) const EV_FLAG1: u16 = 0x2000;
pub(crate) const EV_EOF: u16 = 0x8000;
pub(crate) const EV_ERROR: u16 = 0x4000;

pub(crate) const NOTE_FFNOP: u32 = 0x0;
pub(crate) const NOTE_FFAND: u32 = 0x40000000;
pub(crate) const NOTE_FFOR: u32 = 0x80000000;
pub(crate) const NOTE_FFCOPY: u32 = 0xc0000000;
pub(crate) const NOTE_FFCTRLMASK: u32 = 0xc0000000;
pub(crate) const NOTE_FFLAGSMASK: u32 = 0xffffff;
pub(crate) const NOTE_TRIGGER: u32 = 0x1000000;
pub(crate) const NOTE_LOWAT: u32 = 0x1;
pub(crate) const NOTE_DELETE: u32 = 0x1;
pub(crate) const NOTE_WRITE: u32 = 0x2;
pub(crate) const NOTE_EXTEND: u32 = 0x4;
pub(crate) const NOTE_ATTRIB: u32 = 0x8;
pub(crate) const NOTE_LINK: u32 = 0x10;
pub(crate) const NOTE_RENAME: u32 = 0x20;
pub(crate) const NOTE_REVOKE: u32 = 0x40;
pub(crate) const NOTE_EXIT: u32 = 0x80000000;
pub(crate) const NOTE_FORK: u32 = 0x40000000;
pub(crate) const NOTE_EXEC: u32 = 0x20000000;
pub(crate) const NOTE_PCTRLMASK: u32 = 0xf0000000;
pub(crate) const NOTE_PDATAMASK: u32 = 0xfffff;
pub(crate) const NOTE_TRACK: u32 = 0x1;
pub(crate) const NOTE_TRACKERR: u32 = 0x2;
pub(crate) const NOTE_CHILD: u32 = 0x4;
pub(crate) const NOTE_SECONDS: u32 = 0x1;
pub(crate) const NOTE_USECONDS: u32 = 0x2;
pub(crate) const NOTE_NSECONDS: u32 = 0x4;
pub(crate) const NOTE_ABSOLUTE: u32 = 0x8;
