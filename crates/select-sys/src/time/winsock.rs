//! What Winsock has to do with time.

#![expect(unsafe_code, reason = "WSAGetLastError is a foreign function")]

use std::io;
use std::thread;
use std::time::Duration;

use windows_sys::Win32::Networking::WinSock;

/// Whether a wait may end before its time: the kernel counts in ticks of up to 16 ms, and the first is not always whole.
pub(crate) const MAY_BE_EARLY: bool = true;

/// Sleeps, for ever where there is no time: what waiting for nothing is elsewhere. Winsock refuses it (`WSAEINVAL`).
pub(crate) fn sleep(left: Option<Duration>) -> io::Result<usize> {
    match left {
        Some(left) => {
            thread::sleep(left);
            Ok(0)
        }
        None => loop {
            thread::sleep(Duration::MAX);
        },
    }
}

/// Seconds and microseconds, rounded up, of a time that [`wait`](crate::time::wait) passed.
pub(crate) fn timeval_up(time: Duration) -> WinSock::TIMEVAL {
    let micros = time.subsec_nanos().div_ceil(1000);
    let seconds = time.as_secs() + u64::from(micros / 1_000_000);
    WinSock::TIMEVAL {
        tv_sec: seconds.try_into().unwrap_or(i32::MAX),
        tv_usec: (micros % 1_000_000) as i32, // below 1e6, fits
    }
}

/// What a call found, or the error that the thread has when it gave -1 (`SOCKET_ERROR`).
pub(crate) fn count(result: i32) -> io::Result<usize> {
    result.try_into().map_err(|_| {
        // SAFETY: it has no conditions; it reads a number that belongs to this thread.
        io::Error::from_raw_os_error(unsafe { WinSock::WSAGetLastError() })
    })
}
