//! Systems (or a libc crate) without `ppoll`: `poll` rounds up.

use std::io;

use crate::Timeout;

/// Says that there is no such call.
#[expect(unsafe_code, reason = "the same signature as where there is one")]
pub(crate) unsafe fn exact(_: *mut libc::pollfd, _: libc::nfds_t, _: Timeout) -> io::Result<usize> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}
