//! The notes of `kevent(2)`.

use std::fmt;

use super::flags::Filter;
use crate::sys::kqueue::system as c;

bitflags::bitflags! {
    /// `NOTE_*`: the events of a filter to watch for, and those that occurred. Unknown bits are kept.
    ///
    /// The same bits have different meanings for different filters. Each constant names its filter first.
    ///
    /// No current system has `NOTE_LINKUP`, `NOTE_LINKDOWN` and `NOTE_LINKINV`, which Python lists: they belonged to
    /// `EVFILT_NETDEV`.
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
        #[cfg(kqueue_except)]
        const OOB = c::NOTE_OOB;
        /// `NOTE_VM_ERROR`: (memory) an error.
        #[doc(alias = "NOTE_VM_ERROR")]
        #[cfg(apple)]
        const VM_ERROR = c::NOTE_VM_ERROR;
        /// `NOTE_VM_PRESSURE`: (memory) memory is short.
        #[doc(alias = "NOTE_VM_PRESSURE")]
        #[cfg(apple)]
        const VM_PRESSURE = c::NOTE_VM_PRESSURE;
        /// `NOTE_VM_PRESSURE_SUDDEN_TERMINATE`: (memory) exit at once.
        #[doc(alias = "NOTE_VM_PRESSURE_SUDDEN_TERMINATE")]
        #[cfg(apple)]
        const VM_PRESSURE_SUDDEN_TERMINATE = c::NOTE_VM_PRESSURE_SUDDEN_TERMINATE;
        /// `NOTE_VM_PRESSURE_TERMINATE`: (memory) exit.
        #[doc(alias = "NOTE_VM_PRESSURE_TERMINATE")]
        #[cfg(apple)]
        const VM_PRESSURE_TERMINATE = c::NOTE_VM_PRESSURE_TERMINATE;
        /// `NOTE_CHILD`: (process) reported only: this is a child of a tracked process.
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
        /// `NOTE_PCTRLMASK`: (process) the bits that select events.
        #[doc(alias = "NOTE_PCTRLMASK")]
        const PCTRLMASK = c::NOTE_PCTRLMASK;
        /// `NOTE_PDATAMASK`: (process) the bits that hold a number.
        #[doc(alias = "NOTE_PDATAMASK")]
        const PDATAMASK = c::NOTE_PDATAMASK;
        /// `NOTE_TRACK`: (process) watch its children too.
        #[doc(alias = "NOTE_TRACK")]
        const TRACK = c::NOTE_TRACK;
        /// `NOTE_TRACKERR`: (process) reported only: a child could not be watched.
        #[doc(alias = "NOTE_TRACKERR")]
        const TRACKERR = c::NOTE_TRACKERR;
        /// `NOTE_EXITSTATUS`: (process) put the exit status into `data`.
        #[doc(alias = "NOTE_EXITSTATUS")]
        #[cfg(apple)]
        const EXITSTATUS = c::NOTE_EXITSTATUS;
        /// `NOTE_EXIT_CSERROR`: (process) it exited because of a code signing error.
        #[doc(alias = "NOTE_EXIT_CSERROR")]
        #[cfg(apple)]
        const EXIT_CSERROR = c::NOTE_EXIT_CSERROR;
        /// `NOTE_EXIT_DECRYPTFAIL`: (process) it exited because a decryption failed.
        #[doc(alias = "NOTE_EXIT_DECRYPTFAIL")]
        #[cfg(apple)]
        const EXIT_DECRYPTFAIL = c::NOTE_EXIT_DECRYPTFAIL;
        /// `NOTE_EXIT_DETAIL`: (process) report how it exited.
        #[doc(alias = "NOTE_EXIT_DETAIL")]
        #[cfg(apple)]
        const EXIT_DETAIL = c::NOTE_EXIT_DETAIL;
        /// `NOTE_EXIT_DETAIL_MASK`: (process) the bits that report how it exited.
        #[doc(alias = "NOTE_EXIT_DETAIL_MASK")]
        #[cfg(apple)]
        const EXIT_DETAIL_MASK = c::NOTE_EXIT_DETAIL_MASK;
        /// `NOTE_EXIT_MEMORY`: (process) it exited for lack of memory.
        #[doc(alias = "NOTE_EXIT_MEMORY")]
        #[cfg(apple)]
        const EXIT_MEMORY = c::NOTE_EXIT_MEMORY;
        /// `NOTE_SIGNAL`: (process) it received a signal.
        #[doc(alias = "NOTE_SIGNAL")]
        #[cfg(apple)]
        const SIGNAL = c::NOTE_SIGNAL;
        /// `NOTE_LOWAT`: (read, write) `data` is the low-water mark.
        #[doc(alias = "NOTE_LOWAT")]
        const LOWAT = c::NOTE_LOWAT;
        /// `NOTE_EOF`: (read) report the end of a file too, as `select` does.
        #[doc(alias = "NOTE_EOF")]
        #[cfg(target_os = "openbsd")]
        const EOF = c::NOTE_EOF;
        /// `NOTE_FILE_POLL`: (read) regular files are always ready, as for `poll`.
        #[doc(alias = "NOTE_FILE_POLL")]
        #[cfg(target_os = "freebsd")]
        const FILE_POLL = c::NOTE_FILE_POLL;
        /// `NOTE_ABSOLUTE`: (timer) `data` is a point in time, not a period.
        #[doc(alias = "NOTE_ABSOLUTE")]
        #[cfg(any(apple, libkqueue))]
        const ABSOLUTE = c::NOTE_ABSOLUTE;
        /// `NOTE_ABSTIME`: (timer) `data` is a point in time, not a period.
        #[doc(alias = "NOTE_ABSTIME")]
        #[cfg(kqueue_netbsd_freebsd)]
        const ABSTIME = c::NOTE_ABSTIME;
        /// `NOTE_BACKGROUND`: (timer) may expire late.
        #[doc(alias = "NOTE_BACKGROUND")]
        #[cfg(apple)]
        const BACKGROUND = c::NOTE_BACKGROUND;
        /// `NOTE_CRITICAL`: (timer) must not expire late.
        #[doc(alias = "NOTE_CRITICAL")]
        #[cfg(apple)]
        const CRITICAL = c::NOTE_CRITICAL;
        /// `NOTE_LEEWAY`: (timer) the lateness allowed; for `kevent64`, which this crate does not wrap.
        #[doc(alias = "NOTE_LEEWAY")]
        #[cfg(apple)]
        const LEEWAY = c::NOTE_LEEWAY;
        /// `NOTE_MACHTIME`: (timer) in units of Mach time.
        #[doc(alias = "NOTE_MACHTIME")]
        #[cfg(apple)]
        const MACHTIME = c::NOTE_MACHTIME;
        /// `NOTE_MACH_CONTINUOUS_TIME`: (timer) time asleep counts.
        #[doc(alias = "NOTE_MACH_CONTINUOUS_TIME")]
        #[cfg(apple)]
        const MACH_CONTINUOUS_TIME = c::NOTE_MACH_CONTINUOUS_TIME;
        /// `NOTE_MSECONDS`: (timer) in milliseconds.
        #[doc(alias = "NOTE_MSECONDS")]
        #[cfg(kqueue_netbsd_freebsd)]
        const MSECONDS = c::NOTE_MSECONDS;
        /// `NOTE_NSECONDS`: (timer) in nanoseconds.
        #[doc(alias = "NOTE_NSECONDS")]
        #[cfg(kqueue_timer_notes)]
        const NSECONDS = c::NOTE_NSECONDS;
        /// `NOTE_SECONDS`: (timer) in seconds.
        #[doc(alias = "NOTE_SECONDS")]
        #[cfg(kqueue_timer_notes)]
        const SECONDS = c::NOTE_SECONDS;
        /// `NOTE_USECONDS`: (timer) in microseconds.
        #[doc(alias = "NOTE_USECONDS")]
        #[cfg(kqueue_timer_notes)]
        const USECONDS = c::NOTE_USECONDS;
        /// `NOTE_FFAND`: (user) replace the program's bits with their intersection with these.
        #[doc(alias = "NOTE_FFAND")]
        const FFAND = c::NOTE_FFAND;
        /// `NOTE_FFCOPY`: (user) replace the program's bits with these.
        #[doc(alias = "NOTE_FFCOPY")]
        const FFCOPY = c::NOTE_FFCOPY;
        /// `NOTE_FFCTRLMASK`: (user) the bits that select one of these operations.
        #[doc(alias = "NOTE_FFCTRLMASK")]
        const FFCTRLMASK = c::NOTE_FFCTRLMASK;
        /// `NOTE_FFLAGSMASK`: (user) the program's own bits.
        #[doc(alias = "NOTE_FFLAGSMASK")]
        const FFLAGSMASK = c::NOTE_FFLAGSMASK;
        /// `NOTE_FFNOP`: (user) keep the program's bits.
        #[doc(alias = "NOTE_FFNOP")]
        const FFNOP = c::NOTE_FFNOP;
        /// `NOTE_FFOR`: (user) replace the program's bits with their union with these.
        #[doc(alias = "NOTE_FFOR")]
        const FFOR = c::NOTE_FFOR;
        /// `NOTE_TRIGGER`: (user) trigger the event. FreeBSD and NetBSD ignore it in a change that adds the entry; OpenBSD and Apple's
        /// systems do not.
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
        #[cfg(apple)]
        const FUNLOCK = c::NOTE_FUNLOCK;
        /// `NOTE_LEASE_DOWNGRADE`: (vnode) a lease must be downgraded.
        #[doc(alias = "NOTE_LEASE_DOWNGRADE")]
        #[cfg(apple)]
        const LEASE_DOWNGRADE = c::NOTE_LEASE_DOWNGRADE;
        /// `NOTE_LEASE_RELEASE`: (vnode) a lease must be released.
        #[doc(alias = "NOTE_LEASE_RELEASE")]
        #[cfg(apple)]
        const LEASE_RELEASE = c::NOTE_LEASE_RELEASE;
        /// `NOTE_NONE`: (vnode) no event; to test for the filter.
        #[doc(alias = "NOTE_NONE")]
        #[cfg(apple)]
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

/// The names of the notes of a filter. Masks have none.
///
/// A name of another system than this one is harmless: it is not among the flags.
fn names(filter: Filter) -> &'static [&'static str] {
    match filter.name().unwrap_or_default() {
        "TIMER" => &[
            "ABSOLUTE",
            "ABSTIME",
            "BACKGROUND",
            "CRITICAL",
            "LEEWAY",
            "MACHTIME",
            "MACH_CONTINUOUS_TIME",
            "MSECONDS",
            "NSECONDS",
            "SECONDS",
            "USECONDS",
        ],
        "VNODE" => &[
            "ATTRIB",
            "CLOSE",
            "CLOSE_WRITE",
            "DELETE",
            "EXTEND",
            "FUNLOCK",
            "LEASE_DOWNGRADE",
            "LEASE_RELEASE",
            "LINK",
            "OPEN",
            "READ",
            "RENAME",
            "REVOKE",
            "TRUNCATE",
            "WRITE",
        ],
        "DEVICE" => &["CHANGE"],
        "PROC" | "PROCDESC" => &[
            "CHILD",
            "EXEC",
            "EXIT",
            "EXITSTATUS",
            "EXIT_CSERROR",
            "EXIT_DECRYPTFAIL",
            "EXIT_DETAIL",
            "EXIT_MEMORY",
            "FORK",
            "SIGNAL",
            "TRACK",
            "TRACKERR",
        ],
        "READ" => &["EOF", "FILE_POLL", "LOWAT"],
        "WRITE" => &["LOWAT"],
        "USER" => &["FFAND", "FFCOPY", "FFOR", "TRIGGER"],
        "EXCEPT" => &["OOB"],
        "VM" => &["VM_ERROR", "VM_PRESSURE", "VM_PRESSURE_SUDDEN_TERMINATE", "VM_PRESSURE_TERMINATE"],
        _ => &[],
    }
}

/// Notes, for `Debug` with the names that they have for a filter.
pub(super) struct WithNames(pub(super) Notes, pub(super) Filter);

impl fmt::Debug for WithNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0;
        f.write_str("Notes(")?;
        for note in
            <Notes as bitflags::Flags>::FLAGS.iter().filter(|note| names(self.1).contains(&note.name()))
        {
            // Some notes are 0: NOTE_MSECONDS of NetBSD, for example.
            if !note.value().is_empty() && left.contains(*note.value()) {
                write!(f, "{} | ", note.name())?;
                left -= *note.value();
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
