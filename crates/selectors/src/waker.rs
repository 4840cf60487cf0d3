//! Ending a wait from another thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{EventfdFlags, eventfd};

use crate::backend::{Backend, Source};
use crate::sys::fd::{AsFd, OwnedFd};
use crate::token::Tag;
use crate::{Interest, Mode};

/// Ends a selector's wait from any thread.
///
/// Made by [`Selector::waker`](crate::Selector::waker); clones wake the same selector. A wake that finds nobody
/// waiting ends the next wait. Wakes are coalesced: however many come before the selector looks, it is woken once,
/// and only the first of them is a system call. What a thread wrote before it called [`wake`](Self::wake) is visible
/// to the thread whose wait that ends.
///
/// It shares a descriptor with the selector, which is closed when both and all clones are gone.
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
    // Readable when, and after, somebody woke.
    eventfd: OwnedFd,
    // Whether somebody woke since the selector last looked: `eventfd` is readable then, or about to be.
    pending: AtomicBool,
}

impl Waker {
    /// Ends the wait of the selector, or its next one.
    ///
    /// It never blocks. When the selector is gone, it has no effect.
    ///
    /// # Errors
    ///
    /// What `write(2)` on an eventfd may fail with, which is nothing in practice.
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
        let result = loop {
            match rustix::io::write(&self.shared.eventfd, &1_u64.to_ne_bytes()) {
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                // The counter is full, so the eventfd is readable: eventfd(2).
                Err(rustix::io::Errno::AGAIN) => return Ok(()),
                Err(error) => break Err(error.into()),
            }
        };
        self.shared.pending.store(false, Ordering::Release);
        result
    }
}

/// The selector's end of its waker.
#[derive(Debug)]
pub(crate) struct WakerSource {
    shared: Arc<Shared>,
    mode: Mode,
}

impl WakerSource {
    /// One that `backend` can wait for.
    pub(crate) fn new(backend: &impl Backend) -> io::Result<Self> {
        let eventfd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // An edge is a write, so with edges the eventfd need not be read: one system call less for each wake.
        let edge = backend.supports(Interest::READ, Mode::Edge);
        let mode = if edge { Mode::Edge } else { Mode::Level };
        Ok(Self { shared: Arc::new(Shared { eventfd, pending: AtomicBool::new(false) }), mode })
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker { shared: Arc::clone(&self.shared) }
    }

    pub(crate) fn source(&self) -> Source<'_> {
        Source::new(self.shared.eventfd.as_fd(), Tag::WAKER, Interest::READ, self.mode)
    }

    /// Makes ready for the next wake, when the back end reported this one.
    pub(crate) fn take(&self) {
        if self.mode == Mode::Level {
            // Fails with EAGAIN if a forged report came without a wake; there is nothing to take then.
            let _ = rustix::io::read(&self.shared.eventfd, &mut [0; 8]);
        }
        // After the read: a wake that comes between finds `pending` set and leaves it at that, and this swap, which
        // reads from its swap, makes its writes visible to the caller. In the other order its write would be read here
        // with `pending` set for good.
        self.shared.pending.swap(false, Ordering::AcqRel);
    }
}
