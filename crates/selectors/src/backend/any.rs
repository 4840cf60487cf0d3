//! A back end chosen at run time.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

use super::{Backend, Source, Tag, Wake};
use crate::sys::fd::BorrowedFd;
use crate::{Error, Interest, Mode, Readiness, Timeout};

/// The environment variable that names the back end that [`AnyBackend::new`](Backend::new) opens.
pub(crate) const VARIABLE: &str = "SELECTORS_BACKEND";

/// Which back end.
///
/// # Examples
///
/// Names are those of the system calls:
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
    /// The back ends that this platform has, the one to be preferred first.
    ///
    /// Known at compile time: that one works on the system at hand shows when it is opened.
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
        PREFERENCE.iter().copied()
    }

    /// The name: `select`, `poll`, `epoll`, `devpoll` or `kqueue`.
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

    /// The names of all, for messages.
    pub(crate) fn list() -> String {
        Self::available().map(Self::name).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for BackendKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for BackendKind {
    type Err = Error;

    /// Finds the back end of this platform with that name, in upper or lower case.
    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Self::available().find(|kind| kind.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| Error::UnknownBackend { name: name.to_owned() })
    }
}

/// Any back end of this platform, chosen at run time.
///
/// [`new`](Backend::new) takes the one that the environment variable `SELECTORS_BACKEND` names; where that is not set,
/// or empty, the first of [`BackendKind::available`] that is there when it is tried: a back end that the system does not
/// have, or does not allow, is passed over; that descriptors or memory ran out is an error.
///
/// # Examples
///
/// Usually through [`AnySelector`](crate::AnySelector):
///
/// ```
/// use selectors::{AnySelector, BackendKind};
/// use std::os::unix::net::UnixStream;
///
/// let selector = AnySelector::<UnixStream>::open(BackendKind::Select)?;
/// assert_eq!(selector.kind(), BackendKind::Select);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct AnyBackend(Any);

macro_rules! any {
    (; $($(#[$attribute:meta])* $kind:ident,)+) => {
        #[derive(Debug)]
        #[allow(clippy::large_enum_variant, reason = "there is one for a selector; a box would cost each wait more")]
        enum Any {
            $($(#[$attribute])* $kind(super::$kind),)+
        }

        /// The back ends of this platform, the one to be preferred first.
        const PREFERENCE: &[BackendKind] = &[$($(#[$attribute])* BackendKind::$kind,)+];
    };
}

back_ends!(any!);

macro_rules! arms {
    ($any:expr, $backend:ident => $expression:expr; $($(#[$attribute:meta])* $kind:ident,)+) => {
        match $any {
            $($(#[$attribute])* Any::$kind($backend) => $expression,)+
        }
    };
}

/// The same expression for whichever back end it is.
macro_rules! each {
    ($any:expr, $backend:ident => $expression:expr) => {
        back_ends!(arms! $any, $backend => $expression)
    };
}

macro_rules! open {
    ($wanted:expr; $($(#[$attribute:meta])* $kind:ident,)+) => {
        match $wanted {
            $($(#[$attribute])* BackendKind::$kind => Ok(AnyBackend(Any::$kind(super::$kind::new()?))),)+
            #[allow(unreachable_patterns, reason = "no platform has all, but Linux may come close")]
            unknown => Err(Error::UnknownBackend { name: unknown.name().to_owned() }.into()),
        }
    };
}

macro_rules! kind {
    ($any:expr; $($(#[$attribute:meta])* $kind:ident,)+) => {
        match $any {
            $($(#[$attribute])* Any::$kind(_) => BackendKind::$kind,)+
        }
    };
}

impl AnyBackend {
    /// Opens the back end of that kind, whatever the environment says.
    ///
    /// # Errors
    ///
    /// As [`Backend::new`]; on a platform without this back end, one that holds an [`Error::UnknownBackend`].
    ///
    /// # Examples
    ///
    /// A selector over the first that can tell edges:
    ///
    /// ```
    /// use selectors::backend::{AnyBackend, Backend};
    /// use selectors::{BackendKind, Interest, Mode, Selector};
    /// use std::os::unix::net::UnixStream;
    ///
    /// for kind in BackendKind::available() {
    ///     let backend = AnyBackend::open(kind)?;
    ///     if backend.supports(Interest::READ, Mode::Edge) {
    ///         let selector = Selector::<_, UnixStream>::with_backend(backend);
    ///         println!("{} it is", selector.kind());
    ///         break;
    ///     }
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn open(kind: BackendKind) -> io::Result<Self> {
        back_ends!(open! kind)
    }

    /// Which back end it is.
    #[must_use]
    pub fn kind(&self) -> BackendKind {
        back_ends!(kind! &self.0)
    }

    /// The back end's own descriptor, if it has one: readable when a wait would find something.
    ///
    /// # Panics
    ///
    /// That of a kqueue, in a forked child, where there is none.
    ///
    /// # Examples
    ///
    /// There is none for poll:
    ///
    /// ```
    /// use selectors::{AnySelector, BackendKind};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let selector = AnySelector::<UnixStream>::open(BackendKind::Poll)?;
    /// assert!(selector.backend().fd().is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "fileno")]
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        Backend::fd(self)
    }
}

impl Backend for AnyBackend {
    fn new() -> io::Result<Self> {
        if let Some(name) = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) {
            return Self::open(name.to_string_lossy().parse()?);
        }
        let mut result = Err(io::ErrorKind::Unsupported.into());
        for kind in BackendKind::available() {
            result = Self::open(kind);
            // Not there, or not allowed: the next one may be. When descriptors or memory run out, that is to be told.
            let absent =
                [io::ErrorKind::Unsupported, io::ErrorKind::PermissionDenied, io::ErrorKind::NotFound];
            if result.as_ref().map_err(io::Error::kind).map_or_else(|kind| !absent.contains(&kind), |_| true)
            {
                break;
            }
        }
        result
    }

    fn name(&self) -> &'static str {
        self.kind().name()
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        each!(&self.0, backend => backend.supports(interest, mode))
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        each!(&mut self.0, backend => backend.add(source))
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        each!(&mut self.0, backend => backend.modify(from, to))
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        each!(&mut self.0, backend => backend.remove(source))
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        each!(&mut self.0, backend => backend.wait(armed, timeout, report))
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        each!(&self.0, backend => backend.fd())
    }

    fn wake(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
        each!(&mut self.0, backend => backend.wake(tag))
    }
}
