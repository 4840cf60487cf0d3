//! A wait of Python's: without the interpreter's lock, and with a look at what signals want.

use std::io;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use selectors::Timeout;

use crate::numbers;

/// How long to wait.
pub(crate) struct Limit {
    timeout: Timeout,
    // When it is over, for what is finite.
    deadline: Option<Instant>,
}

impl Limit {
    /// From now on; `None` is for ever.
    pub(crate) fn from_now(limit: Option<Duration>) -> Self {
        let deadline =
            limit.filter(|limit| !limit.is_zero()).and_then(|limit| Instant::now().checked_add(limit));
        Self { timeout: Timeout::from(limit), deadline }
    }

    /// What to hand to a crate: signals end the call.
    pub(crate) fn timeout(&self) -> Timeout {
        self.timeout.interruptible()
    }

    /// After an interruption: runs the handlers of Python, and says whether there is time left to go on.
    pub(crate) fn interrupted(&mut self, py: Python<'_>) -> PyResult<bool> {
        py.check_signals()?;
        Ok(self.go_on())
    }

    /// Whether there is time left, to which the timeout is set.
    pub(crate) fn go_on(&mut self) -> bool {
        let Some(deadline) = self.deadline else { return self.timeout.limit().is_none() };
        match deadline.checked_duration_since(Instant::now()) {
            Some(left) => {
                self.timeout = Timeout::after(left);
                true
            }
            None => false,
        }
    }
}

/// Calls until the call says something else than that it was interrupted. `None`: a handler took longer than the time
/// that was left.
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
