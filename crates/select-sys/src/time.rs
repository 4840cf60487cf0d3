//! Time: how a wait's limit is written, rounded and kept across interruptions.

use std::ffi::c_int;
use std::io;
use std::time::{Duration, Instant};

pub(crate) use crate::time_system::*;

/// How long a wait may take, and whether a signal ends it.
///
/// Waits take `impl Into<Timeout>`, so a plain `None` (for ever), a [`Duration`] or an `Option<Duration>` will do;
/// naming the type is needed for [`interruptible`](Self::interruptible) only. The default is [`NEVER`](Self::NEVER).
///
/// A limit is 0 to [`Duration::MAX`], in nanoseconds. A wait never ends before its time, and as soon after it as the
/// system runs the thread again. A kernel that counts milliseconds gets the next whole one; a limit longer than the
/// kernel can count is waited for in pieces of 24.8 days.
///
/// # Examples
///
/// Three ways to say how long:
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
/// Time passes as for [`Instant`]: on Linux not while the machine is suspended. Linux lets a wait take longer than its
/// limit, to wake several threads at once: by 0.1 % of the limit, but at least 50 µs (`PR_SET_TIMERSLACK` of prctl(2)
/// changes that) and at most 100 ms.
///
/// On Linux of 64 bits, the time for which the first signal handler runs is not counted in waits for poll and select: the
/// kernel says what is left before the handler begins.
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

    /// Waits for at least `limit` when nothing becomes ready (0 to [`Duration::MAX`], in nanoseconds).
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

    /// The same limit, but a signal handler that ran ends the wait with [`io::ErrorKind::Interrupted`].
    ///
    /// For programs that look at flags their handlers set. `SA_RESTART` makes no difference. The time that was waited
    /// is not reported; take the time before, and again after, to go on.
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
    /// On Linux, a wait for epoll also ends in this way when the process was stopped and goes on (`SIGCONT`), without
    /// any handler. On Windows there are no signals, and it makes no difference.
    ///
    /// # References
    ///
    /// [signal(7)](https://man7.org/linux/man-pages/man7/signal.7.html)
    #[doc(alias = "EINTR")]
    #[must_use]
    pub const fn interruptible(self) -> Self {
        Self { interruptible: true, ..self }
    }

    /// The limit; `None` is for ever.
    #[must_use]
    pub const fn limit(self) -> Option<Duration> {
        self.limit
    }

    /// Whether a signal ends the wait.
    #[must_use]
    pub const fn is_interruptible(self) -> bool {
        self.interruptible
    }

    /// Whether there is a time after which the wait ends, other than at once.
    pub(crate) fn is_finite(self) -> bool {
        self.limit.is_some_and(|limit| !limit.is_zero())
    }

    /// Whether a call that ended with this error is to be made again.
    pub(crate) fn goes_on_after(self, error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::Interrupted && !self.interruptible
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

/// The longest single wait that every kernel interface here can express: `epoll_wait` takes an `int` of
/// milliseconds, and a 32-bit `time_t` holds more than this. 24.8 days.
#[cfg(not(test))]
pub(crate) const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);
#[cfg(test)]
pub(crate) const LONGEST: Duration = Duration::from_millis(5);

/// Calls `call` with the time that is left (at most [`LONGEST`]) until it has an answer.
///
/// `EINTR` is retried unless the caller wants to be told. When the time ran out during an interruption, one last
/// call with no time looks for what came meanwhile; so the result is always one that the kernel gave, and the
/// result sets of `select(2)` are never left as they were passed in.
///
/// It is to be inlined as far as the loop of the program, so what is rare stands apart: to return from a function after a
/// system call is slow on some processors (docs/design.md has the figures).
#[inline]
pub(crate) fn wait(
    timeout: Timeout,
    mut call: impl FnMut(Option<Duration>) -> io::Result<usize>,
) -> io::Result<usize> {
    match timeout.limit {
        Some(limit) if timeout.is_finite() => wait_for(timeout, limit, call),
        limit => {
            let limit = limit.map(|_| Duration::ZERO);
            match call(limit) {
                Err(error) => after(error, timeout, limit, call),
                found => found,
            }
        }
    }
}

/// What [`wait`] does when the call has failed that was without end, or with no time.
#[cold]
#[inline(never)]
fn after(
    mut error: io::Error,
    timeout: Timeout,
    limit: Option<Duration>,
    mut call: impl FnMut(Option<Duration>) -> io::Result<usize>,
) -> io::Result<usize> {
    while timeout.goes_on_after(&error) {
        match call(limit) {
            Err(another) => error = another,
            found => return found,
        }
    }
    Err(error)
}

/// As [`wait`], for a time that is not zero. Reads the clock before it begins if it may have to go on, because few of the
/// calls tell how much of the time was left.
#[inline(never)]
fn wait_for(
    timeout: Timeout,
    limit: Duration,
    mut call: impl FnMut(Option<Duration>) -> io::Result<usize>,
) -> io::Result<usize> {
    if timeout.interruptible && !in_pieces(timeout) {
        return call(Some(limit));
    }
    let start = Instant::now();
    let mut left = limit;
    loop {
        let slice = left.min(LONGEST);
        match call(Some(slice)) {
            Err(error) if timeout.goes_on_after(&error) => {}
            Ok(0) if slice < left || (MAY_BE_EARLY && start.elapsed() < limit) => {}
            result => return result,
        }
        left = limit.saturating_sub(start.elapsed());
    }
}

/// Whether a wait may have to call again after a call that ended with nothing.
pub(crate) fn in_pieces(timeout: Timeout) -> bool {
    timeout.limit.is_some_and(|limit| limit > LONGEST || (MAY_BE_EARLY && !limit.is_zero()))
}

/// Whole milliseconds, rounded up, of a time that [`wait`] passed: at most [`LONGEST`].
pub(crate) fn millis_up(time: Duration) -> c_int {
    let millis = time.as_secs() * 1000 + u64::from(time.subsec_nanos().div_ceil(1_000_000));
    millis.try_into().unwrap_or(c_int::MAX)
}
