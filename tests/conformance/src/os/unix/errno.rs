//! Error codes of Unix, by their meaning.

use selectors::Limit;

use crate::NotRun;

pub use rustix::io::Errno;

/// An error without a meaning of its own.
pub const UNHEARD_OF: Errno = Errno::IO;

/// The kernel is out of memory.
pub const NO_MEMORY: Errno = Errno::NOMEM;

/// A change of a descriptor that the kernel does not know, or no longer knows.
pub const LOST: [Errno; 2] = [Errno::NOENT, Errno::BADF];

/// The error of the polling object for a descriptor that is not registered.
pub const NOT_REGISTERED: Option<i32> = Some(libc::ENOENT);

/// A non-blocking connect is in progress.
pub const CONNECTING: Errno = Errno::INPROGRESS;

/// Limits that any call can reach.
pub const LIMITS: &[(Errno, Limit)] = &[
    (Errno::MFILE, Limit::ProcessDescriptors),
    (Errno::NFILE, Limit::SystemDescriptors),
    (Errno::NOMEM, Limit::Memory),
];

/// Limits that only registering can reach.
pub const LIMITS_OF_REGISTERING: &[(Errno, Limit)] = &[(Errno::NOSPC, Limit::Watches)];

/// An error without a meaning of its own, and errors that have one in some calls.
pub const SAMPLES: [Errno; 6] =
    [Errno::IO, Errno::NOMEM, Errno::NOENT, Errno::BADF, Errno::PERM, Errno::EXIST];

/// Returns the error for files that cannot be registered.
///
/// # Errors
///
/// This system has no such error.
pub fn unsupported_file() -> Result<Errno, NotRun> {
    Ok(Errno::PERM)
}
