//! Waits without the interpreter's lock, interrupted by Python's signal handlers.

use std::io;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use selectors::Timeout;

use crate::numbers;

/// The limit of a wait.
pub(crate) struct Limit {
    timeout: Timeout,
    // The end of a finite wait.
    deadline: Option<Instant>,
}

impl Limit {
    /// A limit that starts now. `None` is no limit.
    pub(crate) fn from_now(limit: Option<Duration>) -> Self {
        let deadline =
            limit.filter(|limit| !limit.is_zero()).and_then(|limit| Instant::now().checked_add(limit));
        Self { timeout: Timeout::from(limit), deadline }
    }

    /// The timeout of the next call, which signals interrupt.
    pub(crate) fn timeout(&self) -> Timeout {
        self.timeout.interruptible()
    }

    /// Runs Python's signal handlers after an interruption, and sets the timeout to the time that is left. Returns whether
    /// there is any.
    pub(crate) fn interrupted(&mut self, py: Python<'_>) -> PyResult<bool> {
        py.check_signals()?;
        let Some(deadline) = self.deadline else { return Ok(self.timeout.limit().is_none()) };
        match deadline.checked_duration_since(Instant::now()) {
            Some(left) => {
                self.timeout = Timeout::after(left);
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

/// Makes a call, and retries it when it is interrupted. `None` if a signal handler ran past the limit.
pub(crate) fn wait<T: Send>(
    py: Python<'_>,
    limit: &mut Limit,
    mut call: impl FnMut(Timeout) -> io::Result<T> + Send,
) -> PyResult<Option<T>> {
    loop {
        let timeout = limit.timeout();
        match py.detach(|| call(timeout)) {
            Ok(found) => return Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                if !limit.interrupted(py)? {
                    return Ok(None);
                }
            }
            Err(error) => return Err(numbers::os_error(py, &error)),
        }
    }
}
