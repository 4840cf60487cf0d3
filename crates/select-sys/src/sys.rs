//! The system calls, one call each: nothing here retries.
//!
//! The conditions are groups of systems, which `build.rs` defines, or single systems.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

pub(crate) mod millis;

#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;

#[cfg(not(any(unix, windows)))]
compile_error!("select-sys supports Unix systems and Windows");
