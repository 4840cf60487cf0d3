//! The system that the crate is built for.

#[cfg(target_os = "freebsd")]
mod freebsd;
#[cfg(target_os = "netbsd")]
mod netbsd;
#[cfg(target_os = "openbsd")]
mod openbsd;

#[cfg(target_os = "freebsd")]
pub(crate) use freebsd::*;
#[cfg(target_os = "netbsd")]
pub(crate) use netbsd::*;
#[cfg(target_os = "openbsd")]
pub(crate) use openbsd::*;
