//! What a system call says that fails, by what it means.

use selectors::Limit;

use crate::NotRun;

pub use rustix::io::Errno;

/// It means nothing in particular.
pub const UNHEARD_OF: Errno = Errno::IO;

/// The kernel has no memory left.
pub const NO_MEMORY: Errno = Errno::NOMEM;

/// The kernel does not know the descriptor (any more), in a change.
pub const LOST: [Errno; 2] = [Errno::NOENT, Errno::BADF];

/// What the polling object says of a descriptor that was not registered with it.
pub const NOT_REGISTERED: Option<i32> = Some(libc::ENOENT);

/// A connection attempt has begun.
pub const CONNECTING: Errno = Errno::INPROGRESS;

/// What ran out, in any call.
pub const LIMITS: &[(Errno, Limit)] = &[
    (Errno::MFILE, Limit::ProcessDescriptors),
    (Errno::NFILE, Limit::SystemDescriptors),
    (Errno::NOMEM, Limit::Memory),
];

/// What runs out when something is registered, and in no other call.
pub const LIMITS_OF_REGISTERING: &[(Errno, Limit)] = &[(Errno::NOSPC, Limit::Watches)];

/// Something unheard-of, and what has a meaning in one call or another.
pub const SAMPLES: [Errno; 6] =
    [Errno::IO, Errno::NOMEM, Errno::NOENT, Errno::BADF, Errno::PERM, Errno::EXIST];

/// Such a file cannot be waited for, when it is registered.
///
/// # Errors
///
/// Nothing says so here.
pub fn unsupported_file() -> Result<Errno, NotRun> {
    Ok(Errno::PERM)
}
