//! The device: an open `/dev/poll`.
//!
//! Numbers and layout as in `sys/devpoll.h` of illumos; not in libc 0.2.

#![expect(unsafe_code, reason = "an ioctl that takes a struct by address, and a write of structs as bytes")]

use std::ffi::{c_int, c_void};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::mem::{offset_of, size_of, size_of_val};
use std::time::Duration;

use crate::sys::errno::cvt;
use crate::sys::fd::{AsFd, AsRawFd, BorrowedFd};
use crate::sys::millis;

/// Waits for the descriptors in the set.
const DP_POLL: c_int = 0xD001;

#[repr(C)]
struct dvpoll {
    dp_fds: *mut libc::pollfd,
    dp_nfds: libc::nfds_t,
    dp_timeout: c_int,
    // A set of signals, which DP_POLL ignores and older systems do not have.
    dp_setp: *mut c_void,
}

const _: () = {
    let word = size_of::<*const ()>();
    assert!(offset_of!(dvpoll, dp_nfds) == word && size_of::<libc::nfds_t>() == word);
    assert!(offset_of!(dvpoll, dp_timeout) == 2 * word);
    assert!(offset_of!(dvpoll, dp_setp) == size_of::<dvpoll>() - word);
    assert!(size_of::<dvpoll>() == if word == 8 { 32 } else { 16 });
    // No padding: it is written as bytes.
    assert!(size_of::<libc::pollfd>() == size_of::<c_int>() + 2 * size_of::<libc::c_short>());
};

#[derive(Debug)]
pub(crate) struct Device {
    file: File,
}

impl Device {
    /// `open("/dev/poll", O_RDWR | O_CLOEXEC)`.
    pub(crate) fn open() -> io::Result<Self> {
        // The standard library sets O_CLOEXEC.
        OpenOptions::new().read(true).write(true).open("/dev/poll").map(|file| Self { file })
    }

    /// Writes a batch of changes, once; returns how many the device took.
    ///
    /// # Safety
    ///
    /// A descriptor whose number is added stays open for as long as its number is in the set and the set is polled.
    pub(crate) unsafe fn write(&mut self, batch: &[libc::pollfd]) -> io::Result<usize> {
        // SAFETY: these are the bytes of the batch, borrowed for as long; there is no padding between them (asserted above).
        let bytes = unsafe { std::slice::from_raw_parts(batch.as_ptr().cast::<u8>(), size_of_val(batch)) };
        (&self.file).write(bytes).map(|length| length / size_of::<libc::pollfd>())
    }

    /// `ioctl(DP_POLL)`, once; returns how many entries of `results` were filled.
    pub(crate) fn poll(
        &mut self,
        results: &mut [libc::pollfd],
        limit: Option<Duration>,
    ) -> io::Result<usize> {
        let mut request = dvpoll {
            dp_fds: results.as_mut_ptr(),
            dp_nfds: results.len() as libc::nfds_t, // the width of a usize, see above
            dp_timeout: millis::or_forever(limit),
            dp_setp: std::ptr::null_mut(),
        };
        // SAFETY: `request` is the struct that DP_POLL takes (asserted above) and outlives the call; `dp_fds` is mutably
        // borrowed, has room for `dp_nfds` entries, and any bits are valid in them.
        cvt(unsafe { libc::ioctl(self.file.as_raw_fd(), DP_POLL, &raw mut request) })
    }
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
