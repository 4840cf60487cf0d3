//! Wakers: handles that end a wait from another thread.

use std::io;
use std::sync::Arc;

use select_sys::fd::AsFd;

use crate::backend::{Backend, Source, Wake};
use crate::interest::{Interest, Mode};
use crate::sync::{AtomicU8, Ordering};
use crate::token::Tag;

#[cfg(epoll)] // the systems with epoll have eventfd
mod eventfd;
#[cfg(epoll)]
pub(crate) use eventfd::Notifier;

#[cfg(not(epoll))]
mod stream_pair;
#[cfg(not(epoll))]
pub(crate) use stream_pair::Notifier;

/// A handle that ends a selector's wait from any thread.
///
/// [`Selector::waker`](crate::Selector::waker) makes it. Clones wake the same selector. If nobody is waiting, a wake ends
/// the next wait. Wakes are coalesced: any number of wakes between two waits end one wait, and only the first of them is
/// a system call. Memory that a thread wrote before it called [`wake`](Self::wake) is visible to the thread whose wait it
/// ends.
///
/// # Examples
///
/// A thread sends work and wakes the selector:
///
/// ```
/// use selectors::DefaultSelector;
/// use std::os::unix::net::UnixStream;
/// use std::sync::mpsc;
///
/// let mut selector = DefaultSelector::<UnixStream>::new()?;
/// let (sender, work) = mpsc::channel();
/// let waker = selector.waker()?;
/// let thread = std::thread::spawn(move || {
///     sender.send("work").unwrap();
///     waker.wake()
/// });
///
/// let ready = selector.select(None)?;
/// assert!(ready.woken() && ready.is_empty());
/// assert_eq!(work.try_recv(), Ok("work"));
/// # thread.join().unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Portability
///
/// A waker and its selector share an `eventfd` on Linux and Android, and a pair of sockets elsewhere (on Windows a TCP
/// connection of the process to itself, over the loopback interface). It is closed when the selector and all clones of the
/// waker are dropped. A kqueue with `EVFILT_USER` needs neither.
///
/// # References
///
/// [eventfd(2)](https://man7.org/linux/man-pages/man2/eventfd.2.html)
#[doc(alias = "eventfd")]
#[doc(alias = "set_wakeup_fd")]
#[derive(Clone, Debug)]
pub struct Waker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    method: Method,
    /// The kinds of wakes since the last wait: `WAKE`, `INTERRUPTION`. If there is any, a wake was sent, or is about to be.
    pending: AtomicU8,
}

/// [`Waker::wake`].
const WAKE: u8 = 1;

/// [`Waker::interrupt`]: a thread wants to change a shared selector.
const INTERRUPTION: u8 = 2;

/// How a wake reaches the back end.
#[derive(Debug)]
enum Method {
    /// By the back end's own means.
    Native(Arc<dyn Wake>),
    /// By a descriptor that the back end waits for.
    Notifier(Notifier),
}

impl Shared {
    /// Wakes the selector, unless that was done since its last wait.
    fn wake(&self, kind: u8) -> io::Result<()> {
        if self.pending.fetch_or(kind, Ordering::AcqRel) != 0 {
            return Ok(());
        }
        let result = self.send();
        if result.is_err() {
            self.pending.store(0, Ordering::Release);
        }
        result
    }

    fn send(&self) -> io::Result<()> {
        match &self.method {
            Method::Native(wake) => wake.wake(),
            Method::Notifier(notifier) => notifier.notify(),
        }
    }
}

impl Waker {
    /// Ends the current wait of the selector, or its next one.
    ///
    /// This never blocks. It has no effect if the selector was dropped. A signal handler may call it, see
    /// [`Selector::waker`](crate::Selector::waker).
    ///
    /// # Errors
    ///
    /// The system's error: in practice only `EBADF` in a forked child, where an inherited kqueue does not work. A wake of
    /// another thread that was coalesced with this one has returned `Ok` and is lost.
    ///
    /// # Examples
    ///
    /// Two wakes before a wait end one wait:
    ///
    /// ```
    /// use selectors::DefaultSelector;
    /// use std::os::unix::net::UnixStream;
    /// use std::time::Duration;
    ///
    /// let mut selector = DefaultSelector::<UnixStream>::new()?;
    /// let waker = selector.waker()?;
    /// waker.wake()?;
    /// waker.wake()?;
    /// assert!(selector.select(None)?.woken());
    /// assert!(!selector.select(Duration::ZERO)?.woken());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn wake(&self) -> io::Result<()> {
        self.shared.wake(WAKE)
    }

    /// Ends the current wait, or the next one, and is not [reported](crate::Ready::woken).
    pub(crate) fn interrupt(&self) {
        // In a forked child it can fail. The wait is the parent's then.
        let _ = self.shared.wake(INTERRUPTION);
    }
}

/// Sends a pending wake again when it is dropped: a wait that fails may have consumed it.
pub(crate) struct ResendGuard<'a>(&'a Shared);

impl ResendGuard<'_> {
    /// The wait succeeded: nothing is sent again.
    #[inline]
    pub(crate) fn disarm(guard: Option<Self>) {
        std::mem::forget(guard);
    }
}

impl Drop for ResendGuard<'_> {
    fn drop(&mut self) {
        // If sending fails, the next `wake` reports it. On success `pending` stays set, because another thread may have seen
        // it set: the swap in `acknowledge` makes the writes of that thread visible.
        if self.0.pending.load(Ordering::Acquire) != 0 && self.0.send().is_err() {
            self.0.pending.store(0, Ordering::Release);
        }
    }
}

/// The selector's side of its waker.
#[derive(Debug)]
pub(crate) struct WakerSource {
    shared: Arc<Shared>,
    mode: Mode,
}

impl WakerSource {
    /// Makes a waker source and adds it to the back end.
    pub(crate) fn new(backend: &mut impl Backend) -> io::Result<Self> {
        let method = match backend.native_waker(Tag::WAKER)? {
            Some(wake) => Method::Native(wake),
            None => Method::Notifier(Notifier::new()?),
        };
        // A write is an edge, so an edge-triggered notifier need not be read: this saves a system call for each wake.
        let has_edges = backend.supports(Interest::READ, Mode::Edge);
        let mode = if has_edges { Mode::Edge } else { Mode::Level };
        let this = Self { shared: Arc::new(Shared { method, pending: AtomicU8::new(0) }), mode };
        if let Some(source) = this.source() {
            backend.add(&source)?;
        }
        Ok(this)
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker { shared: Arc::clone(&self.shared) }
    }

    pub(crate) fn is_of(&self, waker: &Waker) -> bool {
        Arc::ptr_eq(&self.shared, &waker.shared)
    }

    /// The descriptor that the back end waits for, if there is one.
    pub(crate) fn source(&self) -> Option<Source<'_>> {
        match &self.shared.method {
            Method::Native(_) => None,
            Method::Notifier(notifier) => {
                Some(Source::new(notifier.as_fd(), Tag::WAKER, Interest::READ, self.mode))
            }
        }
    }

    /// Guards a wait that may fail or panic after the back end has consumed a wake.
    pub(crate) fn resend_guard(&self) -> ResendGuard<'_> {
        ResendGuard(&self.shared)
    }

    /// Makes the descriptor of the notifier unreadable. This consumes a wake that is pending.
    pub(crate) fn drain(&self) {
        if let Method::Notifier(notifier) = &self.shared.method {
            notifier.drain();
        }
    }

    /// Prepares for the next wake, after the back end reported one. Returns whether a [`Waker`] was used.
    pub(crate) fn acknowledge(&self) -> bool {
        if let (Method::Notifier(notifier), Mode::Level) = (&self.shared.method, self.mode) {
            notifier.drain();
        }
        // After the read. A wake that comes between the two finds `pending` set and sends nothing; this swap synchronises
        // with its `fetch_or`, so its writes are visible to the caller. In the other order this thread would read its byte and
        // leave `pending` set for ever.
        self.shared.pending.swap(0, Ordering::AcqRel) & WAKE != 0
    }
}
