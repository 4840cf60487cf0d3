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
        "invalid interest {0:?}: use READ, WRITE, PRIORITY or a union of them (to wait for nothing, pause the key)"
    )]
    InvalidInterest(Interest),

    /// The file object lends another descriptor than the one that was registered.
    ///
    /// A registered file object must keep its descriptor: its [`AsFd`](select_sys::fd::AsFd) must return the same one each
    /// time. The key stays registered. It works again when the file object lends descriptor `registered` again, and
    /// [`into_keys`](crate::Selector::into_keys) returns it in any case.
    #[error(
        "the file object was registered as descriptor {registered} and now lends {lent}: a registered file object \
         must keep its descriptor"
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
    /// [`unregister`](crate::Selector::unregister) returns the key. Only epoll and kqueue detect this.
    #[error(
        "the kernel has lost the registration of descriptor {fd}, because another file replaced it or it was closed by \
         number: unregister the key and register the file again"
    )]
    #[non_exhaustive]
    Lost {
        /// The descriptor's number.
        fd: RawFd,
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
    /// Epoll refuses files that are always ready: regular files, directories, `/dev/null`. kqueue refuses devices without
    /// support for it, such as `/dev/null` on FreeBSD. Read and write such files without waiting, or use the poll or the
    /// select back end, which report them as ready.
    #[doc(alias = "EPERM")]
    #[error(
        "the {backend} back end cannot wait for this kind of file: if it is always ready, as regular files are, read or \
         write it without waiting, or use the poll or select back end"
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
    /// On Linux, stopping and continuing the process interrupts such a wait as well.
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
    /// Classifies the error of a back end that was to change the registration of descriptor `fd`.
    pub(crate) fn from_change(fd: RawFd, backend: &'static str, error: io::Error) -> Self {
        if os::is_lost(&error) {
            return Self::Lost { fd, source: error };
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
    /// Epoll refuses a directory with `EPERM`:
    ///
    /// ```
    /// use selectors::{EpollSelector, Interest};
    /// use std::fs::File;
    ///
    /// let mut selector = EpollSelector::new()?;
    /// let rejected = selector.register(File::open("/")?, Interest::READ, ()).unwrap_err();
    /// assert_eq!(rejected.error.raw_os_error(), Some(1));
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

/// A failed registration: the error, with the file object and the data that were not registered.
///
/// `?` converts it to an [`Error`], an [`io::Error`] or a boxed error, and drops the file object and the data. For any other
/// error type, such as `anyhow::Error`, write `.map_err(selectors::Error::from)?`.
///
/// # Examples
///
/// A rejected file object is not lost:
///
/// ```
/// use selectors::{DefaultSelector, Error, Interest};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut selector = DefaultSelector::new()?;
/// let rejected = selector.register(a, Interest::empty(), "data").unwrap_err();
/// assert!(matches!(rejected.error, Error::InvalidInterest(_)));
///
/// let token = selector.register(rejected.fileobj, Interest::READ, rejected.data)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[non_exhaustive]
pub struct Rejected<F, D = ()> {
    /// The reason.
    pub error: Error,
    /// The file object.
    pub fileobj: F,
    /// The data.
    pub data: D,
}

impl<F, D> Rejected<F, D> {
    pub(crate) fn new(error: Error, fileobj: F, data: D) -> Self {
        Self { error, fileobj, data }
    }

    /// Returns the error, the file object and the data.
    ///
    /// # Examples
    ///
    /// A file that epoll refuses goes to a poll selector:
    ///
    /// ```
    /// use selectors::{EpollSelector, Interest, PollSelector};
    /// use std::fs::File;
    ///
    /// let mut selector = EpollSelector::new()?;
    /// let mut others = PollSelector::new()?;
    /// if let Err(rejected) = selector.register(File::open("/proc/self/exe")?, Interest::READ, ()) {
    ///     let (error, file, data) = rejected.into_parts();
    ///     println!("{error}");
    ///     others.register(file, Interest::READ, data)?;
    /// }
    /// assert_eq!(others.keys().len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_parts(self) -> (Error, F, D) {
        (self.error, self.fileobj, self.data)
    }
}

impl<F, D> fmt::Debug for Rejected<F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<F, D> fmt::Display for Rejected<F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<F, D> From<Rejected<F, D>> for Error {
    fn from(rejected: Rejected<F, D>) -> Self {
        rejected.error
    }
}

impl<F, D> From<Rejected<F, D>> for io::Error {
    fn from(rejected: Rejected<F, D>) -> Self {
        rejected.error.into()
    }
}

impl<F, D> From<Rejected<F, D>> for Box<dyn std::error::Error> {
    fn from(rejected: Rejected<F, D>) -> Self {
        rejected.error.into()
    }
}

impl<F, D> From<Rejected<F, D>> for Box<dyn std::error::Error + Send + Sync> {
    fn from(rejected: Rejected<F, D>) -> Self {
        rejected.error.into()
    }
}
