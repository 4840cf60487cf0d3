//! Results and `WSAGetLastError`.

#![expect(unsafe_code, reason = "WSAGetLastError is a foreign function")]

use std::io;

use windows_sys::Win32::Networking::WinSock;

/// The result of a call that returns -1 (`SOCKET_ERROR`) and sets the thread's error when it fails.
pub(crate) fn cvt(result: i32) -> io::Result<usize> {
    result.try_into().map_err(|_| {
        // SAFETY: the call has no conditions; it reads a number that belongs to this thread.
        io::Error::from_raw_os_error(unsafe { WinSock::WSAGetLastError() })
    })
}

/// The error that is `ENOENT` on Unix.
pub(crate) fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}
