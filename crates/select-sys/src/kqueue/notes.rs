//! The notes of `kevent(2)`.

use std::fmt;

use super::Filter;
use crate::kqueue_system as c;

bitflags::bitflags! {
    /// `NOTE_*`: what to watch for beyond the filter, and what was seen. Unknown bits are kept.
    ///
    /// The same bits mean different things for different filters, which each constant names first.
    ///
    /// `NOTE_LINKUP`, `NOTE_LINKDOWN` and `NOTE_LINKINV`, which Python knows, belonged to `EVFILT_NETDEV`; no current system
    /// has them.
    ///
    /// # References
    ///
    /// [kqueue(2)](https://man.freebsd.org/cgi/man.cgi?query=kqueue&sektion=2)
    #[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[repr(transparent)]
    pub struct Notes: u32 {
        /// `NOTE_CHANGE`: (device) it changed.
        #[doc(alias = "NOTE_CHANGE")]
        #[cfg(target_os = "openbsd")]
        const CHANGE = c::NOTE_CHANGE;
        /// `NOTE_OOB`: (except) urgent data.
        #[doc(alias = "NOTE_OOB")]
        #[cfg(any(target_vendor = "apple", target_os = "dragonfly", target_os = "openbsd"))]
        const OOB = c::NOTE_OOB;
        /// `NOTE_VM_ERROR`: (memory) an error.
        #[doc(alias = "NOTE_VM_ERROR")]
        #[cfg(target_vendor = "apple")]
        const VM_ERROR = c::NOTE_VM_ERROR;
        /// `NOTE_VM_PRESSURE`: (memory) it is short.
        #[doc(alias = "NOTE_VM_PRESSURE")]
        #[cfg(target_vendor = "apple")]
        const VM_PRESSURE = c::NOTE_VM_PRESSURE;
        /// `NOTE_VM_PRESSURE_SUDDEN_TERMINATE`: (memory) exit at once.
        #[doc(alias = "NOTE_VM_PRESSURE_SUDDEN_TERMINATE")]
        #[cfg(target_vendor = "apple")]
        const VM_PRESSURE_SUDDEN_TERMINATE = c::NOTE_VM_PRESSURE_SUDDEN_TERMINATE;
        /// `NOTE_VM_PRESSURE_TERMINATE`: (memory) exit.
        #[doc(alias = "NOTE_VM_PRESSURE_TERMINATE")]
        #[cfg(target_vendor = "apple")]
        const VM_PRESSURE_TERMINATE = c::NOTE_VM_PRESSURE_TERMINATE;
        /// `NOTE_CHILD`: (process) reported: this is a child of a tracked process.
        #[doc(alias = "NOTE_CHILD")]
        const CHILD = c::NOTE_CHILD;
        /// `NOTE_EXEC`: (process) it executed another program.
        #[doc(alias = "NOTE_EXEC")]
        const EXEC = c::NOTE_EXEC;
        /// `NOTE_EXIT`: (process) it exited; `data` is its status.
        #[doc(alias = "NOTE_EXIT")]
        const EXIT = c::NOTE_EXIT;
        /// `NOTE_FORK`: (process) it forked.
        #[doc(alias = "NOTE_FORK")]
        const FORK = c::NOTE_FORK;
        /// `NOTE_PCTRLMASK`: (process) the bits that say what to watch for.
        #[doc(alias = "NOTE_PCTRLMASK")]
        const PCTRLMASK = c::NOTE_PCTRLMASK;
        /// `NOTE_PDATAMASK`: (process) the bits that carry a number.
        #[doc(alias = "NOTE_PDATAMASK")]
        const PDATAMASK = c::NOTE_PDATAMASK;
        /// `NOTE_TRACK`: (process) watch its children too.
        #[doc(alias = "NOTE_TRACK")]
        const TRACK = c::NOTE_TRACK;
        /// `NOTE_TRACKERR`: (process) reported: a child could not be watched.
        #[doc(alias = "NOTE_TRACKERR")]
        const TRACKERR = c::NOTE_TRACKERR;
        /// `NOTE_EXITSTATUS`: (process) put the exit status into `data`.
        #[doc(alias = "NOTE_EXITSTATUS")]
        #[cfg(target_vendor = "apple")]
        const EXITSTATUS = c::NOTE_EXITSTATUS;
        /// `NOTE_EXIT_CSERROR`: (process) it exited for a code signing error.
        #[doc(alias = "NOTE_EXIT_CSERROR")]
        #[cfg(target_vendor = "apple")]
        const EXIT_CSERROR = c::NOTE_EXIT_CSERROR;
        /// `NOTE_EXIT_DECRYPTFAIL`: (process) it exited for a failed decryption.
        #[doc(alias = "NOTE_EXIT_DECRYPTFAIL")]
        #[cfg(target_vendor = "apple")]
        const EXIT_DECRYPTFAIL = c::NOTE_EXIT_DECRYPTFAIL;
        /// `NOTE_EXIT_DETAIL`: (process) tell how it exited.
        #[doc(alias = "NOTE_EXIT_DETAIL")]
        #[cfg(target_vendor = "apple")]
        const EXIT_DETAIL = c::NOTE_EXIT_DETAIL;
        /// `NOTE_EXIT_DETAIL_MASK`: (process) the bits that tell how it exited.
        #[doc(alias = "NOTE_EXIT_DETAIL_MASK")]
        #[cfg(target_vendor = "apple")]
        const EXIT_DETAIL_MASK = c::NOTE_EXIT_DETAIL_MASK;
        /// `NOTE_EXIT_MEMORY`: (process) it exited for want of memory.
        #[doc(alias = "NOTE_EXIT_MEMORY")]
        #[cfg(target_vendor = "apple")]
        const EXIT_MEMORY = c::NOTE_EXIT_MEMORY;
        /// `NOTE_SIGNAL`: (process) it got a signal.
        #[doc(alias = "NOTE_SIGNAL")]
        #[cfg(target_vendor = "apple")]
        const SIGNAL = c::NOTE_SIGNAL;
        /// `NOTE_LOWAT`: (read, write) `data` is how much there must be.
        #[doc(alias = "NOTE_LOWAT")]
        const LOWAT = c::NOTE_LOWAT;
        /// `NOTE_EOF`: (read) report the end of a file too, as `select` does.
        #[doc(alias = "NOTE_EOF")]
        #[cfg(target_os = "openbsd")]
        const EOF = c::NOTE_EOF;
        /// `NOTE_FILE_POLL`: (read) regular files are always ready, as `poll` has it.
        #[doc(alias = "NOTE_FILE_POLL")]
        #[cfg(target_os = "freebsd")]
        const FILE_POLL = c::NOTE_FILE_POLL;
        /// `NOTE_ABSOLUTE`: (timer) `data` is a point in time, not a period.
        #[doc(alias = "NOTE_ABSOLUTE")]
        #[cfg(any(target_vendor = "apple", target_os = "linux"))]
        const ABSOLUTE = c::NOTE_ABSOLUTE;
        /// `NOTE_ABSTIME`: (timer) `data` is a point in time, not a period.
        #[doc(alias = "NOTE_ABSTIME")]
        #[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
        const ABSTIME = c::NOTE_ABSTIME;
        /// `NOTE_BACKGROUND`: (timer) may be late.
        #[doc(alias = "NOTE_BACKGROUND")]
        #[cfg(target_vendor = "apple")]
        const BACKGROUND = c::NOTE_BACKGROUND;
        /// `NOTE_CRITICAL`: (timer) must not be late.
        #[doc(alias = "NOTE_CRITICAL")]
        #[cfg(target_vendor = "apple")]
        const CRITICAL = c::NOTE_CRITICAL;
        /// `NOTE_LEEWAY`: (timer) for `kevent64`, which is not wrapped here, and says how late it may be.
        #[doc(alias = "NOTE_LEEWAY")]
        #[cfg(target_vendor = "apple")]
        const LEEWAY = c::NOTE_LEEWAY;
        /// `NOTE_MACHTIME`: (timer) in units of Mach time.
        #[doc(alias = "NOTE_MACHTIME")]
        #[cfg(target_vendor = "apple")]
        const MACHTIME = c::NOTE_MACHTIME;
        /// `NOTE_MACH_CONTINUOUS_TIME`: (timer) sleeping counts.
        #[doc(alias = "NOTE_MACH_CONTINUOUS_TIME")]
        #[cfg(target_vendor = "apple")]
        const MACH_CONTINUOUS_TIME = c::NOTE_MACH_CONTINUOUS_TIME;
        /// `NOTE_MSECONDS`: (timer) in milliseconds.
        #[doc(alias = "NOTE_MSECONDS")]
        #[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
        const MSECONDS = c::NOTE_MSECONDS;
        /// `NOTE_NSECONDS`: (timer) in nanoseconds.
        #[doc(alias = "NOTE_NSECONDS")]
        #[cfg(not(any(target_os = "dragonfly", target_os = "openbsd")))]
        const NSECONDS = c::NOTE_NSECONDS;
        /// `NOTE_SECONDS`: (timer) in seconds.
        #[doc(alias = "NOTE_SECONDS")]
        #[cfg(not(any(target_os = "dragonfly", target_os = "openbsd")))]
        const SECONDS = c::NOTE_SECONDS;
        /// `NOTE_USECONDS`: (timer) in microseconds.
        #[doc(alias = "NOTE_USECONDS")]
        #[cfg(not(any(target_os = "dragonfly", target_os = "openbsd")))]
        const USECONDS = c::NOTE_USECONDS;
        /// `NOTE_FFAND`: (user) the program's bits become the intersection with the given ones.
        #[doc(alias = "NOTE_FFAND")]
        const FFAND = c::NOTE_FFAND;
        /// `NOTE_FFCOPY`: (user) the program's bits become the given ones.
        #[doc(alias = "NOTE_FFCOPY")]
        const FFCOPY = c::NOTE_FFCOPY;
        /// `NOTE_FFCTRLMASK`: (user) the bits that say what becomes of the program's bits.
        #[doc(alias = "NOTE_FFCTRLMASK")]
        const FFCTRLMASK = c::NOTE_FFCTRLMASK;
        /// `NOTE_FFLAGSMASK`: (user) the program's own bits.
        #[doc(alias = "NOTE_FFLAGSMASK")]
        const FFLAGSMASK = c::NOTE_FFLAGSMASK;
        /// `NOTE_FFNOP`: (user) the program's bits stay.
        #[doc(alias = "NOTE_FFNOP")]
        const FFNOP = c::NOTE_FFNOP;
        /// `NOTE_FFOR`: (user) the program's bits become the union with the given ones.
        #[doc(alias = "NOTE_FFOR")]
        const FFOR = c::NOTE_FFOR;
        /// `NOTE_TRIGGER`: (user) trigger it. In a change of its own: FreeBSD and NetBSD ignore it in one that adds.
        #[doc(alias = "NOTE_TRIGGER")]
        const TRIGGER = c::NOTE_TRIGGER;
        /// `NOTE_ATTRIB`: (vnode) its attributes changed.
        #[doc(alias = "NOTE_ATTRIB")]
        const ATTRIB = c::NOTE_ATTRIB;
        /// `NOTE_DELETE`: (vnode) it was unlinked.
        #[doc(alias = "NOTE_DELETE")]
        const DELETE = c::NOTE_DELETE;
        /// `NOTE_EXTEND`: (vnode) it grew.
        #[doc(alias = "NOTE_EXTEND")]
        const EXTEND = c::NOTE_EXTEND;
        /// `NOTE_LINK`: (vnode) its number of links changed.
        #[doc(alias = "NOTE_LINK")]
        const LINK = c::NOTE_LINK;
        /// `NOTE_RENAME`: (vnode) it was renamed.
        #[doc(alias = "NOTE_RENAME")]
        const RENAME = c::NOTE_RENAME;
        /// `NOTE_REVOKE`: (vnode) access to it was revoked.
        #[doc(alias = "NOTE_REVOKE")]
        const REVOKE = c::NOTE_REVOKE;
        /// `NOTE_WRITE`: (vnode) it was written to.
        #[doc(alias = "NOTE_WRITE")]
        const WRITE = c::NOTE_WRITE;
        /// `NOTE_CLOSE`: (vnode) a descriptor that was not open for writing was closed.
        #[doc(alias = "NOTE_CLOSE")]
        #[cfg(target_os = "freebsd")]
        const CLOSE = c::NOTE_CLOSE;
        /// `NOTE_CLOSE_WRITE`: (vnode) a descriptor that was open for writing was closed.
        #[doc(alias = "NOTE_CLOSE_WRITE")]
        #[cfg(target_os = "freebsd")]
        const CLOSE_WRITE = c::NOTE_CLOSE_WRITE;
        /// `NOTE_FUNLOCK`: (vnode) it was unlocked.
        #[doc(alias = "NOTE_FUNLOCK")]
        #[cfg(target_vendor = "apple")]
        const FUNLOCK = c::NOTE_FUNLOCK;
        /// `NOTE_LEASE_DOWNGRADE`: (vnode) a lease must be given up in part.
        #[doc(alias = "NOTE_LEASE_DOWNGRADE")]
        #[cfg(target_vendor = "apple")]
        const LEASE_DOWNGRADE = c::NOTE_LEASE_DOWNGRADE;
        /// `NOTE_LEASE_RELEASE`: (vnode) a lease must be given up.
        #[doc(alias = "NOTE_LEASE_RELEASE")]
        #[cfg(target_vendor = "apple")]
        const LEASE_RELEASE = c::NOTE_LEASE_RELEASE;
        /// `NOTE_NONE`: (vnode) nothing; to test for the filter.
        #[doc(alias = "NOTE_NONE")]
        #[cfg(target_vendor = "apple")]
        const NONE = c::NOTE_NONE;
        /// `NOTE_OPEN`: (vnode) it was opened.
        #[doc(alias = "NOTE_OPEN")]
        #[cfg(target_os = "freebsd")]
        const OPEN = c::NOTE_OPEN;
        /// `NOTE_READ`: (vnode) it was read.
        #[doc(alias = "NOTE_READ")]
        #[cfg(target_os = "freebsd")]
        const READ = c::NOTE_READ;
        /// `NOTE_TRUNCATE`: (vnode) it was truncated.
        #[doc(alias = "NOTE_TRUNCATE")]
        #[cfg(target_os = "openbsd")]
        const TRUNCATE = c::NOTE_TRUNCATE;

        // Kernels have more.
        const _ = !0;
    }
}

/// The names of the notes, by what they are for. Masks and zeroes have none.
const NAMES: &[(Filter, Notes, &str)] = &[
    #[cfg(any(target_vendor = "apple", target_os = "linux"))]
    (Filter::TIMER, Notes::ABSOLUTE, "ABSOLUTE"),
    #[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
    (Filter::TIMER, Notes::ABSTIME, "ABSTIME"),
    #[cfg(target_vendor = "apple")]
    (Filter::TIMER, Notes::BACKGROUND, "BACKGROUND"),
    #[cfg(target_vendor = "apple")]
    (Filter::TIMER, Notes::CRITICAL, "CRITICAL"),
    #[cfg(target_vendor = "apple")]
    (Filter::TIMER, Notes::LEEWAY, "LEEWAY"),
    #[cfg(target_vendor = "apple")]
    (Filter::TIMER, Notes::MACHTIME, "MACHTIME"),
    #[cfg(target_vendor = "apple")]
    (Filter::TIMER, Notes::MACH_CONTINUOUS_TIME, "MACH_CONTINUOUS_TIME"),
    #[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
    (Filter::TIMER, Notes::MSECONDS, "MSECONDS"),
    #[cfg(not(any(target_os = "dragonfly", target_os = "openbsd")))]
    (Filter::TIMER, Notes::NSECONDS, "NSECONDS"),
    #[cfg(not(any(target_os = "dragonfly", target_os = "openbsd")))]
    (Filter::TIMER, Notes::SECONDS, "SECONDS"),
    #[cfg(not(any(target_os = "dragonfly", target_os = "openbsd")))]
    (Filter::TIMER, Notes::USECONDS, "USECONDS"),
    (Filter::VNODE, Notes::ATTRIB, "ATTRIB"),
    #[cfg(target_os = "freebsd")]
    (Filter::VNODE, Notes::CLOSE, "CLOSE"),
    #[cfg(target_os = "freebsd")]
    (Filter::VNODE, Notes::CLOSE_WRITE, "CLOSE_WRITE"),
    (Filter::VNODE, Notes::DELETE, "DELETE"),
    (Filter::VNODE, Notes::EXTEND, "EXTEND"),
    #[cfg(target_vendor = "apple")]
    (Filter::VNODE, Notes::FUNLOCK, "FUNLOCK"),
    #[cfg(target_vendor = "apple")]
    (Filter::VNODE, Notes::LEASE_DOWNGRADE, "LEASE_DOWNGRADE"),
    #[cfg(target_vendor = "apple")]
    (Filter::VNODE, Notes::LEASE_RELEASE, "LEASE_RELEASE"),
    (Filter::VNODE, Notes::LINK, "LINK"),
    #[cfg(target_os = "freebsd")]
    (Filter::VNODE, Notes::OPEN, "OPEN"),
    #[cfg(target_os = "freebsd")]
    (Filter::VNODE, Notes::READ, "READ"),
    (Filter::VNODE, Notes::RENAME, "RENAME"),
    (Filter::VNODE, Notes::REVOKE, "REVOKE"),
    #[cfg(target_os = "openbsd")]
    (Filter::VNODE, Notes::TRUNCATE, "TRUNCATE"),
    (Filter::VNODE, Notes::WRITE, "WRITE"),
    #[cfg(target_os = "openbsd")]
    (Filter::DEVICE, Notes::CHANGE, "CHANGE"),
    (Filter::PROC, Notes::CHILD, "CHILD"),
    (Filter::PROC, Notes::EXEC, "EXEC"),
    (Filter::PROC, Notes::EXIT, "EXIT"),
    #[cfg(target_vendor = "apple")]
    (Filter::PROC, Notes::EXITSTATUS, "EXITSTATUS"),
    #[cfg(target_vendor = "apple")]
    (Filter::PROC, Notes::EXIT_CSERROR, "EXIT_CSERROR"),
    #[cfg(target_vendor = "apple")]
    (Filter::PROC, Notes::EXIT_DECRYPTFAIL, "EXIT_DECRYPTFAIL"),
    #[cfg(target_vendor = "apple")]
    (Filter::PROC, Notes::EXIT_DETAIL, "EXIT_DETAIL"),
    #[cfg(target_vendor = "apple")]
    (Filter::PROC, Notes::EXIT_MEMORY, "EXIT_MEMORY"),
    (Filter::PROC, Notes::FORK, "FORK"),
    #[cfg(target_vendor = "apple")]
    (Filter::PROC, Notes::SIGNAL, "SIGNAL"),
    (Filter::PROC, Notes::TRACK, "TRACK"),
    (Filter::PROC, Notes::TRACKERR, "TRACKERR"),
    #[cfg(target_os = "openbsd")]
    (Filter::READ, Notes::EOF, "EOF"),
    #[cfg(target_os = "freebsd")]
    (Filter::READ, Notes::FILE_POLL, "FILE_POLL"),
    (Filter::READ, Notes::LOWAT, "LOWAT"),
    (Filter::WRITE, Notes::LOWAT, "LOWAT"),
    (Filter::USER, Notes::FFAND, "FFAND"),
    (Filter::USER, Notes::FFCOPY, "FFCOPY"),
    (Filter::USER, Notes::FFOR, "FFOR"),
    (Filter::USER, Notes::TRIGGER, "TRIGGER"),
    #[cfg(any(target_vendor = "apple", target_os = "dragonfly", target_os = "openbsd"))]
    (Filter::EXCEPT, Notes::OOB, "OOB"),
    #[cfg(target_vendor = "apple")]
    (Filter::VM, Notes::VM_ERROR, "VM_ERROR"),
    #[cfg(target_vendor = "apple")]
    (Filter::VM, Notes::VM_PRESSURE, "VM_PRESSURE"),
    #[cfg(target_vendor = "apple")]
    (Filter::VM, Notes::VM_PRESSURE_SUDDEN_TERMINATE, "VM_PRESSURE_SUDDEN_TERMINATE"),
    #[cfg(target_vendor = "apple")]
    (Filter::VM, Notes::VM_PRESSURE_TERMINATE, "VM_PRESSURE_TERMINATE"),
];

/// Notes, with the names that they have for a filter.
pub(super) struct Named(pub(super) Notes, pub(super) Filter);

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0;
        f.write_str("Notes(")?;
        for &(filter, notes, name) in NAMES {
            if filter == self.1 && left.contains(notes) {
                write!(f, "{name} | ")?;
                left -= notes;
            }
        }
        write!(f, "{:#x})", left.bits())
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notes({:#x})", self.bits())
    }
}
