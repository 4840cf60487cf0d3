//! What a call of Winsock says that fails, by what it means.

use selectors::Limit;

use crate::NotRun;

pub use rustix::io::Errno;

/// It means nothing in particular.
pub const UNHEARD_OF: Errno = Errno::NETDOWN;

/// The system has no memory left.
pub const NO_MEMORY: Errno = Errno::NOBUFS;

/// The system does not know the socket (any more), in a change.
pub const LOST: [Errno; 2] = [Errno::NOTSOCK, Errno::BADF];

/// What the polling object says of a socket that was not registered with it.
pub const NOT_REGISTERED: Option<i32> = None;

/// A connection attempt has begun: the `connect` function of winsock2.h.
pub const CONNECTING: Errno = Errno::WOULDBLOCK;

/// What ran out, in any call.
pub const LIMITS: &[(Errno, Limit)] =
    &[(Errno::MFILE, Limit::ProcessDescriptors), (Errno::NOBUFS, Limit::Memory)];

/// What runs out when something is registered, and in no other call.
pub const LIMITS_OF_REGISTERING: &[(Errno, Limit)] = &[];

/// Something unheard-of, and what has a meaning in one call or another.
pub const SAMPLES: [Errno; 6] =
    [Errno::NETDOWN, Errno::NOBUFS, Errno::NOTSOCK, Errno::BADF, Errno::MFILE, Errno::ALREADY];

/// Such a file cannot be waited for, when it is registered.
///
/// # Errors
///
/// Nothing says so here.
pub fn unsupported_file() -> Result<Errno, NotRun> {
    Err(NotRun::because("on Windows every socket can be waited for"))
}
