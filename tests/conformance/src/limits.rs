//! The limit of descriptors that a process may have.

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
        // Some room for what a process has open anyway.
        const OTHERS: u64 = 64;
        let before = getrlimit(Resource::Nofile);
        let hard = before.maximum.unwrap_or(u64::MAX).min(emulated());
        let count = most.min(hard.saturating_sub(OTHERS));
        if count < least {
            return Err(NotRun::because(format_args!("needs {least} descriptors, the hard limit is {hard}")));
        }
        let current = Some(before.current.unwrap_or(u64::MAX).max(count + OTHERS));
        set(Rlimit { current, maximum: before.maximum });
        Ok((Self { before }, usize::try_from(count).unwrap()))
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
        let current = Some(u64::try_from(next.as_raw_fd()).unwrap());
        set(Rlimit { current, maximum: before.maximum });
        Ok(Self { before })
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
        set(self.before);
    }
}

/// From now on this process leaves no image of its memory behind when it crashes: there may be no room for one.
pub(crate) fn no_core_files() {
    let maximum = getrlimit(Resource::Core).maximum;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum }).unwrap();
}

fn set(limit: Rlimit) {
    setrlimit(Resource::Nofile, limit).unwrap();
}
