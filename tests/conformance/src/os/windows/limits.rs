//! The limit of sockets of a process. On Windows it is memory.

#![expect(unsafe_code, reason = "GetProcessHandleCount is a foreign function")]

use std::fmt;
use std::net::UdpSocket;

use selectors::sys::fd::AsRawFd;
use windows_sys::Win32::System::Threading::{GetCurrentProcess, GetProcessHandleCount};

use crate::NotRun;
use crate::os::files::is_wine;

/// The limit of descriptors, changed until this is dropped.
#[derive(Debug)]
#[must_use = "dropping it restores the limit"]
pub struct Descriptors(());

impl Descriptors {
    /// Raises the limit, and returns how many descriptors the process may have then: `most`, or as many as the system allows.
    ///
    /// # Errors
    ///
    /// The system allows fewer than `least`.
    pub fn raise(_least: u64, most: u64) -> Result<(Self, usize), NotRun> {
        // The server of Wine 8 handles the sockets of a wait one by one, and takes minutes for ten thousand.
        let most = if is_wine() { most.min(2_000) } else { most };
        Ok((Self(()), usize::try_from(most).unwrap()))
    }

    /// Lowers the limit to this.
    ///
    /// # Errors
    ///
    /// This system has no such limit.
    pub fn lower(_: u64) -> Result<Self, NotRun> {
        Self::none_left()
    }

    /// Returns the hard limit, if there is one.
    #[must_use]
    pub fn most(&self) -> Option<u64> {
        None
    }

    /// Lowers the limit so far that no new descriptor can be made.
    ///
    /// # Errors
    ///
    /// This system has no such limit.
    pub fn none_left() -> Result<Self, NotRun> {
        Err(NotRun::because("Windows has no limit of sockets to lower"))
    }

    /// Returns a value that differs from an earlier one if a socket was left open in between.
    pub fn mark() -> impl PartialEq + fmt::Debug {
        let mut handles = 0;
        // SAFETY: it has no conditions.
        let this = unsafe { GetCurrentProcess() };
        // SAFETY: `this` is a handle of the process, and `handles` is valid for writes.
        let known = unsafe { GetProcessHandleCount(this, &raw mut handles) } != 0 && handles > 0;
        // Wine 8 counts 0 handles, and its new sockets have the lowest free numbers. Windows promises no order.
        let free =
            || [(); 16].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap()).map(|socket| socket.as_raw_fd());
        (handles, (!known).then(free))
    }
}

/// Does nothing: Windows writes no core files by default.
pub(crate) fn no_core_files() {}

/// Does nothing: the default is enough.
pub(crate) fn enough() {}
