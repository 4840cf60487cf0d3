//! Limits and operations: the parts of an error that system errors are classified by.

use std::fmt;

/// A resource that ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// Descriptors of this process (`EMFILE`, `WSAEMFILE`).
    #[doc(alias = "EMFILE")]
    ProcessDescriptors,
    /// Descriptors of the whole system (`ENFILE`).
    #[doc(alias = "ENFILE")]
    SystemDescriptors,
    /// Watches of this user (`ENOSPC` from epoll).
    #[doc(alias = "ENOSPC")]
    Watches,
    /// Memory in the kernel (`ENOMEM`, `WSAENOBUFS`).
    #[doc(alias = "ENOMEM")]
    Memory,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProcessDescriptors => {
                "the process has no descriptors left: close some, or raise its limit (ulimit -n, RLIMIT_NOFILE)"
            }
            Self::SystemDescriptors => {
                "the system has no descriptors left: close some, or raise its limit (on Linux fs.file-max)"
            }
            Self::Watches => {
                "the user has no watches left: unregister some, or raise the limit (on Linux \
                 fs.epoll.max_user_watches)"
            }
            Self::Memory => "the kernel has no memory left: unregister something and try again",
        })
    }
}

/// The operation that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Opening the back end.
    Open,
    /// Registering a file object, or resuming a paused one.
    Register,
    /// Changing a registration.
    Modify,
    /// Unregistering or pausing a file object.
    Unregister,
    /// Waiting.
    Wait,
    /// Making the waker.
    Waker,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "cannot open the back end",
            Self::Register => "cannot register the descriptor",
            Self::Modify => "cannot change the registration",
            Self::Unregister => "cannot unregister the descriptor",
            Self::Wait => "cannot wait",
            Self::Waker => "cannot make the waker",
        })
    }
}
