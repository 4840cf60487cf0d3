//! The kinds of back ends, by name.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A kind of back end.
///
/// # Examples
///
/// The names are those of the system calls:
///
/// ```
/// use selectors::BackendKind;
///
/// let kind: BackendKind = "poll".parse()?;
/// assert_eq!(kind, BackendKind::Poll);
/// assert!(BackendKind::available().any(|kind| kind == BackendKind::Select));
/// assert!("iocp".parse::<BackendKind>().is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendKind {
    /// `select(2)`.
    Select,
    /// `poll(2)`.
    Poll,
    /// `epoll(7)`.
    Epoll,
    /// `/dev/poll`.
    Devpoll,
    /// `kqueue(2)`.
    Kqueue,
}

impl BackendKind {
    /// Returns the back ends of this platform, the default one first.
    ///
    /// The list is fixed at compile time. Opening a back end may still fail.
    ///
    /// # Examples
    ///
    /// A line for the help of a program:
    ///
    /// ```
    /// use selectors::BackendKind;
    ///
    /// let names: Vec<_> = BackendKind::available().map(BackendKind::name).collect();
    /// println!("--backend {}", names.join("|"));
    /// assert!(names.contains(&"poll"));
    /// ```
    pub fn available() -> impl Iterator<Item = Self> + Clone {
        let all = [Self::Poll, Self::Select, Self::Epoll, Self::Kqueue, Self::Devpoll];
        let others = all.into_iter().filter(|&kind| kind.is_available() && kind != DEFAULT);
        std::iter::once(DEFAULT).chain(others)
    }

    /// Whether this platform has it.
    pub(crate) const fn is_available(self) -> bool {
        match self {
            Self::Select | Self::Poll => true,
            Self::Epoll => cfg!(epoll),
            Self::Devpoll => cfg!(devpoll),
            Self::Kqueue => cfg!(kqueue),
        }
    }

    /// Returns the name: `select`, `poll`, `epoll`, `devpoll` or `kqueue`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Poll => "poll",
            Self::Epoll => "epoll",
            Self::Devpoll => "devpoll",
            Self::Kqueue => "kqueue",
        }
    }
}

/// The kind of [`DefaultBackend`](crate::backend::DefaultBackend).
const DEFAULT: BackendKind = if cfg!(default_backend = "epoll") {
    BackendKind::Epoll
} else if cfg!(default_backend = "kqueue") {
    BackendKind::Kqueue
} else if cfg!(default_backend = "devpoll") {
    BackendKind::Devpoll
} else if cfg!(default_backend = "select") {
    BackendKind::Select
} else {
    BackendKind::Poll
};

/// The error for a name that no back end of this platform has.
pub(crate) fn unknown(name: &str) -> Error {
    let available: Vec<_> = BackendKind::available().map(BackendKind::name).collect();
    Error::UnknownBackend { name: name.to_owned(), available: available.join(", ") }
}

impl fmt::Display for BackendKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for BackendKind {
    type Err = Error;

    /// Finds the back end of this platform with this name. Ignores case.
    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Self::available().find(|kind| kind.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| unknown(name))
    }
}
