//! `WSAPoll`.

#![expect(unsafe_code, reason = "WSAPoll takes the list by address")]

use std::io;

pub(crate) use windows_sys::Win32::Networking::WinSock::{
    POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDBAND, POLLRDNORM, POLLWRBAND, POLLWRNORM,
    WSAPOLLFD as pollfd,
};

use windows_sys::Win32::Networking::WinSock::{INVALID_SOCKET, WSAPoll};

use crate::Timeout;
use crate::fd::RawFd;
use crate::poll::PollFlags;
use crate::time;

/// The number of an entry that is nobody's.
pub(crate) const NOBODY: RawFd = INVALID_SOCKET as RawFd;

pub(crate) fn entry(fd: RawFd, events: PollFlags) -> pollfd {
    pollfd { fd: fd as _, events: events.bits() as i16, revents: 0 } // SOCKET and RawSocket are of one width
}

pub(crate) fn number(entry: &pollfd) -> RawFd {
    entry.fd as RawFd
}

pub(crate) fn not_registered() -> io::Error {
    io::ErrorKind::NotFound.into()
}

pub(crate) fn poll(list: &mut [pollfd], timeout: Timeout) -> io::Result<usize> {
    let len = u32::try_from(list.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    time::wait(timeout, |left| match len {
        0 => time::sleep(left),
        // SAFETY: the list is an array of `len` entries, mutably borrowed by this function; negative is for ever.
        _ => time::count(unsafe { WSAPoll(list.as_mut_ptr(), len, left.map_or(-1, time::millis_up)) }),
    })
}
