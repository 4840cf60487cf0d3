//! The filters and flags of `kevent(2)`.

use std::fmt;

use crate::sys::kqueue::system as c;
use crate::sys::kqueue::{FilterBits, FlagBits};

/// `EVFILT_*`: the kind of event of a [`Kevent`](super::Kevent). Unknown ones are kept.
///
/// Systems have different filters. No current system has `EVFILT_NETDEV`, which Python lists: FreeBSD removed it with its notes
/// (see [`Notes`](super::Notes)) and gave its number to another filter.
///
/// # Examples
///
/// By name, and by number:
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
    /// `EVFILT_AIO`: an asynchronous I/O request completed.
    #[doc(alias = "EVFILT_AIO")]
    pub const AIO: Self = Self(c::EVFILT_AIO);
    /// `EVFILT_PROC`: an event of a process, selected by the notes; `ident` is its number.
    #[doc(alias = "EVFILT_PROC")]
    pub const PROC: Self = Self(c::EVFILT_PROC);
    /// `EVFILT_READ`: a descriptor has data to read; `data` is the amount.
    #[doc(alias = "EVFILT_READ")]
    pub const READ: Self = Self(c::EVFILT_READ);
    /// `EVFILT_SIGNAL`: a signal arrived; `ident` is its number, `data` the count.
    #[doc(alias = "EVFILT_SIGNAL")]
    pub const SIGNAL: Self = Self(c::EVFILT_SIGNAL);
    /// `EVFILT_TIMER`: a timer expired; `data` is the period in a change, the count in an event.
    #[doc(alias = "EVFILT_TIMER")]
    pub const TIMER: Self = Self(c::EVFILT_TIMER);
    /// `EVFILT_USER`: the program triggered it with `NOTE_TRIGGER`. OpenBSD has it since 7.8.
    #[doc(alias = "EVFILT_USER")]
    pub const USER: Self = Self(c::EVFILT_USER);
    /// `EVFILT_VNODE`: an event of a file, selected by the notes.
    #[doc(alias = "EVFILT_VNODE")]
    pub const VNODE: Self = Self(c::EVFILT_VNODE);
    /// `EVFILT_WRITE`: a descriptor has room to write; `data` is the amount.
    #[doc(alias = "EVFILT_WRITE")]
    pub const WRITE: Self = Self(c::EVFILT_WRITE);
    /// `EVFILT_DEVICE`: a device changed.
    #[doc(alias = "EVFILT_DEVICE")]
    #[cfg(target_os = "openbsd")]
    pub const DEVICE: Self = Self(c::EVFILT_DEVICE);
    /// `EVFILT_EMPTY`: the output buffer of a descriptor is empty.
    #[doc(alias = "EVFILT_EMPTY")]
    #[cfg(kqueue_netbsd_freebsd)]
    pub const EMPTY: Self = Self(c::EVFILT_EMPTY);
    /// `EVFILT_EXCEPT`: an exceptional condition on a descriptor; see `NOTE_OOB`.
    #[doc(alias = "EVFILT_EXCEPT")]
    #[cfg(kqueue_except)]
    pub const EXCEPT: Self = Self(c::EVFILT_EXCEPT);
    /// `EVFILT_FS`: a file system was mounted or unmounted, or has a problem.
    #[doc(alias = "EVFILT_FS")]
    #[cfg(not(target_os = "openbsd"))]
    pub const FS: Self = Self(c::EVFILT_FS);
    /// `EVFILT_LIO`: a list of asynchronous I/O requests completed.
    #[doc(alias = "EVFILT_LIO")]
    #[cfg(kqueue_lio)]
    pub const LIO: Self = Self(c::EVFILT_LIO);
    /// `EVFILT_MACHPORT`: a Mach message arrived.
    #[doc(alias = "EVFILT_MACHPORT")]
    #[cfg(apple)]
    pub const MACHPORT: Self = Self(c::EVFILT_MACHPORT);
    /// `EVFILT_PROCDESC`: an event of the process of a process descriptor.
    #[doc(alias = "EVFILT_PROCDESC")]
    #[cfg(target_os = "freebsd")]
    pub const PROCDESC: Self = Self(c::EVFILT_PROCDESC);
    /// `EVFILT_SENDFILE`: a `sendfile` completed; for use by the kernel.
    #[doc(alias = "EVFILT_SENDFILE")]
    #[cfg(target_os = "freebsd")]
    pub const SENDFILE: Self = Self(c::EVFILT_SENDFILE);
    /// `EVFILT_VM`: memory pressure.
    #[doc(alias = "EVFILT_VM")]
    #[cfg(apple)]
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

    /// Its name without the prefix, if it has one.
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
    #[cfg(kqueue_netbsd_freebsd)]
    (Filter::EMPTY, "EMPTY"),
    #[cfg(kqueue_except)]
    (Filter::EXCEPT, "EXCEPT"),
    #[cfg(not(target_os = "openbsd"))]
    (Filter::FS, "FS"),
    #[cfg(kqueue_lio)]
    (Filter::LIO, "LIO"),
    #[cfg(apple)]
    (Filter::MACHPORT, "MACHPORT"),
    #[cfg(target_os = "freebsd")]
    (Filter::PROCDESC, "PROCDESC"),
    #[cfg(target_os = "freebsd")]
    (Filter::SENDFILE, "SENDFILE"),
    #[cfg(apple)]
    (Filter::VM, "VM"),
];

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "Filter({name})"),
            None => write!(f, "Filter({})", self.bits()),
        }
    }
}

bitflags::bitflags! {
    /// `EV_*`: the action of a change and the properties of an event. Unknown bits are kept.
    ///
    /// # References
    ///
    /// [kqueue(2)](https://man.freebsd.org/cgi/man.cgi?query=kqueue&sektion=2)
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[repr(transparent)]
    pub struct Flags: FlagBits {
        /// `EV_ADD`: add the entry to the queue, or change it. Events carry it on NetBSD, not on FreeBSD.
        #[doc(alias = "EV_ADD")]
        const ADD = c::EV_ADD;
        /// `EV_CLEAR`: reset the state after a report: edge-triggered. It cannot be changed while the entry exists; timers,
        /// signals and processes always have it.
        #[doc(alias = "EV_CLEAR")]
        const CLEAR = c::EV_CLEAR;
        /// `EV_DELETE`: remove the entry from the queue.
        #[doc(alias = "EV_DELETE")]
        const DELETE = c::EV_DELETE;
        /// `EV_DISABLE`: keep the entry, but do not report it.
        #[doc(alias = "EV_DISABLE")]
        const DISABLE = c::EV_DISABLE;
        /// `EV_DISPATCH`: disable the entry after a report.
        #[doc(alias = "EV_DISPATCH")]
        const DISPATCH = c::EV_DISPATCH;
        /// `EV_ENABLE`: report the entry again.
        #[doc(alias = "EV_ENABLE")]
        const ENABLE = c::EV_ENABLE;
        /// `EV_EOF`: the peer closed its end or shut down writing, or this end was shut down; `fflags` has the socket's
        /// error. Unread data may remain.
        #[doc(alias = "EV_EOF")]
        const EOF = c::EV_EOF;
        /// `EV_ERROR`: the event answers a change; `data` has the error.
        #[doc(alias = "EV_ERROR")]
        const ERROR = c::EV_ERROR;
        /// `EV_ONESHOT`: remove the entry after a report. FreeBSD and NetBSD report it even if the condition is over.
        #[doc(alias = "EV_ONESHOT")]
        const ONESHOT = c::EV_ONESHOT;
        /// `EV_RECEIPT`: answer this change with an `ERROR` event, also when it succeeds (`data` is 0 then); see
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
        #[cfg(apple)]
        const DISPATCH2 = c::EV_DISPATCH2;
        /// `EV_DROP`: for use by the kernel.
        #[doc(alias = "EV_DROP")]
        #[cfg(target_os = "freebsd")]
        const DROP = c::EV_DROP;
        /// `EV_FLAG0`: filter-specific.
        #[doc(alias = "EV_FLAG0")]
        #[cfg(apple)]
        const FLAG0 = c::EV_FLAG0;
        /// `EV_FLAG2`: filter-specific.
        #[doc(alias = "EV_FLAG2")]
        #[cfg(target_os = "freebsd")]
        const FLAG2 = c::EV_FLAG2;
        /// `EV_FORCEONESHOT`: report the entry now, once.
        #[doc(alias = "EV_FORCEONESHOT")]
        #[cfg(target_os = "freebsd")]
        const FORCEONESHOT = c::EV_FORCEONESHOT;
        /// `EV_HUP`: hung up in both directions.
        #[doc(alias = "EV_HUP")]
        #[cfg(target_os = "dragonfly")]
        const HUP = c::EV_HUP;
        /// `EV_KEEPUDATA`: leave `udata` as it is.
        #[doc(alias = "EV_KEEPUDATA")]
        #[cfg(target_os = "freebsd")]
        const KEEPUDATA = c::EV_KEEPUDATA;
        /// `EV_NODATA`: no data is left to read.
        #[doc(alias = "EV_NODATA")]
        #[cfg(target_os = "dragonfly")]
        const NODATA = c::EV_NODATA;
        /// `EV_OOBAND`: there is urgent data.
        #[doc(alias = "EV_OOBAND")]
        #[cfg(apple)]
        const OOBAND = c::EV_OOBAND;
        /// `EV_POLL`: filter-specific.
        #[doc(alias = "EV_POLL")]
        #[cfg(apple)]
        const POLL = c::EV_POLL;
        /// `EV_UDATA_SPECIFIC`: entries with another `udata` are other entries.
        #[doc(alias = "EV_UDATA_SPECIFIC")]
        #[cfg(apple)]
        const UDATA_SPECIFIC = c::EV_UDATA_SPECIFIC;
        /// `EV_VANISHED`: the descriptor was closed while it was in the queue.
        #[doc(alias = "EV_VANISHED")]
        #[cfg(apple)]
        const VANISHED = c::EV_VANISHED;

        // Kernels have more.
        const _ = !0;
    }
}
