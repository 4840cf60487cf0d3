//! The one descriptor whose number can get another file while something that lends it exists: standard input.
//!
//! For children only ([`in_child`](crate::in_child)), where nobody reads it.

#![expect(unsafe_code, reason = "standard input is closed under std's Stdin, which says that it bears that")]

use selectors::sys::fd::AsFd;

use crate::NotRun;

pub use std::io::Stdin;

/// What lends it.
///
/// # Errors
///
/// It cannot be waited for here.
pub fn get() -> Result<Stdin, NotRun> {
    Ok(std::io::stdin())
}

/// Puts another open file in its place, as `dup2` does: what was there is closed, unless it has a duplicate.
pub fn replace(file: impl AsFd) {
    rustix::stdio::dup2_stdin(file).unwrap();
}

/// Closes it.
pub fn close() {
    // SAFETY: the number is open and owned by nobody: std's `Stdin` neither owns it nor relies on it ("all operations on
    // a closed one behave as if it was /dev/null"), and in this child nothing else uses it.
    drop(unsafe { rustix::stdio::take_stdin() });
}
