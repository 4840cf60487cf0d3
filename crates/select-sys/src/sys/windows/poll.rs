//! `WSAPoll`.

#![expect(unsafe_code, reason = "WSAPoll takes the list by address")]

use std::io;
use std::time::Duration;

use windows_sys::Win32::Networking::WinSock::{INVALID_SOCKET, WSAPoll};

use super::errno::cvt;
use super::fd::RawFd;
use super::sleep::sleep;
use crate::sys::millis;

pub(crate) use windows_sys::Win32::Networking::WinSock::{
    POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDBAND, POLLRDNORM, POLLWRBAND, POLLWRNORM,
    WSAPOLLFD as pollfd,
};

/// The number of an unused entry.
pub(crate) const UNUSED_FD: RawFd = INVALID_SOCKET as RawFd;

pub(crate) fn entry(fd: RawFd, events: i16) -> pollfd {
    pollfd { fd: fd as _, events, revents: 0 } // SOCKET and RawSocket have the same width
}

pub(crate) fn number(entry: &pollfd) -> RawFd {
    entry.fd as RawFd
}

/// Waits once.
pub(crate) fn poll(list: &mut [pollfd], limit: Option<Duration>) -> io::Result<usize> {
    let len = u32::try_from(list.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    if len == 0 {
        return sleep(limit);
    }
    // SAFETY: the list is an array of `len` entries, mutably borrowed for the call.
    cvt(unsafe { WSAPoll(list.as_mut_ptr(), len, millis::or_forever(limit)) })
}
