//! The limit of sockets that a process may have: that of memory, on Windows.

use crate::NotRun;

/// The limit of descriptors, changed until this is dropped.
#[derive(Debug)]
#[must_use = "dropping it restores the limit"]
pub struct Descriptors(());

impl Descriptors {
    /// Raises the limit as far as it goes, and says how many descriptors there may be: `most` if that many can be had.
    ///
    /// # Errors
    ///
    /// Fewer than `least` can be had.
    pub fn raise(_least: u64, most: u64) -> Result<(Self, usize), NotRun> {
        Ok((Self(()), usize::try_from(most).unwrap()))
    }

    /// Lowers the limit so far that no descriptor can be made.
    ///
    /// # Errors
    ///
    /// There is no such limit here.
    pub fn none_left() -> Result<Self, NotRun> {
        Err(NotRun::because("Windows has no limit of sockets that could be lowered"))
    }
}
