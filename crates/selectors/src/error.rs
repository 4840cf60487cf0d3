//! Errors of a selector.

use std::fmt;
use std::io;

use select_sys::fd::RawFd;

use crate::interest::{Interest, Mode};
use crate::operation::{Limit, Operation};
use crate::os;
use crate::token::{LookupKey, Token};

/// The error of every call on a selector. A failed call changes nothing.
///
/// Errors are grouped by remedy: there is a variant for each thing that a program can do about a failure, and its message
/// says what that is. `?` converts an `Error` to [`io::Error`] and to `Box<dyn std::error::Error>`.
///
/// # Examples
///
/// A program that makes room when descriptors or watches run out:
///
/// ```
/// use selectors::{DefaultSelector, Error};
/// use std::os::unix::net::UnixStream;
///
/// # fn close_the_idle_ones() {}
/// match DefaultSelector::<UnixStream>::new() {
///     Ok(selector) => drop(selector),
///     Err(Error::Limit { .. }) => close_the_idle_ones(),
///     Err(error) => return Err(error),
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The interest is empty or has unknown bits.
    #[doc(alias = "ValueError")]
    #[error(
        "invalid interest {0:?}: use READ, WRITE, PRIORITY, READ_CLOSED, HANG_UP or a union of them (to wait for nothing, pause the key)"
    )]
    InvalidInterest(Interest),

    /// The file object lends another descriptor than the one that was registered.
    ///
    /// The object was replaced through a mutable reference (see [`parts_mut`](crate::Selector::parts_mut)), or its
    /// [`AsFd`](select_sys::fd::AsFd) returns another descriptor than before. The key stays registered, and
    /// [`unregister`](crate::Selector::unregister) returns it. To wait for the object, register it again.
    ///
    /// Other keys are not affected. A wait that notices the mistake reports the key once, as readable and writable with an
    /// [`ERROR`](crate::Readiness::ERROR), and pauses it. If another file has the old number and is registered, the key is
    /// paused as well. A paused key works again when its object lends descriptor `registered` and it is
    /// [resumed](crate::Selector::rearm).
    #[error(
        "the file object was registered as descriptor {registered} and now lends {lent}: a registered file object \
         must keep its descriptor; unregister the key, and register the object again"
    )]
    #[non_exhaustive]
    InvalidFd {
        /// The registration.
        token: Token,
        /// The number of the descriptor that was registered.
        registered: RawFd,
        /// The number of the descriptor that the file object lends now.
        lent: RawFd,
    },

    /// The descriptor is registered with this selector, perhaps through another file object.
    #[doc(alias = "KeyError")]
    #[doc(alias = "EEXIST")]
    #[error(
        "descriptor {fd} is already registered with this selector: modify that registration, or unregister it first"
    )]
    #[non_exhaustive]
    AlreadyRegistered {
        /// The descriptor's number.
        fd: RawFd,
        /// The registration that it has.
        token: Token,
    },

    /// The token or descriptor has no registration in this selector.
    ///
    /// The token may belong to another selector, or to a registration that has ended.
    #[doc(alias = "KeyError")]
    #[error("{key} is not registered with this selector (any more)")]
    #[non_exhaustive]
    NotRegistered {
        /// The token, or the number of the descriptor, that was looked up.
        key: LookupKey,
    },

    /// The kernel has lost the registration of this descriptor.
    ///
    /// Another file replaced it under its number (`dup2`), or it was closed by its number. The key stays registered. It
    /// reports nothing, or still the earlier file if a duplicate keeps that open.
    /// [`unregister`](crate::Selector::unregister) returns the key.
    ///
    /// Epoll and kqueue detect this when the key is changed. A wait on select or `/dev/poll` fails with this error if the
    /// descriptor is closed, and poll reports the key as failed.
    #[error(
        "the kernel has lost the registration of descriptor {fd}, because another file replaced it or it was closed by \
         number: unregister the key and register the file again"
    )]
    #[non_exhaustive]
    Lost {
        /// The descriptor's number.
        fd: RawFd,
        /// The registration.
        token: Token,
        /// The system's error.
        source: io::Error,
    },

    /// The back end does not support this interest or mode.
    #[error(
        "the {backend} back end cannot wait for {interest:?} {mode}: use another mode or another back end"
    )]
    #[non_exhaustive]
    Unsupported {
        /// The back end's name.
        backend: &'static str,
        /// The interest.
        interest: Interest,
        /// The mode.
        mode: Mode,
    },

    /// The back end cannot wait for this kind of file.
    ///
    /// The kernel refuses the file, and it is not always ready: `poll(2)` does not report it as ready either. On kqueue, `WRITE`
    /// on another kqueue is an example; on epoll, a sandbox that refuses a call with `EPERM`. Files that are always ready, such
    /// as regular files, directories and `/dev/null`, can be registered with every back end.
    #[doc(alias = "EPERM")]
    #[error(
        "the {backend} back end cannot wait for this kind of file, and it is not always ready: use the poll or select \
         back end"
    )]
    #[non_exhaustive]
    UnsupportedFile {
        /// The back end's name.
        backend: &'static str,
        /// The system's error.
        source: io::Error,
    },

    /// This platform has no back end of this name.
    #[error(
        "this platform has no back end called {name:?}, which the program or SELECTORS_BACKEND asked for: use one of \
         {available}"
    )]
    #[non_exhaustive]
    UnknownBackend {
        /// The name.
        name: String,
        /// The names of the available back ends, with commas between them.
        available: String,
    },

    /// Descriptors, memory or watches ran out.
    #[error("{during}: {limit}")]
    #[non_exhaustive]
    Limit {
        /// The resource that ran out.
        limit: Limit,
        /// The operation that failed.
        during: Operation,
        /// The system's error.
        source: io::Error,
    },

    /// A signal interrupted a wait whose timeout is [interruptible](select_sys::Timeout::interruptible).
    ///
    /// On Linux, stopping and continuing the process interrupts such a wait on epoll as well.
    #[doc(alias = "EINTR")]
    #[error("a signal interrupted the wait, as its timeout allows")]
    Interrupted,

    /// Any other error of the system.
    // The message has the system's words, so they are not the `source` as well: a printer of error chains prints both.
    #[error("{during}: {error}")]
    #[non_exhaustive]
    Os {
        /// The operation that failed.
        during: Operation,
        /// The system's error.
        error: io::Error,
    },
}

impl Error {
    /// Classifies the error of a back end that was to change a registration.
    pub(crate) fn from_change(token: Token, fd: RawFd, backend: &'static str, error: io::Error) -> Self {
        if os::is_lost(&error) {
            return Self::Lost { fd, token, source: error };
        }
        Self::from_backend(Operation::Modify, backend, error)
    }

    /// Classifies the error of a back end.
    pub(crate) fn from_backend(during: Operation, backend: &'static str, error: io::Error) -> Self {
        // An `Error` passes through a back end as an `io::Error`, see `From<Error> for io::Error`.
        let error = match error.downcast::<Self>() {
            Ok(error) => return error,
            Err(error) => error,
        };
        if during == Operation::Wait && os::is_interrupted(&error) {
            return Self::Interrupted;
        }
        if os::is_unsupported_file(&error, during) {
            return Self::UnsupportedFile { backend, source: error };
        }
        match os::limit(&error, during) {
            Some(limit) => Self::Limit { limit, during, source: error },
            None => Self::Os { during, error },
        }
    }

    /// Returns the kind of the [`io::Error`] that this converts to.
    ///
    /// # Examples
    ///
    /// A program that unregisters a key that may be gone already:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::io::ErrorKind;
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(a, Interest::READ, ())?;
    /// selector.unregister(token)?;
    /// match selector.unregister(token) {
    ///     Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
    ///     _ => {}
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::InvalidInterest(_) | Self::InvalidFd { .. } | Self::UnknownBackend { .. } => {
                io::ErrorKind::InvalidInput
            }
            Self::AlreadyRegistered { .. } => io::ErrorKind::AlreadyExists,
            Self::NotRegistered { .. } | Self::Lost { .. } => io::ErrorKind::NotFound,
            Self::Unsupported { .. } | Self::UnsupportedFile { .. } => io::ErrorKind::Unsupported,
            Self::Interrupted => io::ErrorKind::Interrupted,
            Self::Limit { source: error, .. } | Self::Os { error, .. } => error.kind(),
        }
    }

    /// Returns the number of the system's error (`errno`), if the error came from the system.
    ///
    /// The [`io::Error`] that this converts to has no number. Its [`downcast`](io::Error::downcast) returns this error.
    ///
    /// # Examples
    ///
    /// Epoll refuses its own descriptor with `EINVAL`:
    ///
    /// ```
    /// use selectors::{EpollSelector, Interest};
    /// use std::os::fd::AsFd;
    ///
    /// let mut selector = EpollSelector::new()?;
    /// let own = selector.as_fd().try_clone_to_owned()?;
    /// let rejected = selector.register(own, Interest::READ, ()).unwrap_err();
    /// assert_eq!(rejected.error.raw_os_error(), Some(22));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "errno")]
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        match self {
            Self::Lost { source: error, .. }
            | Self::UnsupportedFile { source: error, .. }
            | Self::Limit { source: error, .. }
            | Self::Os { error, .. } => error.raw_os_error(),
            Self::Interrupted => Some(os::INTERRUPTED.raw_os_error()),
            _ => None,
        }
    }
}

/// Wraps the error and its message. [`io::Error::downcast`] returns it.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}

/// The error of a call that visits many keys: the key at which it failed, and the reason.
///
/// `?` converts it to an [`Error`] and to an [`io::Error`], which do not name the key, and to a boxed error, which does.
///
/// # Examples
///
/// A key that cannot be changed is closed:
///
/// ```
/// use selectors::{DefaultSelector, Interest};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut selector = DefaultSelector::new()?;
/// selector.register(a, Interest::READ, ())?;
/// if let Err(failed) = selector.set_interests(|_| Some(Interest::WRITE)) {
///     println!("{failed}");
///     selector.unregister(failed.token)?;
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct FailedKey {
    /// The registration, which is unchanged.
    pub token: Token,
    /// The reason.
    pub error: Error,
}

impl fmt::Display for FailedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.token, self.error)
    }
}

impl std::error::Error for FailedKey {
    // The message contains that of `error`, so the next cause is that of `error`.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl From<FailedKey> for Error {
    fn from(failed: FailedKey) -> Self {
        failed.error
    }
}

impl From<FailedKey> for io::Error {
    fn from(failed: FailedKey) -> Self {
        failed.error.into()
    }
}
