//! A back end chosen at run time.

use std::io;
use std::sync::Arc;

use select_sys::Timeout;
use select_sys::fd::BorrowedFd;

#[cfg(not(devpoll))]
use super::absent::Absent as Devpoll;
#[cfg(not(epoll))]
use super::absent::Absent as Epoll;
#[cfg(not(kqueue))]
use super::absent::Absent as Kqueue;
#[cfg(devpoll)]
use super::devpoll::Devpoll;
#[cfg(epoll)]
use super::epoll::Epoll;
use super::events::Events;
use super::interface::{Backend, Source, Wake};
use super::kind::{self, BackendKind};
#[cfg(kqueue)]
use super::kqueue::Kqueue;
use super::poll::Poll;
use super::select::Select;
use super::waiter::Waiter;
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::token::Tag;

/// The environment variable that names the back end that [`AnyBackend::new`](Backend::new) opens.
const ENV_VAR: &str = "SELECTORS_BACKEND";

/// Any back end of this platform, chosen at run time.
///
/// [`new`](Backend::new) opens the back end that the environment variable `SELECTORS_BACKEND` names. If the variable is not
/// set, or is empty, it opens the first of [`BackendKind::available`] that the system has and allows. It fails if
/// descriptors or memory run out.
///
/// # Examples
///
/// Usually it is used through [`AnySelector`](crate::AnySelector):
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

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a selector has one; a box would cost time in each wait")]
enum Any {
    Select(Select),
    Poll(Poll),
    Epoll(Epoll),
    Devpoll(Devpoll),
    Kqueue(Kqueue),
}

impl AnyBackend {
    /// Opens a back end of this kind. Ignores the environment variable `SELECTORS_BACKEND`.
    ///
    /// # Errors
    ///
    /// As [`Backend::new`]. On a platform without this back end, the error contains an
    /// [`Error::UnknownBackend`](crate::Error::UnknownBackend).
    ///
    /// # Examples
    ///
    /// The first back end with edge-triggered mode:
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
        if !kind.is_available() {
            return Err(kind::unknown(kind.name()).into());
        }
        Ok(Self(match kind {
            BackendKind::Select => Any::Select(Select::new()?),
            BackendKind::Poll => Any::Poll(Poll::new()?),
            BackendKind::Epoll => Any::Epoll(Epoll::new()?),
            BackendKind::Devpoll => Any::Devpoll(Devpoll::new()?),
            BackendKind::Kqueue => Any::Kqueue(Kqueue::new()?),
        }))
    }

    /// Returns the kind of the back end.
    #[must_use]
    pub fn kind(&self) -> BackendKind {
        match self.0 {
            Any::Select(_) => BackendKind::Select,
            Any::Poll(_) => BackendKind::Poll,
            Any::Epoll(_) => BackendKind::Epoll,
            Any::Devpoll(_) => BackendKind::Devpoll,
            Any::Kqueue(_) => BackendKind::Kqueue,
        }
    }

    /// Returns the back end's own descriptor, if it has one. It is readable when a wait would return something.
    ///
    /// # Panics
    ///
    /// Panics for a kqueue in a forked child, which does not inherit it.
    ///
    /// # Examples
    ///
    /// The poll back end has none:
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
        if let Some(name) = std::env::var_os(ENV_VAR).filter(|name| !name.is_empty()) {
            return Self::open(name.to_string_lossy().parse()?);
        }
        let mut result = Err(io::ErrorKind::Unsupported.into());
        for kind in BackendKind::available() {
            result = Self::open(kind);
            // Try the next one only if this one is missing or forbidden, not if descriptors or memory ran out.
            let is_missing = |error: &io::Error| {
                use io::ErrorKind::{NotFound, PermissionDenied, Unsupported};
                matches!(error.kind(), NotFound | PermissionDenied | Unsupported)
            };
            if !result.as_ref().is_err_and(is_missing) {
                break;
            }
        }
        result
    }

    fn name(&self) -> &'static str {
        self.kind().name()
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        match &self.0 {
            Any::Select(backend) => backend.supports(interest, mode),
            Any::Poll(backend) => backend.supports(interest, mode),
            Any::Epoll(backend) => backend.supports(interest, mode),
            Any::Devpoll(backend) => backend.supports(interest, mode),
            Any::Kqueue(backend) => backend.supports(interest, mode),
        }
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        match &mut self.0 {
            Any::Select(backend) => backend.add(source),
            Any::Poll(backend) => backend.add(source),
            Any::Epoll(backend) => backend.add(source),
            Any::Devpoll(backend) => backend.add(source),
            Any::Kqueue(backend) => backend.add(source),
        }
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        match &mut self.0 {
            Any::Select(backend) => backend.modify(from, to),
            Any::Poll(backend) => backend.modify(from, to),
            Any::Epoll(backend) => backend.modify(from, to),
            Any::Devpoll(backend) => backend.modify(from, to),
            Any::Kqueue(backend) => backend.modify(from, to),
        }
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        match &mut self.0 {
            Any::Select(backend) => backend.remove(source),
            Any::Poll(backend) => backend.remove(source),
            Any::Epoll(backend) => backend.remove(source),
            Any::Devpoll(backend) => backend.remove(source),
            Any::Kqueue(backend) => backend.remove(source),
        }
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        match &mut self.0 {
            Any::Select(backend) => backend.wait(armed, timeout, report),
            Any::Poll(backend) => backend.wait(armed, timeout, report),
            Any::Epoll(backend) => backend.wait(armed, timeout, report),
            Any::Devpoll(backend) => backend.wait(armed, timeout, report),
            Any::Kqueue(backend) => backend.wait(armed, timeout, report),
        }
    }

    fn rebuild<'fd>(&mut self, armed: impl Iterator<Item = Source<'fd>>) -> io::Result<bool> {
        match &mut self.0 {
            Any::Select(backend) => backend.rebuild(armed),
            Any::Poll(backend) => backend.rebuild(armed),
            Any::Epoll(backend) => backend.rebuild(armed),
            Any::Devpoll(backend) => backend.rebuild(armed),
            Any::Kqueue(backend) => backend.rebuild(armed),
        }
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.0 {
            Any::Select(backend) => backend.fd(),
            Any::Poll(backend) => backend.fd(),
            Any::Epoll(backend) => backend.fd(),
            Any::Devpoll(backend) => backend.fd(),
            Any::Kqueue(backend) => backend.fd(),
        }
    }

    fn native_waker(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
        match &mut self.0 {
            Any::Select(backend) => backend.native_waker(tag),
            Any::Poll(backend) => backend.native_waker(tag),
            Any::Epoll(backend) => backend.native_waker(tag),
            Any::Devpoll(backend) => backend.native_waker(tag),
            Any::Kqueue(backend) => backend.native_waker(tag),
        }
    }

    fn waiter(&self) -> Option<Waiter> {
        match &self.0 {
            Any::Select(backend) => backend.waiter(),
            Any::Poll(backend) => backend.waiter(),
            Any::Epoll(backend) => backend.waiter(),
            Any::Devpoll(backend) => backend.waiter(),
            Any::Kqueue(backend) => backend.waiter(),
        }
    }

    fn report<'fd>(
        &mut self,
        events: &mut Events,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        report: impl FnMut(Tag, Readiness) -> bool,
    ) -> io::Result<()> {
        match &mut self.0 {
            Any::Select(backend) => backend.report(events, armed, report),
            Any::Poll(backend) => backend.report(events, armed, report),
            Any::Epoll(backend) => backend.report(events, armed, report),
            Any::Devpoll(backend) => backend.report(events, armed, report),
            Any::Kqueue(backend) => backend.report(events, armed, report),
        }
    }
}
