//! Sources: anything with a descriptor.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

/// A source that is added: a reference to an object with a descriptor, or its number.
pub trait AsRawSource {
    /// Returns the number of the descriptor.
    fn raw(&self) -> RawFd;
}

impl<T: AsRawFd> AsRawSource for &T {
    fn raw(&self) -> RawFd {
        self.as_raw_fd()
    }
}

impl AsRawSource for RawFd {
    fn raw(&self) -> RawFd {
        *self
    }
}

/// A source that was added.
pub trait AsSource: AsFd {
    /// Lends the descriptor.
    fn source(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }
}

impl<T: AsFd> AsSource for T {}
