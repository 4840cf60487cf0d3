//! The limit of descriptors that a process may have.

use std::fmt;
use std::os::fd::{AsFd, AsRawFd};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::NotRun;

/// The soft limit of descriptors, changed until this is dropped.
#[derive(Debug)]
#[must_use = "dropping it restores the limit"]
pub struct Descriptors {
    before: Rlimit,
}

impl Descriptors {
    /// Raises the limit as far as it goes, and says how many descriptors there may be: `most` if that many can be had.
    ///
    /// # Errors
    ///
    /// Fewer than `least` can be had.
    pub fn raise(least: u64, most: u64) -> Result<(Self, usize), NotRun> {
        // Some room for what a process has open anyway, and other processes where the system shares out few.
        const OTHERS: u64 = 64;
        let this = Self { before: getrlimit(Resource::Nofile) };
        let had = this.before.current.unwrap_or(u64::MAX);
        set(had.max(most.saturating_add(OTHERS)));
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX).min(emulated());
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
    /// There is no such limit here.
    pub fn lower(to: u64) -> Result<Self, NotRun> {
        let before = getrlimit(Resource::Nofile);
        set(to);
        Ok(Self { before })
    }

    /// What it may be raised to at most, if there is an end.
    #[must_use]
    pub fn most(&self) -> Option<u64> {
        self.before.maximum
    }

    /// Lowers the limit so far that no descriptor can be made.
    ///
    /// # Errors
    ///
    /// There is no such limit here.
    pub fn none_left() -> Result<Self, NotRun> {
        let before = getrlimit(Resource::Nofile);
        // A new descriptor is the lowest that is free: open(2).
        let next = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
        set(u64::try_from(next.as_raw_fd()).unwrap());
        Ok(Self { before })
    }

    /// Another one when some descriptor stays open that was not when it was asked before.
    pub fn mark() -> impl PartialEq + fmt::Debug {
        // The lowest numbers that are free: open(2).
        let files = [(); 16].map(|()| std::io::stdin().as_fd().try_clone_to_owned().unwrap());
        files.map(|file| file.as_raw_fd())
    }
}

/// How many descriptors the emulator bears that runs this, if one does: QEMU's user mode aborts in a `select` of a
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

/// From now on this process leaves no image of its memory behind when it crashes: there may be no room for one.
pub(crate) fn no_core_files() {
    let maximum = getrlimit(Resource::Core).maximum;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum }).unwrap();
}

/// Some room where the system gives little by itself; NetBSD gives 128.
pub(crate) fn enough() {
    let had = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    set(had.max(1024));
}

/// Makes it so many, or as many as may be.
// FreeBSD and NetBSD then lower the hard limit too, to what the system has (kern_proc_setrlimit and dosetrlimit in
// sys/kern/kern_resource.c), and only root can raise it again.
fn set(count: u64) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = if count == u64::MAX { maximum } else { Some(count.min(maximum.unwrap_or(u64::MAX))) };
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
}
