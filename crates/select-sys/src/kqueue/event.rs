//! Changes and events.

#![expect(unsafe_code, reason = "lists are passed as the system's structs")]

use std::cmp;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io;

use super::flags::{Filter, Flags};
use super::notes::{Notes, WithNames};
use crate::fd::{AsRawFd, BorrowedFd};
use crate::sys::kqueue as sys;
use crate::sys::kqueue::{Data, Extension};

/// `struct kevent`: a change to a queue, or an event from it.
///
/// Comparisons use the first six fields, in their order, and ignore [`ext`](Self::ext).
///
/// # Examples
///
/// Watch a descriptor for data, edge-triggered:
///
/// ```
/// use select_sys::fd::AsFd;
/// use select_sys::kqueue::{Filter, Flags, Kevent};
///
/// let stdin = std::io::stdin();
/// let change = Kevent { udata: 7, ..Kevent::for_fd(stdin.as_fd(), Filter::READ, Flags::ADD | Flags::CLEAR) };
/// assert_eq!(change.filter, Filter::READ);
/// ```
#[doc(alias = "kevent")]
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Kevent {
    /// The identifier: the number of a descriptor, a process or a signal, depending on the filter.
    pub ident: usize,
    /// The kind of event.
    pub filter: Filter,
    /// In a change, the action; in an event, its properties.
    pub flags: Flags,
    /// Flags with a meaning that depends on the filter.
    pub fflags: Notes,
    /// A number with a meaning that depends on the filter.
    pub data: Data,
    /// A number of the caller's choice, which is part of each event.
    pub udata: usize,
    /// Further fields: four numbers on FreeBSD, nothing elsewhere. Zero by default.
    pub ext: Extension,
}

const _: () = {
    assert!(size_of::<Kevent>() == size_of::<sys::kevent>());
    assert!(align_of::<Kevent>() >= align_of::<sys::kevent>()); // packed to 4 on Apple's systems
    assert!(std::mem::offset_of!(Kevent, ident) == std::mem::offset_of!(sys::kevent, ident));
    assert!(std::mem::offset_of!(Kevent, filter) == std::mem::offset_of!(sys::kevent, filter));
    assert!(std::mem::offset_of!(Kevent, flags) == std::mem::offset_of!(sys::kevent, flags));
    assert!(std::mem::offset_of!(Kevent, fflags) == std::mem::offset_of!(sys::kevent, fflags));
    assert!(std::mem::offset_of!(Kevent, data) == std::mem::offset_of!(sys::kevent, data));
    assert!(std::mem::offset_of!(Kevent, udata) == std::mem::offset_of!(sys::kevent, udata));
};

impl Kevent {
    /// A change or event for any identifier. The other fields are zero.
    #[must_use]
    pub const fn new(ident: usize, filter: Filter, flags: Flags) -> Self {
        Self { ident, filter, flags, fflags: Notes::empty(), data: 0, udata: 0, ext: sys::NO_EXTENSION }
    }

    /// A change or event for a descriptor.
    ///
    /// This does not keep the descriptor open. Closing it removes its entries from the queue; a later change fails with
    /// `EBADF`, or applies to the file that has the number now.
    #[must_use]
    pub fn for_fd(fd: BorrowedFd<'_>, filter: Filter, flags: Flags) -> Self {
        Self::new(fd.as_raw_fd() as usize, filter, flags) // a negative one (AT_FDCWD) is not open: EBADF
    }

    /// The error of a change, if this event reports one.
    ///
    /// `None` for the receipt ([`Flags::RECEIPT`]) of a change that succeeded.
    #[must_use]
    pub fn error(&self) -> Option<io::Error> {
        let failed = self.flags.contains(Flags::ERROR) && self.data != 0;
        failed.then(|| io::Error::from_raw_os_error(self.data as i32)) // an errno
    }
}

impl Kevent {
    /// The fields that comparisons use.
    fn fields(&self) -> (usize, Filter, Flags, Notes, Data, usize) {
        (self.ident, self.filter, self.flags, self.fflags, self.data, self.udata)
    }

    /// The same list as the system's structs.
    pub(super) fn as_raw_slice(list: &[Self]) -> &[sys::kevent] {
        // SAFETY: both have the same layout (asserted above), and any bits are valid in each of their fields.
        unsafe { std::slice::from_raw_parts(list.as_ptr().cast(), list.len()) }
    }

    /// The same list as the system's structs.
    pub(super) fn as_raw_slice_mut(list: &mut [Self]) -> &mut [sys::kevent] {
        // SAFETY: as above; the list is mutably borrowed for as long.
        unsafe { std::slice::from_raw_parts_mut(list.as_mut_ptr().cast(), list.len()) }
    }
}

impl PartialEq for Kevent {
    fn eq(&self, other: &Self) -> bool {
        self.fields() == other.fields()
    }
}

impl Eq for Kevent {}

impl PartialOrd for Kevent {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kevent {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        self.fields().cmp(&other.fields())
    }
}

impl Hash for Kevent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fields().hash(state);
    }
}

impl Default for Kevent {
    fn default() -> Self {
        Self::new(0, Filter::READ, Flags::empty())
    }
}

impl fmt::Debug for Kevent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kevent")
            .field("ident", &self.ident)
            .field("filter", &self.filter)
            .field("flags", &self.flags)
            .field("fflags", &WithNames(self.fflags, self.filter))
            .field("data", &self.data)
            .field("udata", &format_args!("{:#x}", self.udata))
            .finish()
    }
}
