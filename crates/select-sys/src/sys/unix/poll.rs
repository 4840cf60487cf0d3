//! `poll` of POSIX, and its variants that take nanoseconds.

#![expect(unsafe_code, reason = "the calls take the list by address")]

use std::io;
#[cfg(ppoll)]
use std::sync::atomic::AtomicBool;
use std::time::Duration;

#[cfg(target_os = "netbsd")]
use libc::pollts as ppoll; // its C library has the name `ppoll` since NetBSD 10 only
#[cfg(all(ppoll, not(target_os = "netbsd")))]
use libc::ppoll;

use super::errno::cvt_wait;
use super::fd::RawFd;
#[cfg(ppoll)]
use super::{fallback::with_fallback, timespec::timespec};
use crate::sys::millis;

pub(crate) use libc::{
    POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDBAND, POLLRDNORM, POLLWRBAND, POLLWRNORM,
    pollfd,
};

/// `POLLREMOVE`: a change of a `/dev/poll` set with exactly these events removes the descriptor.
// Not in libc 0.2; sys/poll.h of illumos.
#[cfg(devpoll)]
pub(crate) const POLLREMOVE: i16 = 0x800;

/// The number of an unused entry: poll(2) ignores entries with a negative number.
pub(crate) const UNUSED_FD: RawFd = -1;

pub(crate) fn entry(fd: RawFd, events: i16) -> pollfd {
    pollfd { fd, events, revents: 0 }
}

#[inline]
pub(crate) fn number(entry: &pollfd) -> RawFd {
    entry.fd
}

/// Waits once, with nanoseconds where the system has such a call.
///
/// Without a limit, or with a limit of zero, `poll` does the same as `ppoll` and costs less.
#[inline]
pub(crate) fn poll(list: &mut [pollfd], limit: Option<Duration>) -> io::Result<usize> {
    match limit {
        Some(limit) if !limit.is_zero() => poll_exact(list, limit),
        _ => poll_millis(list, limit),
    }
}

#[cfg(ppoll)]
fn poll_exact(list: &mut [pollfd], limit: Duration) -> io::Result<usize> {
    /// A sandbox that refuses the call, for example. Linux has it since 2.6.16.
    static MISSING: AtomicBool = AtomicBool::new(false);

    let exact = |list: &mut [pollfd]| {
        let limit = timespec(limit);
        // SAFETY: the list is an array of `len` entries, mutably borrowed for the call. `limit` outlives the call. There is
        // no signal mask.
        cvt_wait(unsafe {
            ppoll(list.as_mut_ptr(), list.len() as libc::nfds_t, &raw const limit, std::ptr::null())
        })
    };
    with_fallback(&MISSING, list, exact, |list| poll_millis(list, Some(limit)))
}

#[cfg(not(ppoll))]
fn poll_exact(list: &mut [pollfd], limit: Duration) -> io::Result<usize> {
    poll_millis(list, Some(limit))
}

/// `poll`, with the time rounded up.
#[inline]
fn poll_millis(list: &mut [pollfd], limit: Option<Duration>) -> io::Result<usize> {
    let (address, len) = (list.as_mut_ptr(), list.len() as libc::nfds_t);
    // SAFETY: the list is an array of `len` entries, mutably borrowed for the call.
    cvt_wait(unsafe { libc::poll(address, len, millis::or_forever(limit)) })
}
