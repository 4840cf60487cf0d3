//! A file object that changes its descriptor, which `AsFd` does not forbid.

use std::cell::Cell;

use selectors::sys::fd::{AsFd as _, AsRawFd, BorrowedFd, RawFd};

use crate::Stream;

/// Lends one of two sockets: the one that was chosen last.
#[derive(Debug)]
pub struct ChangingFd {
    sockets: [Stream; 2],
    choice: Cell<usize>,
    // Whether each borrow changes the choice.
    alternates: bool,
    calls: Cell<usize>,
}

impl ChangingFd {
    /// Lends `first` until [`choose`](Self::choose) says otherwise.
    #[must_use]
    pub fn new(first: Stream, second: Stream) -> Self {
        Self { sockets: [first, second], choice: Cell::new(0), alternates: false, calls: Cell::new(0) }
    }

    /// Lends `first` and `second` alternately.
    #[must_use]
    pub fn alternating(first: Stream, second: Stream) -> Self {
        Self { alternates: true, ..Self::new(first, second) }
    }

    /// Lends the first (0) or the second (1) socket from now on.
    pub fn choose(&self, choice: usize) {
        self.choice.set(choice);
    }

    /// Returns how often it was borrowed.
    pub fn calls(&self) -> usize {
        self.calls.get()
    }

    /// Returns the descriptor of the first (0) or the second (1) socket.
    pub fn fd(&self, choice: usize) -> RawFd {
        self.sockets[choice].as_raw_fd()
    }

    pub(crate) fn lend(&self) -> BorrowedFd<'_> {
        self.calls.set(self.calls.get() + 1);
        let choice = self.choice.get();
        if self.alternates {
            self.choice.set(1 - choice);
        }
        self.sockets[choice].as_fd()
    }
}
