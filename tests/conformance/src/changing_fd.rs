//! A file object that lends one descriptor now, and another later: `AsFd` promises no more.

use std::cell::Cell;

use selectors::sys::fd::{AsFd as _, AsRawFd, BorrowedFd, RawFd};

use crate::Stream;

/// Two sockets, of which it lends the one that was chosen last.
#[derive(Debug)]
pub struct ChangingFd {
    sockets: [Stream; 2],
    choice: Cell<usize>,
    // Whether each call changes the choice.
    restless: bool,
    calls: Cell<usize>,
}

impl ChangingFd {
    /// Lends `first` until told otherwise.
    #[must_use]
    pub fn new(first: Stream, second: Stream) -> Self {
        Self { sockets: [first, second], choice: Cell::new(0), restless: false, calls: Cell::new(0) }
    }

    /// Lends `first`, then `second`, then `first` and so on.
    #[must_use]
    pub fn restless(first: Stream, second: Stream) -> Self {
        Self { restless: true, ..Self::new(first, second) }
    }

    /// Lends the first (0) or the second (1) from now on.
    pub fn choose(&self, choice: usize) {
        self.choice.set(choice);
    }

    /// How often it lent something.
    pub fn calls(&self) -> usize {
        self.calls.get()
    }

    /// The number of the first (0) or the second (1).
    pub fn number(&self, choice: usize) -> RawFd {
        self.sockets[choice].as_raw_fd()
    }

    pub(crate) fn lend(&self) -> BorrowedFd<'_> {
        self.calls.set(self.calls.get() + 1);
        let choice = self.choice.get();
        if self.restless {
            self.choice.set(1 - choice);
        }
        self.sockets[choice].as_fd()
    }
}
