//! `select.devpoll`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyOverflowError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;
use selectors::sys::devpoll::DevPoll;
use selectors::sys::fd::{AsFd, AsRawFd, RawFd};
use selectors::sys::poll::PollFlags;

use crate::numbers::{self, Unit};
use crate::poll::DEFAULT;
use crate::wait::{Limit, wait};

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(devpoll, module)?)
}

/// A set of `/dev/poll`.
#[pyfunction]
fn devpoll(py: Python<'_>) -> PyResult<Device> {
    let set = DevPoll::new().map_err(|error| numbers::os_error(py, &error))?;
    let number = set.as_fd().as_raw_fd();
    Ok(Device { number, state: Mutex::new(State { set: Some(set), changes: Vec::new(), closed: false }) })
}

#[pyclass(name = "devpoll", module = "select", frozen)]
pub(crate) struct Device {
    number: RawFd,
    // Never locked while other code may run.
    state: Mutex<State>,
}

struct State {
    // `None` while a `poll` runs.
    set: Option<DevPoll<'static>>,
    // Changes during a `poll`, made afterwards: the new events, or `None` to unregister.
    changes: Vec<(RawFd, Option<PollFlags>)>,
    closed: bool,
}

impl State {
    fn apply(&mut self) {
        let Some(set) = &mut self.set else { return };
        for (fd, events) in self.changes.drain(..) {
            match events {
                Some(events) => set.register(numbers::borrow_fd(fd), events),
                None => set.unregister(numbers::borrow_fd(fd)),
            }
        }
    }
}

impl Device {
    /// Locks the state, unless the object is closed.
    fn open(&self) -> PyResult<MutexGuard<'_, State>> {
        let state = self.state();
        match state.closed {
            true => Err(PyValueError::new_err("I/O operation on closed devpoll object")),
            false => Ok(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, fd: RawFd, events: Option<u16>) -> PyResult<()> {
        let mut state = self.open()?;
        state.changes.push((fd, events.map(PollFlags::from_bits_retain)));
        state.apply();
        Ok(())
    }
}

#[pymethods]
impl Device {
    #[new]
    fn new() -> PyResult<Self> {
        Err(PyTypeError::new_err("cannot create 'select.devpoll' instances"))
    }

    #[pyo3(signature = (fd, eventmask=DEFAULT, /))]
    fn register(
        &self,
        #[pyo3(from_py_with = numbers::descriptor)] fd: RawFd,
        #[pyo3(from_py_with = numbers::mask16)] eventmask: u16,
    ) -> PyResult<()> {
        self.change(fd, Some(eventmask))
    }

    #[pyo3(signature = (fd, eventmask=DEFAULT, /))]
    fn modify(
        &self,
        #[pyo3(from_py_with = numbers::descriptor)] fd: RawFd,
        #[pyo3(from_py_with = numbers::mask16)] eventmask: u16,
    ) -> PyResult<()> {
        self.change(fd, Some(eventmask))
    }

    #[pyo3(signature = (fd, /))]
    fn unregister(&self, #[pyo3(from_py_with = numbers::descriptor)] fd: RawFd) -> PyResult<()> {
        self.change(fd, None)
    }

    #[pyo3(signature = (timeout=None))]
    fn poll<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        drop(self.open()?);
        let mut limit = Limit::from_now(timeout.map(limit).transpose()?.flatten());
        let concurrent = || PyRuntimeError::new_err("concurrent poll() invocation");
        let mut set = self.open()?.set.take().ok_or_else(concurrent)?;
        let found = wait(py, &mut limit, |timeout| {
            let ready = set.poll(timeout)?;
            Ok(ready.map(|(fd, flags)| (fd.as_raw_fd(), flags.bits())).collect::<Vec<_>>())
        });
        let mut state = self.state();
        if !state.closed {
            state.set = Some(set);
            state.apply();
        }
        drop(state);
        PyList::new(py, found?.unwrap_or_default())
    }

    fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let set = state.set.take();
        drop(state);
        drop(set);
    }

    #[getter]
    fn closed(&self) -> bool {
        self.state().closed
    }

    fn fileno(&self) -> PyResult<RawFd> {
        self.open().map(|_| self.number)
    }
}

/// Converts a timeout. Only -1 millisecond has no limit.
fn limit(timeout: &Bound<'_, PyAny>) -> PyResult<Option<Duration>> {
    let time = numbers::nanoseconds(timeout, Unit::Milliseconds, "timeout must be an integer or None")?;
    if numbers::away_from_zero(time) < -1 {
        return Err(PyOverflowError::new_err("timeout is too large"));
    }
    numbers::milliseconds(time, numbers::away_from_zero)
}
