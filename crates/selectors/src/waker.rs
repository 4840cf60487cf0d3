//! Ending a wait from another thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::backend::signal::Signal;
use crate::backend::{Backend, Source, Wake};
use crate::sys::fd::AsFd;
use crate::token::Tag;
use crate::{Interest, Mode};

/// Ends a selector's wait from any thread.
///
/// Made by [`Selector::waker`](crate::Selector::waker); clones wake the same selector. A wake that finds nobody
/// waiting ends the next wait. Wakes are coalesced: however many come before the selector looks, it is woken once,
/// and only the first of them is a system call. What a thread wrote before it called [`wake`](Self::wake) is visible
/// to the thread whose wait that ends.
///
/// # Examples
///
/// A thread hands over work, and wakes the selector:
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
/// It shares an `eventfd` with the selector on Linux and Android, and a pair of sockets elsewhere (on Windows a TCP connection
/// of the process to itself, over the loopback interface), which is closed when both and all clones are gone. A kqueue with
/// `EVFILT_USER` needs none.
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
    how: How,
    // Whether somebody woke since the selector last looked: a wake was, or is about to be, sent.
    pending: AtomicBool,
}

#[derive(Debug)]
enum How {
    /// The back end's own way.
    Native(Arc<dyn Wake>),
    /// A descriptor that the back end waits for.
    Signal(Signal),
}

impl Shared {
    fn send(&self) -> io::Result<()> {
        match &self.how {
            How::Native(wake) => wake.wake(),
            How::Signal(signal) => signal.raise(),
        }
    }
}

impl Waker {
    /// Ends the wait of the selector, or its next one.
    ///
    /// It never blocks. When the selector is gone, it has no effect.
    ///
    /// # Errors
    ///
    /// What the system says; in practice nothing but `EBADF` in a forked child, where an inherited kqueue is none. The wake of
    /// another thread that came at the same time and was coalesced with this one has failed too then.
    ///
    /// # Examples
    ///
    /// Two wakes that find nobody waiting are one:
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
        if self.shared.pending.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let result = self.shared.send();
        if result.is_err() {
            self.shared.pending.store(false, Ordering::Release);
        }
        result
    }
}

/// Sends a pending wake again when it is dropped: a wait may have taken it from the kernel and not told.
pub(crate) struct Unseen<'a>(&'a Shared);

impl Drop for Unseen<'_> {
    fn drop(&mut self) {
        // It worked the first time; if not now, the next `wake` finds out. Otherwise `pending` is left alone, as another
        // thread may have found it set meanwhile: what that did before is told by its swap, see `take`.
        if self.0.pending.load(Ordering::Acquire) && self.0.send().is_err() {
            self.0.pending.store(false, Ordering::Release);
        }
    }
}

/// The selector's end of its waker.
#[derive(Debug)]
pub(crate) struct WakerSource {
    shared: Arc<Shared>,
    mode: Mode,
}

impl WakerSource {
    /// One that `backend` waits for.
    pub(crate) fn new(backend: &mut impl Backend) -> io::Result<Self> {
        let how = match backend.wake(Tag::WAKER)? {
            Some(wake) => How::Native(wake),
            None => How::Signal(Signal::new()?),
        };
        // An edge is a write, so with edges the descriptor need not be read: one system call less for each wake.
        let edge = backend.supports(Interest::READ, Mode::Edge);
        let mode = if edge { Mode::Edge } else { Mode::Level };
        let this = Self { shared: Arc::new(Shared { how, pending: AtomicBool::new(false) }), mode };
        if let Some(source) = this.source() {
            backend.add(&source)?;
        }
        Ok(this)
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker { shared: Arc::clone(&self.shared) }
    }

    /// What the back end has to wait for, if that takes a descriptor.
    pub(crate) fn source(&self) -> Option<Source<'_>> {
        match &self.shared.how {
            How::Native(_) => None,
            How::Signal(signal) => Some(Source::new(signal.as_fd(), Tag::WAKER, Interest::READ, self.mode)),
        }
    }

    /// For a wait whose reports may not come to be seen, because it fails or panics: see [`Unseen`].
    pub(crate) fn unseen(&self) -> Unseen<'_> {
        Unseen(&self.shared)
    }

    /// Makes ready for the next wake, when the back end reported this one.
    pub(crate) fn take(&self) {
        if let (How::Signal(signal), Mode::Level) = (&self.shared.how, self.mode) {
            signal.lower();
        }
        // After the read: a wake that comes between finds `pending` set and leaves it at that, and this swap, which
        // reads from its swap, makes its writes visible to the caller. In the other order its write would be read here
        // with `pending` set for good.
        self.shared.pending.swap(false, Ordering::AcqRel);
    }
}
