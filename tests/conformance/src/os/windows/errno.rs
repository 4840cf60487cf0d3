//! Error codes of Winsock, by their meaning.

use selectors::Limit;

use crate::NotRun;

pub use rustix::io::Errno;

/// An error without a meaning of its own.
pub const UNHEARD_OF: Errno = Errno::NETDOWN;

/// The system is out of memory.
pub const NO_MEMORY: Errno = Errno::NOBUFS;

/// A change of a socket that the system does not know, or no longer knows.
pub const LOST: [Errno; 2] = [Errno::NOTSOCK, Errno::BADF];

/// The error of the polling object for a socket that is not registered.
pub const NOT_REGISTERED: Option<i32> = None;

/// A non-blocking connect is in progress: the `connect` function of winsock2.h.
pub const CONNECTING: Errno = Errno::WOULDBLOCK;

/// Limits that any call can reach.
pub const LIMITS: &[(Errno, Limit)] =
    &[(Errno::MFILE, Limit::ProcessDescriptors), (Errno::NOBUFS, Limit::Memory)];

/// Limits that only registering can reach.
pub const LIMITS_OF_REGISTERING: &[(Errno, Limit)] = &[];

/// An error without a meaning of its own, and errors that have one in some calls.
pub const SAMPLES: [Errno; 6] =
    [Errno::NETDOWN, Errno::NOBUFS, Errno::NOTSOCK, Errno::BADF, Errno::MFILE, Errno::ALREADY];

/// Returns the error for files that cannot be registered.
///
/// # Errors
///
/// This system has no such error.
pub fn unsupported_file() -> Result<Errno, NotRun> {
    Err(NotRun::because("on Windows every socket can be registered"))
}
