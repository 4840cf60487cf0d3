//! The limit of a wait, and the loop that keeps it.

use std::io;
use std::time::{Duration, Instant};

use crate::sys::clock::{MAY_WAKE_EARLY, Start};

/// How long a wait may take, and whether a signal ends it.
///
/// Every wait takes an `impl Into<Timeout>`. Pass `None` (wait for ever), a [`Duration`] or an `Option<Duration>`; name this
/// type only to call [`until`](Self::until) or [`interruptible`](Self::interruptible). The default is
/// [`NEVER`](Self::NEVER).
///
/// A limit is 0 to [`Duration::MAX`], in nanoseconds. A wait never ends before its limit, and ends as soon after it as the
/// system runs the thread again. Where the kernel counts milliseconds, the limit is rounded up. A limit longer than the
/// kernel can count is waited for in slices of 24.8 days.
///
/// # Examples
///
/// Three ways to write a limit:
///
/// ```
/// use select_sys::Timeout;
/// use std::time::Duration;
///
/// assert_eq!(Timeout::from(None), Timeout::NEVER);
/// assert_eq!(Timeout::from(Duration::ZERO), Timeout::ZERO);
/// assert_eq!(Timeout::from(Some(Duration::from_millis(3))).limit(), Some(Duration::from_millis(3)));
/// ```
///
/// # Portability
///
/// Time passes as for [`Instant`]. On Linux the time while the machine is suspended does not count.
///
/// Linux lets a wait exceed its limit, to wake several threads at once: by 0.1 % of the limit, but at least 50 µs
/// (`PR_SET_TIMERSLACK` of prctl(2) changes that) and at most 100 ms.
///
/// On Linux a wait that began before the first interruption of a process may end up to two clock ticks late (8 ms with the
/// usual tick of 4 ms): until then waits read their start from a clock that is cheaper and less precise.
///
/// # References
///
/// [time(7)](https://man7.org/linux/man-pages/man7/time.7.html)
#[doc(alias = "timespec")]
#[doc(alias = "timeval")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Timeout {
    limit: Option<Duration>,
    interruptible: bool,
}

impl Timeout {
    /// No limit: wait until something is ready. The same as `None`.
    pub const NEVER: Self = Self { limit: None, interruptible: false };

    /// Do not wait: report what is ready now. The same as [`Duration::ZERO`].
    pub const ZERO: Self = Self { limit: Some(Duration::ZERO), interruptible: false };

    /// Waits for at least `limit` when nothing becomes ready.
    ///
    /// # Examples
    ///
    /// A limit that is a constant:
    ///
    /// ```
    /// use select_sys::Timeout;
    /// use std::time::Duration;
    ///
    /// const HEARTBEAT: Timeout = Timeout::after(Duration::from_secs(30));
    /// assert_eq!(HEARTBEAT, Duration::from_secs(30).into());
    /// ```
    #[must_use]
    pub const fn after(limit: Duration) -> Self {
        Self { limit: Some(limit), interruptible: false }
    }

    /// Waits until `deadline` when nothing becomes ready. A deadline in the past does not wait.
    ///
    /// The limit is the time from this call to the deadline, so make a new timeout for each wait. For an `Option<Instant>`,
    /// write `deadline.map_or(Timeout::NEVER, Timeout::until)`.
    ///
    /// # Examples
    ///
    /// Several waits that end at one time:
    ///
    /// ```
    /// use select_sys::Timeout;
    /// use select_sys::poll::poll;
    /// use std::time::{Duration, Instant};
    ///
    /// let deadline = Instant::now() + Duration::from_millis(5);
    /// while Instant::now() < deadline {
    ///     poll(&mut [], Timeout::until(deadline))?;
    /// }
    /// assert_eq!(Timeout::until(deadline), Timeout::ZERO);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "deadline")]
    #[must_use]
    pub fn until(deadline: Instant) -> Self {
        Self::after(deadline.saturating_duration_since(Instant::now()))
    }

    /// The same limit, but a signal handler that ran ends the wait with [`io::ErrorKind::Interrupted`].
    ///
    /// For programs that check flags set by their signal handlers. `SA_RESTART` makes no difference. The elapsed time is not
    /// reported; to continue the wait, read the clock before and after it.
    ///
    /// A handler that ran just before the wait began does not end it. Where that matters, let the handler write to a
    /// pipe, and wait for the pipe as well.
    ///
    /// # Examples
    ///
    /// A wait that a signal may end:
    ///
    /// ```
    /// use select_sys::Timeout;
    ///
    /// let timeout = Timeout::NEVER.interruptible();
    /// assert!(timeout.is_interruptible());
    /// assert_eq!(timeout.limit(), None);
    /// ```
    ///
    /// # Portability
    ///
    /// On Linux, a wait for epoll also ends in this way when the process is stopped and continued (`SIGCONT`), without
    /// any handler. On Windows there are no signals, and this has no effect.
    ///
    /// # References
    ///
    /// [signal(7)](https://man7.org/linux/man-pages/man7/signal.7.html)
    #[doc(alias = "EINTR")]
    #[must_use]
    pub const fn interruptible(self) -> Self {
        Self { interruptible: true, ..self }
    }

    /// Starts the time of the limit, for a wait that takes several calls.
    ///
    /// # Examples
    ///
    /// Waits that share a limit:
    ///
    /// ```
    /// use select_sys::Timeout;
    /// use select_sys::poll::poll;
    /// use std::time::{Duration, Instant};
    ///
    /// let (start, limit) = (Instant::now(), Duration::from_millis(5));
    /// let countdown = Timeout::after(limit).start();
    /// while countdown.left() != Timeout::ZERO {
    ///     poll(&mut [], countdown.left())?;
    /// }
    /// assert!(start.elapsed() >= limit);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn start(self) -> Countdown {
        let start = self.limit.filter(|limit| !limit.is_zero()).map(|_| Instant::now());
        Countdown { timeout: self, start }
    }

    /// The limit; `None` waits for ever.
    #[must_use]
    pub const fn limit(self) -> Option<Duration> {
        self.limit
    }

    /// Whether a signal ends the wait.
    #[must_use]
    pub const fn is_interruptible(self) -> bool {
        self.interruptible
    }
}

impl From<Option<Duration>> for Timeout {
    fn from(limit: Option<Duration>) -> Self {
        Self { limit, interruptible: false }
    }
}

impl From<Duration> for Timeout {
    fn from(limit: Duration) -> Self {
        Self::after(limit)
    }
}

/// A [`Timeout`] whose time is running.
///
/// [`Timeout::start`] makes it. Unlike [`Timeout::until`], it reads the clock that waits use, which is the cheaper one.
///
/// # Examples
///
/// A wait that goes on after events that do not count:
///
/// ```
/// use select_sys::Timeout;
/// use select_sys::poll::{PollFd, PollFlags, poll};
/// use std::io::Read;
/// use std::os::fd::AsFd;
/// use std::os::unix::net::UnixStream;
/// use std::time::Duration;
///
/// let (mut a, _b) = UnixStream::pair()?;
/// let countdown = Timeout::after(Duration::from_millis(5)).start();
/// let mut timeout = Timeout::after(Duration::from_millis(5));
/// while poll(&mut [PollFd::new(a.as_fd(), PollFlags::IN)], timeout)? > 0 {
///     a.read(&mut [0; 512])?; // nobody waits for these bytes
///     timeout = countdown.left();
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Countdown {
    timeout: Timeout,
    // When it began, if it ends and takes time.
    start: Option<Instant>,
}

impl Countdown {
    /// The time that is left, as a timeout for the next call.
    #[must_use]
    pub fn left(&self) -> Timeout {
        let elapsed = self.start.as_ref().map_or(Duration::ZERO, Instant::elapsed);
        Timeout { limit: self.timeout.limit.map(|limit| limit.saturating_sub(elapsed)), ..self.timeout }
    }
}

/// The longest single wait: every kernel interface can count it, in an `int` of milliseconds (24.8 days) or in a 32-bit
/// `time_t`.
#[cfg(not(test))]
const MAX_SLICE: Duration = Duration::from_millis(i32::MAX as u64);
#[cfg(test)]
const MAX_SLICE: Duration = Duration::from_millis(5);

/// The state of a wait that may take several calls.
///
/// Every wait is this loop:
///
/// ```text
/// let mut deadline = Deadline::new(timeout);
/// loop {
///     let result = call(deadline.left());
///     if !deadline.should_retry(&result) {
///         return result;
///     }
/// }
/// ```
///
/// When the time ran out during an interruption, the last call gets a limit of zero. So the result of a wait is always one
/// that the kernel returned, and the sets of `select(2)` never stay as they were passed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    timeout: Timeout,
    // The limit of the next call: the time that is left, but no more than a slice.
    left: Option<Duration>,
    // When the wait began, if it may take several calls.
    start: Option<Start>,
}

impl Deadline {
    /// Starts a wait.
    #[inline]
    pub(crate) fn new(timeout: Timeout) -> Self {
        match timeout.limit {
            Some(limit) if !limit.is_zero() && (!timeout.interruptible || needs_slices(limit)) => {
                Self { timeout, left: Some(limit.min(MAX_SLICE)), start: Some(Start::now()) }
            }
            left => Self { timeout, left, start: None },
        }
    }

    /// The limit of the next call.
    #[inline]
    pub(crate) fn left(&self) -> Option<Duration> {
        self.left
    }

    /// Whether a call that found nothing may be followed by another one.
    pub(crate) fn may_retry_after_nothing(&self) -> bool {
        self.timeout.limit.is_some_and(|limit| !limit.is_zero() && needs_slices(limit))
    }

    /// Whether the wait continues after a call with this result; if so, updates the time that is [`left`](Self::left).
    #[inline]
    pub(crate) fn should_retry(&mut self, result: &io::Result<usize>) -> bool {
        let may_retry = match result {
            Ok(0) => self.start.is_some() && (MAY_WAKE_EARLY || self.left == Some(MAX_SLICE)),
            Ok(_) => false,
            Err(error) => error.kind() == io::ErrorKind::Interrupted && !self.timeout.interruptible,
        };
        // The clock is read for these few only.
        may_retry && {
            // By value, so that the state stays in registers until then.
            self.left = self.next();
            result.is_err() || self.left > Some(Duration::ZERO)
        }
    }

    /// The limit of the next call, by the clock.
    #[cold]
    fn next(self) -> Option<Duration> {
        let elapsed = self.start.as_ref().map_or(Duration::ZERO, Start::elapsed);
        self.timeout.limit.map(|limit| limit.saturating_sub(elapsed).min(MAX_SLICE))
    }
}

/// Whether a wait of this length may take several calls although nothing interrupts it.
fn needs_slices(limit: Duration) -> bool {
    MAY_WAKE_EARLY || limit >= MAX_SLICE
}

#[cfg(test)]
mod tests;
