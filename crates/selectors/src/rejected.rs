//! The error of a registration.

use std::fmt;
use std::io;

use crate::error::Error;

/// A failed registration: the error, with the file object and the data that were not registered.
///
/// `?` converts it to an [`Error`] or an [`io::Error`], and drops the file object and the data.
///
/// It is an error itself, so `?` also converts it to `Box<dyn std::error::Error>`, and to error types that accept any error,
/// such as `anyhow::Error`. They contain the file object and the data, so these must be `'static`, and `Send` and `Sync` if
/// the type is. With others, such as a borrowed file object or a `Box<dyn AsFd>`, drop them first:
/// `.map_err(selectors::Error::from)?`.
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
    /// Edge-triggered on a back end that can, level-triggered on any other:
    ///
    /// ```
    /// use selectors::{Interest, Mode, PollSelector};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = PollSelector::new()?;
    /// if let Err(rejected) = selector.register_with(a, Interest::READ, Mode::Edge, "data") {
    ///     let (error, stream, data) = rejected.into_parts();
    ///     println!("{error}");
    ///     selector.register(stream, Interest::READ, data)?;
    /// }
    /// assert_eq!(selector.len(), 1);
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

/// Needs nothing of the file object and the data: their values are in the error, and not in its message.
impl<F, D> std::error::Error for Rejected<F, D> {
    // The message is that of `error`, so the next cause is that of `error`.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}
