//! What can go wrong.

use std::fmt;
use std::io;

use crate::backend::system;
use crate::sys::fd::RawFd;
use crate::{Interest, Mode, Token};

/// Why a call on a selector failed. A failed call has changed nothing.
///
/// One type for all calls, because programs handle them alike: most pass the error on, which `?` does into
/// [`io::Error`] and `Box<dyn std::error::Error>` as well. Variants are told apart by what there is to do about them,
/// and the message of each says it.
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
    /// The interest is empty, or has bits without a name.
    #[doc(alias = "ValueError")]
    #[error(
        "invalid interest {0:?}: ask for READ, WRITE, PRIORITY or a union of them (to ask for nothing, pause the key)"
    )]
    InvalidInterest(Interest),

    /// The file object lends another descriptor than when it was registered.
    ///
    /// Its [`AsFd`](crate::sys::fd::AsFd) must give the same answer for as long as it is registered. The key stays; it
    /// works again when the file object lends descriptor number `registered` again, and
    /// [`into_keys`](crate::Selector::into_keys) gives it back in any case.
    #[error(
        "the file object was registered as descriptor {registered} and now lends {lent}: a registered file object \
         must keep its descriptor"
    )]
    #[non_exhaustive]
    InvalidFd {
        /// The registration.
        token: Token,
        /// The number when it was registered.
        registered: RawFd,
        /// The number now.
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

    /// The token or file object names no registration of this selector.
    ///
    /// The token may be of another selector, or of a registration that is over.
    #[doc(alias = "KeyError")]
    #[error("not registered with this selector (any more)")]
    NotRegistered,

    /// The kernel has no registration of this descriptor any more.
    ///
    /// Another file was put under its number (`dup2`), or it was closed by its number. The key stays; it reports nothing,
    /// or still the earlier file where a duplicate keeps that open. [`unregister`](crate::Selector::unregister) gives
    /// the key back. Only epoll and kqueue can tell.
    #[error(
        "the kernel has lost the registration of descriptor {fd}, because another file was put under its number or it was \
         closed by number: unregister the key, and register the file again"
    )]
    #[non_exhaustive]
    Lost {
        /// The descriptor's number.
        fd: RawFd,
        /// What the system said.
        source: io::Error,
    },

    /// The back end cannot wait in this way.
    #[error(
        "the {backend} back end cannot wait for {interest:?} {mode}: use another mode or another back end"
    )]
    #[non_exhaustive]
    Unsupported {
        /// The back end's name.
        backend: &'static str,
        /// What was to be waited for.
        interest: Interest,
        /// How it was to be reported.
        mode: Mode,
    },

    /// The back end cannot wait for this kind of file.
    ///
    /// Epoll refuses what is always ready: regular files, directories, `/dev/null`; kqueue refuses devices that do not tell
    /// it anything, `/dev/null` of FreeBSD is one. Read and write what is always ready without waiting, or use the poll or the
    /// select back end, which report it ready.
    #[doc(alias = "EPERM")]
    #[error(
        "the {backend} back end cannot wait for this kind of file: if it is always ready, as regular files are, read or \
         write it without waiting, or use the poll or select back end"
    )]
    #[non_exhaustive]
    UnsupportedFile {
        /// The back end's name.
        backend: &'static str,
        /// What the system said.
        source: io::Error,
    },

    /// No back end of this platform has this name.
    #[error(
        "no back end of this platform is called {name:?}, which the program or SELECTORS_BACKEND asked for: use one of {}",
        crate::BackendKind::list()
    )]
    #[non_exhaustive]
    UnknownBackend {
        /// The name that was asked for.
        name: String,
    },

    /// Out of descriptors, memory or watches.
    #[error("{during}: {limit}")]
    #[non_exhaustive]
    Limit {
        /// What ran out.
        limit: Limit,
        /// What was being done.
        during: Operation,
        /// What the system said.
        source: io::Error,
    },

    /// A signal handler ran (or, on Linux, the process was stopped and goes on) in a wait that asked to be told.
    ///
    /// See [`Timeout::interruptible`](crate::Timeout::interruptible).
    #[doc(alias = "EINTR")]
    #[error("a signal interrupted the wait, as its timeout asked for")]
    Interrupted,

    /// Anything else that the system said.
    #[error("{during}: {source}")]
    #[non_exhaustive]
    Os {
        /// What was being done.
        during: Operation,
        /// What the system said.
        source: io::Error,
    },
}

/// What ran out.
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
            Self::Memory => "the kernel has no memory left for it: unregister something, and try again",
        })
    }
}

/// What was being done when the system refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Making the back end.
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

impl Error {
    /// What a back end said when it was to change the registration of descriptor `fd`.
    pub(crate) fn of_change(fd: RawFd, backend: &'static str, source: io::Error) -> Self {
        if system::is_lost(&source) {
            return Self::Lost { fd, source };
        }
        Self::new(Operation::Modify, backend, source)
    }

    /// What a back end said, put in its place.
    pub(crate) fn new(during: Operation, backend: &'static str, source: io::Error) -> Self {
        // Our own errors come through back ends wrapped, see `From<Error> for io::Error`.
        let source = match source.downcast::<Self>() {
            Ok(error) => return error,
            Err(source) => source,
        };
        if during == Operation::Wait && system::is_interrupted(&source) {
            return Self::Interrupted;
        }
        if system::is_unsupported_file(&source, during) {
            return Self::UnsupportedFile { backend, source };
        }
        match system::limit(&source, during) {
            Some(limit) => Self::Limit { limit, during, source },
            None => Self::Os { during, source },
        }
    }

    /// The kind that an [`io::Error`] made of this has.
    ///
    /// # Examples
    ///
    /// A program that unregisters what may be gone already:
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
            Self::NotRegistered | Self::Lost { .. } => io::ErrorKind::NotFound,
            Self::Unsupported { .. } | Self::UnsupportedFile { .. } => io::ErrorKind::Unsupported,
            Self::Interrupted => io::ErrorKind::Interrupted,
            Self::Limit { source, .. } | Self::Os { source, .. } => source.kind(),
        }
    }

    /// The number of the system's error (`errno`), where the system said something.
    ///
    /// An [`io::Error`] made of this has no number; its [`downcast`](io::Error::downcast) gives this back.
    ///
    /// # Examples
    ///
    /// What epoll says of a directory is `EPERM`:
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
            Self::Lost { source, .. }
            | Self::UnsupportedFile { source, .. }
            | Self::Limit { source, .. }
            | Self::Os { source, .. } => source.raw_os_error(),
            Self::Interrupted => Some(system::INTERRUPTED.raw_os_error()),
            _ => None,
        }
    }
}

/// Wraps the error, with its message; [`io::Error::downcast`] gives it back.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}

/// A registration that failed: why, and the file object and the data, given back.
///
/// `?` makes an [`Error`], an [`io::Error`] or a boxed error of it, and drops file object and data. It does not
/// implement [`std::error::Error`] itself, because a file object may borrow, and errors must not.
/// Where something else is to be made of it (`anyhow::Error`, say): `.map_err(selectors::Error::from)?`.
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
    /// Why it failed.
    pub error: Error,
    /// The file object that was to be registered.
    pub fileobj: F,
    /// The data that was to be registered with it.
    pub data: D,
}

impl<F, D> Rejected<F, D> {
    pub(crate) fn new(error: Error, fileobj: F, data: D) -> Self {
        Self { error, fileobj, data }
    }

    /// The error, the file object and the data.
    ///
    /// # Examples
    ///
    /// Where epoll cannot wait for a file, poll may:
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
