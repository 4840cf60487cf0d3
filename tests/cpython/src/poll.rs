//! `select.poll`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyKeyError, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyList;
use selectors::sys;
use selectors::sys::fd::{AsRawFd, RawFd};
use selectors::sys::poll::{PollFd, PollFlags};

use crate::numbers::{self, Unit};
use crate::wait::{Limit, wait};

/// The default events.
pub(crate) const DEFAULT: u16 = PollFlags::IN.bits() | PollFlags::PRI.bits() | PollFlags::OUT.bits();

/// Makes a polling object.
#[pyfunction]
pub(crate) fn poll() -> Poll {
    Poll { state: Mutex::default() }
}

#[pyclass(name = "poll", module = "select", frozen)]
pub(crate) struct Poll {
    // Never locked while other code may run.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    registered: sys::poll::Poll<'static>,
    // The list for the system call. Empty while a `poll` runs.
    list: Vec<PollFd<'static>>,
    // Whether `list` differs from `registered`.
    stale: bool,
    running: bool,
}

impl Poll {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Poll {
    #[new]
    fn new() -> PyResult<Self> {
        Err(PyTypeError::new_err("cannot create 'select.poll' instances"))
    }

    #[pyo3(signature = (fd, eventmask=DEFAULT, /))]
    fn register(
        &self,
        #[pyo3(from_py_with = numbers::descriptor)] fd: RawFd,
        #[pyo3(from_py_with = numbers::mask16)] eventmask: u16,
    ) {
        let mut state = self.state();
        state.registered.register(numbers::borrow_fd(fd), PollFlags::from_bits_retain(eventmask));
        state.stale = true;
    }

    #[pyo3(signature = (fd, eventmask, /))]
    fn modify(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = numbers::descriptor)] fd: RawFd,
        #[pyo3(from_py_with = numbers::mask16)] eventmask: u16,
    ) -> PyResult<()> {
        let mut state = self.state();
        state.stale = true;
        let modified =
            state.registered.modify(numbers::borrow_fd(fd), PollFlags::from_bits_retain(eventmask));
        modified.map_err(|error| numbers::os_error(py, &error))
    }

    #[pyo3(signature = (fd, /))]
    fn unregister(&self, #[pyo3(from_py_with = numbers::descriptor)] fd: RawFd) -> PyResult<()> {
        let mut state = self.state();
        state.stale = true;
        // The only error is that it is not registered.
        state.registered.unregister(numbers::borrow_fd(fd)).map_err(|_| PyKeyError::new_err(fd))
    }

    #[pyo3(signature = (timeout=None, /))]
    fn poll<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let limit = match timeout {
            None => None,
            Some(timeout) => {
                let time =
                    numbers::nanoseconds(timeout, Unit::Milliseconds, "timeout must be an integer or None")?;
                numbers::milliseconds(time, numbers::away_from_zero)?
            }
        };
        let mut limit = Limit::from_now(limit);
        let mut list = self.take()?;
        let found = wait(py, &mut limit, |timeout| sys::poll::poll(&mut list, timeout));
        let ready = found.and_then(|found| {
            let ready = list.iter().filter(|entry| !entry.revents().is_empty()).take(found.unwrap_or(0));
            let ready: Vec<_> = ready.map(|entry| (entry.fd().as_raw_fd(), entry.revents().bits())).collect();
            PyList::new(py, ready)
        });
        self.put_back(list);
        ready
    }
}

impl Poll {
    /// Takes the list for a wait, during which other threads may change this object.
    fn take(&self) -> PyResult<Vec<PollFd<'static>>> {
        let mut state = self.state();
        if state.running {
            return Err(PyRuntimeError::new_err("concurrent poll() invocation"));
        }
        state.running = true;
        let mut list = std::mem::take(&mut state.list);
        if state.stale {
            list.clear();
            list.extend(state.registered.entries().cloned());
            state.stale = false;
        }
        Ok(list)
    }

    fn put_back(&self, list: Vec<PollFd<'static>>) {
        let mut state = self.state();
        state.list = list;
        state.running = false;
    }
}
