//! Standard input: no socket on Windows.

use std::net::TcpStream;

use selectors::sys::fd::AsFd;

use crate::NotRun;

/// What would lend it; there never is one.
pub type Stdin = TcpStream;

/// What lends it.
///
/// # Errors
///
/// It cannot be waited for here.
pub fn get() -> Result<Stdin, NotRun> {
    Err(NotRun::because("on Windows no descriptor can get another file while something lends it"))
}

/// Puts another open file in its place.
pub fn replace(_: impl AsFd) {
    close();
}

/// Closes it.
pub fn close() {
    unreachable!("there is none, as `get` says");
}
