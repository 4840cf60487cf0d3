//! The table of platforms: the parts of the fixtures that differ between Unix and Windows, with the same names in both.
//!
//! Apart from single items, nothing else in the fixtures names a platform.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::{errno, signals, stdin};
#[cfg(unix)]
pub(crate) use unix::{files, fork, group, limits};
#[cfg(windows)]
pub use windows::{errno, signals, stdin};
#[cfg(windows)]
pub(crate) use windows::{files, fork, group, limits};
