//! The filters and flags of `kevent(2)`.

use super::{FilterBits, FlagBits};
use crate::kqueue_system as c;

/// `EVFILT_*`: what kind of thing a [`Kevent`](super::Kevent) is about. Unknown ones are kept.
///
/// Systems differ in which they have. `EVFILT_NETDEV`, which Python knows, is on no
/// current system: FreeBSD had it once, and has given its number to another. Its notes went with it, see
/// [`Notes`](super::Notes).
///
/// # Examples
///
/// Named, and by its number:
///
/// ```
/// use select_sys::kqueue::Filter;
///
/// assert_eq!(Filter::from_bits(Filter::READ.bits()), Filter::READ);
/// assert_eq!(format!("{:?}", Filter::TIMER), "Filter(TIMER)");
/// ```
///
/// # References
///
/// [kqueue(2)](https://man.freebsd.org/cgi/man.cgi?query=kqueue&sektion=2)
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Filter(FilterBits);

impl Filter {
    /// `EVFILT_AIO`: an asynchronous I/O request is done.
    #[doc(alias = "EVFILT_AIO")]
    pub const AIO: Self = Self(c::EVFILT_AIO);
    /// `EVFILT_PROC`: something happened to a process, see the notes; `ident` is its number.
    #[doc(alias = "EVFILT_PROC")]
    pub const PROC: Self = Self(c::EVFILT_PROC);
    /// `EVFILT_READ`: there is something to read from a descriptor; `data` is how much.
    #[doc(alias = "EVFILT_READ")]
    pub const READ: Self = Self(c::EVFILT_READ);
    /// `EVFILT_SIGNAL`: a signal came; `ident` is its number, `data` how often.
    #[doc(alias = "EVFILT_SIGNAL")]
    pub const SIGNAL: Self = Self(c::EVFILT_SIGNAL);
    /// `EVFILT_TIMER`: a timer ran out; `data` is its period, then how often.
    #[doc(alias = "EVFILT_TIMER")]
    pub const TIMER: Self = Self(c::EVFILT_TIMER);
    /// `EVFILT_USER`: triggered by the program, see `TRIGGER`.
    #[doc(alias = "EVFILT_USER")]
    pub const USER: Self = Self(c::EVFILT_USER);
    /// `EVFILT_VNODE`: something happened to a file, see the notes.
    #[doc(alias = "EVFILT_VNODE")]
    pub const VNODE: Self = Self(c::EVFILT_VNODE);
    /// `EVFILT_WRITE`: there is room to write to a descriptor; `data` is how much.
    #[doc(alias = "EVFILT_WRITE")]
    pub const WRITE: Self = Self(c::EVFILT_WRITE);
    /// `EVFILT_DEVICE`: a device changed.
    #[doc(alias = "EVFILT_DEVICE")]
    #[cfg(target_os = "openbsd")]
    pub const DEVICE: Self = Self(c::EVFILT_DEVICE);
    /// `EVFILT_EMPTY`: everything written to a descriptor has left.
    #[doc(alias = "EVFILT_EMPTY")]
    #[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
    pub const EMPTY: Self = Self(c::EVFILT_EMPTY);
    /// `EVFILT_EXCEPT`: an exceptional condition on a descriptor, see `OOB`.
    #[doc(alias = "EVFILT_EXCEPT")]
    #[cfg(any(target_vendor = "apple", target_os = "dragonfly", target_os = "openbsd"))]
    pub const EXCEPT: Self = Self(c::EVFILT_EXCEPT);
    /// `EVFILT_FS`: a file system was mounted, unmounted or fell ill.
    #[doc(alias = "EVFILT_FS")]
    #[cfg(not(target_os = "openbsd"))]
    pub const FS: Self = Self(c::EVFILT_FS);
    /// `EVFILT_LIO`: a list of asynchronous I/O requests is done.
    #[doc(alias = "EVFILT_LIO")]
    #[cfg(any(target_os = "freebsd", target_os = "linux"))]
    pub const LIO: Self = Self(c::EVFILT_LIO);
    /// `EVFILT_MACHPORT`: a Mach message came.
    #[doc(alias = "EVFILT_MACHPORT")]
    #[cfg(target_vendor = "apple")]
    pub const MACHPORT: Self = Self(c::EVFILT_MACHPORT);
    /// `EVFILT_PROCDESC`: something happened to the process of a process descriptor.
    #[doc(alias = "EVFILT_PROCDESC")]
    #[cfg(target_os = "freebsd")]
    pub const PROCDESC: Self = Self(c::EVFILT_PROCDESC);
    /// `EVFILT_SENDFILE`: a `sendfile` is done; for the kernel itself.
    #[doc(alias = "EVFILT_SENDFILE")]
    #[cfg(target_os = "freebsd")]
    pub const SENDFILE: Self = Self(c::EVFILT_SENDFILE);
    /// `EVFILT_VM`: memory is short.
    #[doc(alias = "EVFILT_VM")]
    #[cfg(target_vendor = "apple")]
    pub const VM: Self = Self(c::EVFILT_VM);

    /// A filter by its number.
    #[must_use]
    pub const fn from_bits(bits: FilterBits) -> Self {
        Self(bits)
    }

    /// Its number.
    #[must_use]
    pub const fn bits(self) -> FilterBits {
        self.0
    }

    pub(super) fn name(self) -> Option<&'static str> {
        NAMES.iter().find_map(|&(filter, name)| (filter == self).then_some(name))
    }
}

const NAMES: &[(Filter, &str)] = &[
    (Filter::AIO, "AIO"),
    (Filter::PROC, "PROC"),
    (Filter::READ, "READ"),
    (Filter::SIGNAL, "SIGNAL"),
    (Filter::TIMER, "TIMER"),
    (Filter::USER, "USER"),
    (Filter::VNODE, "VNODE"),
    (Filter::WRITE, "WRITE"),
    #[cfg(target_os = "openbsd")]
    (Filter::DEVICE, "DEVICE"),
    #[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
    (Filter::EMPTY, "EMPTY"),
    #[cfg(any(target_vendor = "apple", target_os = "dragonfly", target_os = "openbsd"))]
    (Filter::EXCEPT, "EXCEPT"),
    #[cfg(not(target_os = "openbsd"))]
    (Filter::FS, "FS"),
    #[cfg(any(target_os = "freebsd", target_os = "linux"))]
    (Filter::LIO, "LIO"),
    #[cfg(target_vendor = "apple")]
    (Filter::MACHPORT, "MACHPORT"),
    #[cfg(target_os = "freebsd")]
    (Filter::PROCDESC, "PROCDESC"),
    #[cfg(target_os = "freebsd")]
    (Filter::SENDFILE, "SENDFILE"),
    #[cfg(target_vendor = "apple")]
    (Filter::VM, "VM"),
];

bitflags::bitflags! {
    /// `EV_*`: what to do with a [`Kevent`](super::Kevent), and what it tells. Unknown bits are kept.
    ///
    /// # References
    ///
    /// [kqueue(2)](https://man.freebsd.org/cgi/man.cgi?query=kqueue&sektion=2)
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[repr(transparent)]
    pub struct Flags: FlagBits {
        /// `EV_ADD`: add it to the queue, or change it there. FreeBSD does not give it back in events; NetBSD does.
        #[doc(alias = "EV_ADD")]
        const ADD = c::EV_ADD;
        /// `EV_CLEAR`: forget what was reported: edge-triggered. Cannot be changed while the entry is there; timers,
        /// signals and processes always have it.
        #[doc(alias = "EV_CLEAR")]
        const CLEAR = c::EV_CLEAR;
        /// `EV_DELETE`: take it out of the queue.
        #[doc(alias = "EV_DELETE")]
        const DELETE = c::EV_DELETE;
        /// `EV_DISABLE`: keep it, but do not report it.
        #[doc(alias = "EV_DISABLE")]
        const DISABLE = c::EV_DISABLE;
        /// `EV_DISPATCH`: disable it once it is reported.
        #[doc(alias = "EV_DISPATCH")]
        const DISPATCH = c::EV_DISPATCH;
        /// `EV_ENABLE`: report it again.
        #[doc(alias = "EV_ENABLE")]
        const ENABLE = c::EV_ENABLE;
        /// `EV_EOF`: the other end is gone or sends no more, or this end was shut down; `fflags` has the socket's error.
        /// There may be something to read before the end.
        #[doc(alias = "EV_EOF")]
        const EOF = c::EV_EOF;
        /// `EV_ERROR`: this is an answer to a change; `data` has the error.
        #[doc(alias = "EV_ERROR")]
        const ERROR = c::EV_ERROR;
        /// `EV_ONESHOT`: take it out once it is reported. FreeBSD and NetBSD report it also when what was ready is over.
        #[doc(alias = "EV_ONESHOT")]
        const ONESHOT = c::EV_ONESHOT;
        /// `EV_RECEIPT`: answer this change with an `ERROR` event, also when it is well (`data` is 0 then); see
        /// [`Kqueue::control`](super::Kqueue::control).
        #[doc(alias = "EV_RECEIPT")]
        const RECEIPT = c::EV_RECEIPT;
        /// `EV_FLAG1`: filter-specific.
        #[doc(alias = "EV_FLAG1")]
        const FLAG1 = c::EV_FLAG1;
        /// `EV_SYSFLAGS`: the flags that only the kernel sets.
        #[doc(alias = "EV_SYSFLAGS")]
        const SYSFLAGS = c::EV_SYSFLAGS;
        /// `EV_DISPATCH2`: `DISPATCH` and `UDATA_SPECIFIC`.
        #[doc(alias = "EV_DISPATCH2")]
        #[cfg(target_vendor = "apple")]
        const DISPATCH2 = c::EV_DISPATCH2;
        /// `EV_DROP`: for the kernel itself.
        #[doc(alias = "EV_DROP")]
        #[cfg(target_os = "freebsd")]
        const DROP = c::EV_DROP;
        /// `EV_FLAG0`: filter-specific.
        #[doc(alias = "EV_FLAG0")]
        #[cfg(target_vendor = "apple")]
        const FLAG0 = c::EV_FLAG0;
        /// `EV_FLAG2`: filter-specific.
        #[doc(alias = "EV_FLAG2")]
        #[cfg(target_os = "freebsd")]
        const FLAG2 = c::EV_FLAG2;
        /// `EV_FORCEONESHOT`: report it now, once.
        #[doc(alias = "EV_FORCEONESHOT")]
        #[cfg(target_os = "freebsd")]
        const FORCEONESHOT = c::EV_FORCEONESHOT;
        /// `EV_HUP`: hung up entirely.
        #[doc(alias = "EV_HUP")]
        #[cfg(target_os = "dragonfly")]
        const HUP = c::EV_HUP;
        /// `EV_KEEPUDATA`: leave `udata` as it is.
        #[doc(alias = "EV_KEEPUDATA")]
        #[cfg(target_os = "freebsd")]
        const KEEPUDATA = c::EV_KEEPUDATA;
        /// `EV_NODATA`: there is nothing left to read.
        #[doc(alias = "EV_NODATA")]
        #[cfg(target_os = "dragonfly")]
        const NODATA = c::EV_NODATA;
        /// `EV_OOBAND`: there is urgent data.
        #[doc(alias = "EV_OOBAND")]
        #[cfg(target_vendor = "apple")]
        const OOBAND = c::EV_OOBAND;
        /// `EV_POLL`: filter-specific.
        #[doc(alias = "EV_POLL")]
        #[cfg(target_vendor = "apple")]
        const POLL = c::EV_POLL;
        /// `EV_UDATA_SPECIFIC`: entries with another `udata` are other entries.
        #[doc(alias = "EV_UDATA_SPECIFIC")]
        #[cfg(target_vendor = "apple")]
        const UDATA_SPECIFIC = c::EV_UDATA_SPECIFIC;
        /// `EV_VANISHED`: the descriptor was closed while it was in the queue.
        #[doc(alias = "EV_VANISHED")]
        #[cfg(target_vendor = "apple")]
        const VANISHED = c::EV_VANISHED;

        // Kernels have more.
        const _ = !0;
    }
}
