//! Standard input: not a socket on Windows.

use std::net::TcpStream;

use selectors::sys::fd::AsFd;

use crate::NotRun;

/// The object that lends it. There is none.
pub type Stdin = TcpStream;

/// Returns the object that lends it.
///
/// # Errors
///
/// It cannot be registered on this system.
pub fn get() -> Result<Stdin, NotRun> {
    Err(NotRun::because("on Windows a socket cannot be replaced while an object lends it"))
}

/// Replaces it by another open file.
pub fn replace(_: impl AsFd) {
    close();
}

/// Closes it.
pub fn close() {
    unreachable!("`get` returned none");
}
