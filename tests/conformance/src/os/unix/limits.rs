//! The limit of descriptors of a process.

use std::fmt;
use std::os::fd::{AsFd, AsRawFd};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::NotRun;
use crate::darwin::MOST_DESCRIPTORS;

/// The soft limit of descriptors, changed until this is dropped.
#[derive(Debug)]
#[must_use = "dropping it restores the limit"]
pub struct Descriptors {
    before: Rlimit,
}

impl Descriptors {
    /// Raises the limit, and returns how many descriptors the process may have then: `most`, or as many as the system allows.
    ///
    /// # Errors
    ///
    /// The system allows fewer than `least`.
    pub fn raise(least: u64, most: u64) -> Result<(Self, usize), NotRun> {
        // Room for the descriptors that are open anyway, and for other processes where the whole system has few.
        const OTHERS: u64 = 64;
        let this = Self { before: getrlimit(Resource::Nofile) };
        let had = this.before.current.unwrap_or(u64::MAX);
        let system = MOST_DESCRIPTORS.unwrap_or(u64::MAX);
        // More than it gives is EINVAL on older systems of Apple (`dosetrlimit` in bsd/kern/kern_resource.c).
        set(had.max(most.saturating_add(OTHERS).min(system)));
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX).min(emulated()).min(system);
        let count = most.min(limit.saturating_sub(OTHERS));
        if count < least {
            return Err(NotRun::because(format_args!("needs {least} descriptors, the limit is {limit}")));
        }
        Ok((this, usize::try_from(count).unwrap()))
    }

    /// Lowers the limit to this.
    ///
    /// # Errors
    ///
    /// This system has no such limit.
    pub fn lower(to: u64) -> Result<Self, NotRun> {
        let before = getrlimit(Resource::Nofile);
        set(to);
        Ok(Self { before })
    }

    /// Returns the hard limit, if there is one.
    #[must_use]
    pub fn most(&self) -> Option<u64> {
        self.before.maximum
    }

    /// Lowers the limit so far that no new descriptor can be made.
    ///
    /// # Errors
    ///
    /// This system has no such limit.
    pub fn none_left() -> Result<Self, NotRun> {
        let before = getrlimit(Resource::Nofile);
        // A new descriptor is the lowest free number: open(2).
        let next = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
        set(u64::try_from(next.as_raw_fd()).unwrap());
        Ok(Self { before })
    }

    /// Returns a value that differs from an earlier one if a descriptor was left open in between.
    pub fn mark() -> impl PartialEq + fmt::Debug {
        // The lowest free numbers: open(2).
        let files = [(); 16].map(|()| std::io::stdin().as_fd().try_clone_to_owned().unwrap());
        files.map(|file| file.as_raw_fd())
    }
}

/// Returns the limit of the emulator that runs this program, if there is one. QEMU's user mode aborts in a `select` of a
/// descriptor above its own `FD_SETSIZE` (seen with 7.2).
fn emulated() -> u64 {
    let qemu = std::env::var(crate::child::RUNNER).is_ok_and(|runner| runner.contains("qemu"));
    if qemu { 1024 } else { u64::MAX }
}

impl Drop for Descriptors {
    fn drop(&mut self) {
        set(self.before.current.unwrap_or(u64::MAX));
    }
}

/// Disables core files of this process: there may be no room for them.
pub(crate) fn no_core_files() {
    let maximum = getrlimit(Resource::Core).maximum;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum }).unwrap();
}

/// Raises a low default of the limit: NetBSD's is 128.
pub(crate) fn enough() {
    let had = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    set(had.max(1024));
}

/// Sets the soft limit to this, or to the hard limit if that is lower.
// FreeBSD and NetBSD then lower the hard limit, too, to the limit of the system (kern_proc_setrlimit and dosetrlimit in
// sys/kern/kern_resource.c), and only root can raise it again.
fn set(count: u64) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = if count == u64::MAX { maximum } else { Some(count.min(maximum.unwrap_or(u64::MAX))) };
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
}
