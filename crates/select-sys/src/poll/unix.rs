//! `poll` as POSIX has it.

#![expect(unsafe_code, reason = "poll takes the list by address")]

use std::io;
use std::sync::atomic::AtomicBool;

pub(crate) use libc::{
    POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDBAND, POLLRDNORM, POLLWRBAND, POLLWRNORM,
    pollfd,
};

use crate::Timeout;
use crate::fd::RawFd;
use crate::poll::PollFlags;
use crate::poll_exact::exact;
use crate::time;

/// The number of an entry that poll(2) passes over.
pub(crate) const NOBODY: RawFd = -1;

pub(crate) fn entry(fd: RawFd, events: PollFlags) -> pollfd {
    pollfd { fd, events: events.bits() as i16, revents: 0 }
}

pub(crate) fn number(entry: &pollfd) -> RawFd {
    entry.fd
}

pub(crate) fn not_registered() -> io::Error {
    io::Error::from_raw_os_error(libc::ENOENT)
}

#[inline]
pub(crate) fn poll(list: &mut [pollfd], timeout: Timeout) -> io::Result<usize> {
    if timeout.is_finite() { finite(list, timeout) } else { in_millis(list, timeout) }
}

/// `ppoll`, or `poll` where there is none.
fn finite(list: &mut [pollfd], timeout: Timeout) -> io::Result<usize> {
    /// A system without `ppoll`: a sandbox that refuses it, say. Linux has it since 2.6.16.
    static MISSING: AtomicBool = AtomicBool::new(false);

    // SAFETY: the list is an array of as many entries, mutably borrowed for the call.
    let ppoll =
        |list: &mut [pollfd]| unsafe { exact(list.as_mut_ptr(), list.len() as libc::nfds_t, timeout) };
    time::exact_or_rounded(&MISSING, list, ppoll, |list| in_millis(list, timeout))
}

/// `poll`, with the time rounded up.
#[inline]
fn in_millis(list: &mut [pollfd], timeout: Timeout) -> io::Result<usize> {
    let (address, len) = (list.as_mut_ptr(), list.len() as libc::nfds_t);
    time::wait(timeout, move |left| {
        // SAFETY: at `address` is an array of `len` entries, mutably borrowed by this function; negative is for ever.
        time::count(unsafe { libc::poll(address, len, left.map_or(-1, time::millis_up)) })
    })
}
