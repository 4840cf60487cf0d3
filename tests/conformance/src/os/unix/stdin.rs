//! Standard input: the descriptor that a safe program can close, or replace by another file, while an object lends it.
//!
//! For children only ([`in_child`](crate::in_child)), where nobody reads it.

#![expect(unsafe_code, reason = "closes standard input, which std's Stdin allows")]

use selectors::sys::fd::AsFd;

use crate::NotRun;

pub use std::io::Stdin;

/// Returns the object that lends it.
///
/// # Errors
///
/// It cannot be registered on this system.
pub fn get() -> Result<Stdin, NotRun> {
    Ok(std::io::stdin())
}

/// Replaces it by another open file, as `dup2` does. This closes the old file unless it has a duplicate.
pub fn replace(file: impl AsFd) {
    rustix::stdio::dup2_stdin(file).unwrap();
}

/// Closes it.
pub fn close() {
    // SAFETY: the number is open and owned by nobody: std's `Stdin` neither owns it nor relies on it ("all operations on
    // a closed one behave as if it was /dev/null"), and in this child nothing else uses it.
    drop(unsafe { rustix::stdio::take_stdin() });
}
