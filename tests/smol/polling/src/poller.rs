//! The poller: a shared selector with the API of polling.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::{Mutex, TryLockError};
use std::time::{Duration, Instant};

use selectors::backend::Backend as _;
use selectors::{AnySelector, AnySharedSelector, Interest, Mode, Timeout, Waker};

use crate::event::{Event, PollMode};
use crate::events::Events;
use crate::source::{AsRawSource, AsSource};

/// The key that polling reserves.
const NOTIFY_KEY: usize = usize::MAX;

/// `EBADF`, on every Unix.
const BAD_FD: i32 = 9;

/// The data of a source is its key.
type Selector = AnySelector<BorrowedFd<'static>, usize>;

/// Waits for I/O events.
pub struct Poller {
    selector: AnySharedSelector<BorrowedFd<'static>, usize>,
    waker: Waker,
    has_level: bool,
    has_edge: bool,
    has_hang_up: bool,
    /// Locked by the thread that waits.
    waiting: Mutex<()>,
}

impl Poller {
    /// Makes a poller.
    ///
    /// # Errors
    ///
    /// The back end does not exist, or descriptors or memory ran out.
    pub fn new() -> io::Result<Self> {
        let selector = Selector::new()?;
        let supports = |mode| selector.backend().supports(Interest::READ | Interest::WRITE, mode);
        let (has_level, has_edge) = (supports(Mode::Level), supports(Mode::Edge));
        let has_hang_up = selector.backend().supports(Interest::HANG_UP, Mode::Oneshot);
        let selector = AnySharedSelector::new(selector)?;
        let (waker, waiting) = (selector.waker(), Mutex::new(()));
        Ok(Self { selector, waker, has_level, has_edge, has_hang_up, waiting })
    }

    /// Returns whether the level-triggered mode exists here.
    pub fn supports_level(&self) -> bool {
        self.has_level
    }

    /// Returns whether the edge-triggered modes exist here.
    pub fn supports_edge(&self) -> bool {
        self.has_edge
    }

    /// Adds a source, which is reported once.
    ///
    /// # Errors
    ///
    /// * `InvalidInput`: the key is `usize::MAX`.
    /// * `AlreadyExists`: the descriptor was added before.
    /// * Any error of the system.
    ///
    /// # Safety
    ///
    /// The source must be [deleted](Self::delete) before its descriptor is closed.
    #[allow(unsafe_code, reason = "polling's signature")]
    pub unsafe fn add(&self, source: impl AsRawSource, interest: Event) -> io::Result<()> {
        // SAFETY: the caller's promise is the same.
        unsafe { self.add_with_mode(source, interest, PollMode::Oneshot) }
    }

    /// Adds a source with a mode.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add), and `Unsupported` for a mode that does not exist here.
    ///
    /// # Safety
    ///
    /// The source must be [deleted](Self::delete) before its descriptor is closed.
    #[allow(unsafe_code, reason = "polling's signature, and a number that becomes a descriptor")]
    pub unsafe fn add_with_mode(
        &self,
        source: impl AsRawSource,
        interest: Event,
        mode: PollMode,
    ) -> io::Result<()> {
        let key = interest.key;
        let interest = self.request(interest, mode)?;
        let fd = source.raw();
        if fd < 0 {
            return Err(io::Error::from_raw_os_error(BAD_FD));
        }
        // SAFETY: the number is not -1, and the caller promises that it stays open until `delete` drops this.
        let source = unsafe { BorrowedFd::borrow_raw(fd) };
        self.selector.with(|selector| {
            if interest.is_empty() {
                selector.register_paused(source, Interest::READ, key)?;
            } else {
                selector.register_with(source, interest, mode.mode(), key)?;
            }
            Ok(())
        })
    }

    /// Changes the interest in a source, which is reported once more.
    ///
    /// # Errors
    ///
    /// * `InvalidInput`: the key is `usize::MAX`.
    /// * `NotFound`: the source was not added.
    /// * Any error of the system.
    pub fn modify(&self, source: impl AsSource, interest: Event) -> io::Result<()> {
        self.modify_with_mode(source, interest, PollMode::Oneshot)
    }

    /// Changes the interest in a source, and its mode.
    ///
    /// # Errors
    ///
    /// As [`modify`](Self::modify), and `Unsupported` for a mode that does not exist here.
    pub fn modify_with_mode(&self, source: impl AsSource, interest: Event, mode: PollMode) -> io::Result<()> {
        let key = interest.key;
        let interest = self.request(interest, mode)?;
        let source = source.source();
        self.selector.with(|selector| {
            if interest.is_empty() {
                selector.pause(source)?;
            } else {
                selector.modify_with(source, interest, mode.mode())?;
            }
            if let Some(known) = selector.data_mut(source) {
                *known = key;
            }
            Ok(())
        })
    }

    /// Removes a source.
    ///
    /// # Errors
    ///
    /// * `NotFound`: the source was not added.
    /// * Any error of the system.
    pub fn delete(&self, source: impl AsSource) -> io::Result<()> {
        self.selector.with(|selector| selector.unregister(source.source()))?;
        Ok(())
    }

    /// Waits for events, appends them to the list, and returns the number of events in it.
    ///
    /// It may return without a new event, and does so for a [notification](Self::notify). If another thread is waiting, it
    /// returns 0 at once.
    ///
    /// # Errors
    ///
    /// Any error of the system.
    pub fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<usize> {
        self.wait_for(events, timeout.into())
    }

    /// Waits as [`wait`](Self::wait) does, until a deadline.
    ///
    /// # Errors
    ///
    /// Any error of the system.
    pub fn wait_deadline(&self, events: &mut Events, deadline: Instant) -> io::Result<usize> {
        self.wait_for(events, Timeout::until(deadline))
    }

    fn wait_for(&self, events: &mut Events, timeout: Timeout) -> io::Result<usize> {
        let _waiting = match self.waiting.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(0),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Ok(guard) => guard,
        };
        let Events { list, ready, .. } = events;
        if self.selector.select_into(ready, timeout)? > 0 {
            self.selector.with(|selector| {
                for (token, readiness) in &*ready {
                    // A source that another thread has deleted has no data.
                    list.extend(selector.data(token).map(|&key| Event::report(key, readiness)));
                }
            });
        }
        Ok(list.len())
    }

    /// Ends the current wait, or the next one.
    ///
    /// # Errors
    ///
    /// Any error of the system.
    pub fn notify(&self) -> io::Result<()> {
        self.waker.wake()
    }

    /// Checks a key and a mode, and returns the selector's interest, which may be empty.
    fn request(&self, event: Event, mode: PollMode) -> io::Result<Interest> {
        if event.key == NOTIFY_KEY {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the key `usize::MAX` is reserved"));
        }
        if mode.has_edges() && !self.has_edge {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the back end has no edge-triggered mode",
            ));
        }
        // Any other interest hears of a hang-up, too.
        let interest = event.interest();
        let only_interrupt = interest.is_empty() && event.is_interrupt() && self.has_hang_up;
        Ok(if only_interrupt { Interest::HANG_UP } else { interest })
    }
}

impl AsFd for Poller {
    /// Lends the back end's own descriptor.
    ///
    /// # Panics
    ///
    /// Panics on poll and select, which have none.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.selector.fd().expect("this back end has no descriptor: use epoll")
    }
}

impl AsRawFd for Poller {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("selector", &self.selector).finish_non_exhaustive()
    }
}
