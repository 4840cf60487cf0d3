//! A selector for many threads.

use std::fmt;
use std::io;
use std::time::Duration;

use select_sys::Timeout;
use select_sys::fd::{AsFd, BorrowedFd};

#[cfg(epoll)]
use crate::backend::Epoll;
#[cfg(kqueue)]
use crate::backend::Kqueue;
use crate::backend::{Backend, Wait, Waiter};
use crate::error::Error;
use crate::operation::Operation;
use crate::ready::{Others, Ready};
use crate::selector::Selector;
use crate::waker::Waker;

use turns::{Turns, spin_after_interruption};

mod parker;
mod turns;

/// A [`Selector`] that many threads use at once: some wait, while others register, change and unregister.
///
/// [`with`](Self::with) lends the selector to a closure. A change takes effect in waits that have begun. Any number of threads
/// wait at once:
///
/// * A key that is ready is reported to at least one of them. A one-shot key is reported to exactly one, and so is an edge.
/// * A [`Waker`] ends one wait: that of one waiting thread, or the next one.
/// * A wait ends for a ready key, a wake, its timeout or a signal, and never for a change. Errors are returned to the thread
///   whose call failed.
/// * A key that another thread pauses, changes or unregisters is not reported for what it was. The [`Ready`] of a wait that has
///   ended may still contain its token.
///
/// `SharedSelector<B, F, D>` is `Send` and `Sync` if `B`, `F` and `D` are `Send`. Share it by reference, or in an
/// [`Arc`](std::sync::Arc).
///
/// # Examples
///
/// One thread waits, another registers:
///
/// ```
/// use selectors::{DefaultSelector, Interest, Ready, SharedSelector};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let shared = SharedSelector::new(DefaultSelector::new()?)?;
/// std::thread::scope(|scope| {
///     let waiting = scope.spawn(|| {
///         let mut ready = Ready::new();
///         shared.select_into(&mut ready, None)?;
///         Ok::<_, selectors::Error>(ready)
///     });
///     let token = shared.with(|selector| selector.register(&a, Interest::WRITE, ()))?;
///     let ready = waiting.join().unwrap()?;
///     assert!(ready.iter().any(|(found, _)| found == token));
///     Ok::<_, std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Portability
///
/// On epoll and kqueue a change does not disturb waiting threads, and costs a lock more than that of a [`Selector`]. On select,
/// poll and `/dev/poll` one thread waits for all, and a change interrupts it, which takes some microseconds; the wait is then
/// resumed. On kqueue this has been compiled, and has run on no BSD kernel yet.
pub struct SharedSelector<B, F, D = ()> {
    // The first field is dropped first: the kernel's set goes before the files in it are closed.
    waiter: Option<Waiter>,
    waker: Waker,
    backend: &'static str,
    turns: Turns<Selector<B, F, D>>,
}

impl<B: Backend, F: AsFd, D> SharedSelector<B, F, D> {
    /// Makes a selector that can be shared.
    ///
    /// This makes its [`waker`](Self::waker), which takes up to two descriptors.
    ///
    /// # Errors
    ///
    /// As [`Selector::waker`].
    pub fn new(mut selector: Selector<B, F, D>) -> Result<Self, Error> {
        Ok(Self {
            waker: selector.waker()?,
            waiter: selector.backend().waiter(),
            backend: selector.backend().name(),
            turns: Turns::new(selector),
        })
    }

    /// Lends the selector to `f`, while other threads may wait.
    ///
    /// Other threads that change the selector wait until `f` returns, and so do the results of waits. So do not block in `f`:
    /// a [`select`](Selector::select) there must have a timeout of zero.
    ///
    /// If `f` panics, the selector stays usable, with what `f` has done so far.
    ///
    /// # Panics
    ///
    /// Panics if `f` uses the same `SharedSelector`, which would wait for itself, or if it puts another selector in the place of
    /// this one.
    ///
    /// # Examples
    ///
    /// Several changes at once, of which no wait sees only a part:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest, SharedSelector};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let shared = SharedSelector::new(DefaultSelector::new()?)?;
    /// let tokens = shared.with(|selector| {
    ///     Ok::<_, std::io::Error>([
    ///         selector.register(a, Interest::READ, "Ann")?,
    ///         selector.register(b, Interest::READ, "Bob")?,
    ///     ])
    /// })?;
    /// let name = shared.with(|selector| selector.data(tokens[1]).copied());
    /// assert_eq!(name, Some("Bob"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with<T>(&self, f: impl FnOnce(&mut Selector<B, F, D>) -> T) -> T {
        let mut visit = self.turns.visit(|| self.waker.interrupt());
        let selector = visit.value();
        let result = f(selector);
        assert!(
            selector.is_woken_by(&self.waker),
            "a closure of `SharedSelector::with` replaced the selector"
        );
        result
    }

    /// Waits until a key is ready or the timeout elapses, and returns the ready keys.
    ///
    /// Any number of threads may wait at once. Otherwise this is [`Selector::select`].
    ///
    /// # Errors
    ///
    /// As [`Selector::select`]. On select, poll and `/dev/poll` an [interruptible](Timeout::interruptible) wait may need a
    /// descriptor while another thread waits, so it can fail with [`Error::Limit`].
    ///
    /// # Panics
    ///
    /// Panics in a closure of [`with`](Self::with).
    ///
    /// # Examples
    ///
    /// Two threads share the work. The one that is woken stops, and wakes the other:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest, Mode, SharedSelector};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let shared = SharedSelector::new(DefaultSelector::new()?)?;
    /// let work = || {
    ///     let mut reported = 0;
    ///     loop {
    ///         let ready = shared.select(None)?;
    ///         reported += ready.len();
    ///         if ready.woken() {
    ///             shared.waker().wake()?;
    ///             return Ok::<_, std::io::Error>(reported);
    ///         }
    ///     }
    /// };
    /// let reported = std::thread::scope(|scope| {
    ///     let threads = [scope.spawn(work), scope.spawn(work)];
    ///     for stream in [a, b] {
    ///         shared.with(|selector| selector.register_with(stream, Interest::WRITE, Mode::Oneshot, ()))?;
    ///     }
    ///     while shared.with(|selector| selector.keys().iter().any(|key| key.is_armed())) {
    ///         std::thread::yield_now(); // a real program has other work
    ///     }
    ///     shared.waker().wake()?;
    ///     threads.into_iter().map(|thread| thread.join().unwrap()).sum::<Result<usize, _>>()
    /// })?;
    /// assert_eq!(reported, 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn select(&self, timeout: impl Into<Timeout>) -> Result<Ready, Error> {
        let mut ready = Ready::new();
        self.select_into(&mut ready, timeout)?;
        Ok(ready)
    }

    /// Waits as [`select`](Self::select) does, fills `ready`, and returns the number of ready keys.
    ///
    /// Each thread uses its own list. It keeps its memory, with the buffer of the kernel's events.
    ///
    /// # Errors
    ///
    /// As [`select`](Self::select). `ready` is empty after an error.
    ///
    /// # Panics
    ///
    /// Panics in a closure of [`with`](Self::with).
    #[inline(always)]
    pub fn select_into(&self, ready: &mut Ready, timeout: impl Into<Timeout>) -> Result<usize, Error> {
        ready.results.clear();
        match &self.waiter {
            Some(waiter) => self.select_without_lock(waiter, ready, timeout.into()),
            None => self.select_in_turn(ready, timeout.into()),
        }
    }

    /// Waits while other threads change the selector.
    #[inline(always)]
    fn select_without_lock(
        &self,
        waiter: &Waiter,
        ready: &mut Ready,
        timeout: Timeout,
    ) -> Result<usize, Error> {
        self.turns.check(); // an event that could not be reported would be lost
        let countdown = timeout.start();
        let mut left = timeout;
        loop {
            let waited = waiter.wait(&mut ready.events, left);
            if waited.map_err(|error| self.wait_error(error))? == 0 {
                return Ok(0);
            }
            let mut visit = self.turns.visit(|| {});
            visit.value().report_events(ready)?;
            drop(visit);
            if !ready.is_empty() || ready.woken() || left.limit() == Some(Duration::ZERO) {
                return Ok(ready.len());
            }
            // These were events of keys that have changed since.
            left = countdown.left();
        }
    }

    /// Waits as the only thread that does, and lets others change the selector when they want to.
    fn select_in_turn(&self, ready: &mut Ready, timeout: Timeout) -> Result<usize, Error> {
        let interrupt = || self.waker.interrupt();
        if timeout.limit() == Some(Duration::ZERO) {
            return self.turns.take_to_look(interrupt).value().select_into(ready, timeout);
        }
        let countdown = timeout.start();
        let (mut left, mut has_looked) = (timeout, false);
        loop {
            let taken = self.turns.take(&countdown, left, has_looked);
            let Some(mut taken) = taken.map_err(|error| self.wait_error(error))? else { return Ok(0) };
            if taken.has_queued() {
                left = countdown.left();
            }
            let limit = if taken.may_block() { left } else { Timeout::ZERO };
            let result = taken.value().select_into(ready, limit);
            let was_cut_short = ready.results.others.contains(Others::INTERRUPTION) || !taken.may_block();
            drop(taken);
            if result? > 0 || ready.woken() || !was_cut_short {
                return Ok(ready.len());
            }
            if ready.results.others.contains(Others::INTERRUPTION) {
                spin_after_interruption();
            }
            (left, has_looked) = (countdown.left(), true);
            if left.limit() == Some(Duration::ZERO) {
                return Ok(0);
            }
        }
    }

    /// Classifies an error of a wait. No key is involved.
    fn wait_error(&self, error: io::Error) -> Error {
        Error::from_backend(Operation::Wait, self.backend, error)
    }

    /// Returns a handle that ends a wait of one thread: of one that waits, or else the next wait.
    ///
    /// See [`Selector::waker`].
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Returns the selector.
    #[must_use]
    pub fn into_inner(self) -> Selector<B, F, D> {
        self.turns.into_inner()
    }

    /// Returns the back end's own descriptor, if it has one and [waits without the lock](Backend::waiter).
    ///
    /// It is readable when a wait would return something. See [`Selector`] for nesting.
    ///
    /// # Panics
    ///
    /// Panics for a kqueue in a forked child, which does not inherit it.
    #[doc(alias = "fileno")]
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.waiter.as_ref().and_then(|waiter| waiter.fd())
    }
}

/// Lends the back end's own descriptor, see [`fd`](Self::fd).
#[cfg(epoll)]
impl<F: AsFd, D> AsFd for SharedSelector<Epoll, F, D> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd().expect("this back end has a descriptor")
    }
}

/// Lends the back end's own descriptor, see [`fd`](Self::fd).
///
/// # Panics
///
/// Panics for a kqueue in a forked child, which does not inherit it.
#[cfg(kqueue)]
impl<F: AsFd, D> AsFd for SharedSelector<Kqueue, F, D> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd().expect("this back end has a descriptor")
    }
}

impl<B, F, D> fmt::Debug for SharedSelector<B, F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSelector").field("backend", &self.backend).finish_non_exhaustive()
    }
}
