//! Waits without the rest of a back end.

use std::fmt;
use std::io;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use select_sys::Timeout;
#[cfg(epoll)]
use select_sys::epoll;
use select_sys::fd::BorrowedFd;

use super::events::Events;

/// Waits for the kernel's events of a [`Backend`](super::Backend), without the back end.
///
/// # Examples
///
/// See the example of [`Waiter`].
pub trait Wait: fmt::Debug + Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Waits until there are events or the timeout elapses, replaces `events` by the new ones, and returns their number.
    ///
    /// # Errors
    ///
    /// Any error of the system. No event may be lost by it. [`Interrupted`](io::ErrorKind::Interrupted) is for an
    /// [interruptible](Timeout::interruptible) timeout only.
    fn wait(&self, events: &mut Events, timeout: Timeout) -> io::Result<usize>;

    /// Returns the descriptor of [`Backend::fd`](super::Backend::fd).
    ///
    /// # Panics
    ///
    /// Panics for a kqueue in a forked child, which does not inherit it.
    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// The part of a back end that waits without the rest.
///
/// # Examples
///
/// One that counts the waits of another:
///
/// ```
/// use selectors::backend::{Backend, DefaultBackend, Events, Wait, Waiter};
/// use selectors::Timeout;
/// use std::io;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::time::Duration;
///
/// #[derive(Debug)]
/// struct Counting {
///     inner: Waiter,
///     waits: AtomicU32,
/// }
///
/// impl Wait for Counting {
///     fn wait(&self, events: &mut Events, timeout: Timeout) -> io::Result<usize> {
///         self.waits.fetch_add(1, Ordering::Relaxed);
///         self.inner.wait(events, timeout)
///     }
/// }
///
/// let backend = DefaultBackend::new()?;
/// let Some(inner) = backend.waiter() else { return Ok(()) }; // neither epoll nor kqueue
/// let counting = Arc::new(Counting { inner, waits: AtomicU32::new(0) });
/// let waiter = Waiter::new(Arc::clone(&counting) as _); // what the `waiter` of a wrapper returns
/// assert_eq!(waiter.wait(&mut Events::default(), Timeout::ZERO)?, 0);
/// assert_eq!(counting.waits.load(Ordering::Relaxed), 1);
/// # Ok::<(), io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Waiter(Kind);

/// Epoll has a variant of its own, to avoid dynamic dispatch: it takes 3 to 8 % of an idle wait (several runs on a busy
/// machine).
#[derive(Clone, Debug)]
enum Kind {
    #[cfg(epoll)]
    Epoll(Arc<epoll::Epoll>),
    Other(Arc<dyn Wait>),
}

impl Waiter {
    /// Makes a waiter that calls `wait`.
    #[must_use]
    pub fn new(wait: Arc<dyn Wait>) -> Self {
        Self(Kind::Other(wait))
    }

    #[cfg(epoll)]
    pub(super) fn of_epoll(epoll: &Arc<epoll::Epoll>) -> Self {
        Self(Kind::Epoll(Arc::clone(epoll)))
    }
}

impl Wait for Waiter {
    #[inline(always)]
    fn wait(&self, events: &mut Events, timeout: Timeout) -> io::Result<usize> {
        match &self.0 {
            #[cfg(epoll)]
            Kind::Epoll(epoll) => {
                let found = events.of_epoll();
                let count = epoll.wait(found.start(), timeout)?.len();
                Ok(found.finish(count))
            }
            Kind::Other(wait) => wait.wait(events, timeout),
        }
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.0 {
            #[cfg(epoll)]
            Kind::Epoll(epoll) => Some(select_sys::fd::AsFd::as_fd(&**epoll)),
            Kind::Other(wait) => wait.fd(),
        }
    }
}
