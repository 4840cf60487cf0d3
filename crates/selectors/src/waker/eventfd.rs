//! A counter in the kernel: one descriptor, one system call each way.

use std::io;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

use crate::sys::fd::{AsFd, BorrowedFd, OwnedFd};

#[derive(Debug)]
pub(crate) struct Signal(OwnedFd);

impl Signal {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// Makes the descriptor readable.
    pub(crate) fn raise(&self) -> io::Result<()> {
        loop {
            match rustix::io::write(&self.0, &1_u64.to_ne_bytes()) {
                // EAGAIN: the counter is full, so the descriptor is readable: eventfd(2).
                Ok(_) | Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Makes the descriptor unreadable. It may be so already.
    pub(crate) fn lower(&self) {
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

impl AsFd for Signal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
