//! The limit of sockets that a process may have: that of memory, on Windows.

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
    /// Raises the limit as far as it goes, and says how many descriptors there may be: `most` if that many can be had.
    ///
    /// # Errors
    ///
    /// Fewer than `least` can be had.
    pub fn raise(_least: u64, most: u64) -> Result<(Self, usize), NotRun> {
        // The server of Wine 8 goes through all sockets of a wait one by one, and takes minutes for ten thousand.
        let most = if is_wine() { most.min(2_000) } else { most };
        Ok((Self(()), usize::try_from(most).unwrap()))
    }

    /// Lowers the limit to this.
    ///
    /// # Errors
    ///
    /// There is no such limit here.
    pub fn lower(_: u64) -> Result<Self, NotRun> {
        Self::none_left()
    }

    /// What it may be raised to at most, if there is an end.
    #[must_use]
    pub fn most(&self) -> Option<u64> {
        None
    }

    /// Lowers the limit so far that no descriptor can be made.
    ///
    /// # Errors
    ///
    /// There is no such limit here.
    pub fn none_left() -> Result<Self, NotRun> {
        Err(NotRun::because("Windows has no limit of sockets that could be lowered"))
    }

    /// Another one when some socket stays open that was not when it was asked before.
    pub fn mark() -> impl PartialEq + fmt::Debug {
        let mut handles = 0;
        // SAFETY: it has no conditions.
        let this = unsafe { GetCurrentProcess() };
        // SAFETY: `this` stands for the process, and `handles` is room for the number.
        let known = unsafe { GetProcessHandleCount(this, &raw mut handles) } != 0 && handles > 0;
        // Wine 8 counts 0, and gives the lowest number that is free; Windows promises no order.
        let free =
            || [(); 16].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap()).map(|socket| socket.as_raw_fd());
        (handles, (!known).then(free))
    }
}

/// Windows writes none of its own accord.
pub(crate) fn no_core_files() {}

/// There is enough.
pub(crate) fn enough() {}
