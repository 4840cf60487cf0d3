//! `select.kqueue`.

#![expect(unsafe_code, reason = "Python takes any number for a kqueue, and closes by number")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyType};
use selectors::Timeout;
use selectors::sys::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use selectors::sys::kqueue;

use crate::kevent::{self, Kevent};
use crate::numbers::{self, Unit};
use crate::wait::{Limit, wait};

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Kevent>()?;
    module.add_class::<Kqueue>()?;
    kevent::constants(module)
}

#[pyclass(name = "kqueue", module = "select", frozen)]
pub(crate) struct Kqueue {
    // `None` when it is closed. Never held while other code may run.
    queue: Mutex<Option<Arc<Numbered>>>,
    // A forked child does not inherit it.
    process: u32,
}

/// A queue that Python knows by number: somebody else may close it, or own it too.
struct Numbered(Option<kqueue::Kqueue>);

impl Numbered {
    fn get(&self) -> &kqueue::Kqueue {
        self.0.as_ref().expect("there until it is dropped")
    }
}

impl Drop for Numbered {
    fn drop(&mut self) {
        // In a forked child it is an error, and there is nothing to close.
        let Some(Ok(fd)) = self.0.take().map(kqueue::Kqueue::into_fd) else { return };
        // SAFETY: no memory depends on which descriptors are open. That it may be closed already, and this one be
        // another's, is so in Python too. The answer is not looked at there either.
        unsafe { libc::close(fd.into_raw_fd()) };
    }
}

impl Kqueue {
    fn of(queue: kqueue::Kqueue) -> Self {
        let queue = Mutex::new(Some(Arc::new(Numbered(Some(queue)))));
        Self { queue, process: std::process::id() }
    }

    fn create(py: Python<'_>) -> PyResult<Self> {
        kqueue::Kqueue::new().map(Self::of).map_err(|error| numbers::os_error(py, &error))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Numbered>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self) -> PyResult<Arc<Numbered>> {
        let queue = if self.closed() { None } else { self.lock().clone() };
        queue.ok_or_else(|| PyValueError::new_err("I/O operation on closed kqueue object"))
    }
}

#[pymethods]
impl Kqueue {
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        Self::create(py)
    }

    #[classmethod]
    #[pyo3(signature = (fd, /))]
    fn fromfd(_: &Bound<'_, PyType>, py: Python<'_>, fd: i32) -> PyResult<Self> {
        match fd {
            -1 => Self::create(py),
            ..-1 => Err(numbers::errno(py, 0)),
            _ => {
                // SAFETY: not -1. That it is open and nobody else's is what Python's caller says; `Numbered` does with it
                // no more than system calls.
                Ok(Self::of(kqueue::Kqueue::from_fd(unsafe { OwnedFd::from_raw_fd(fd) })))
            }
        }
    }

    fn close(&self) {
        let closed = self.lock().take();
        drop(closed);
    }

    #[getter]
    fn closed(&self) -> bool {
        self.process != std::process::id() || self.lock().is_none()
    }

    fn fileno(&self) -> PyResult<RawFd> {
        Ok(self.get()?.get().as_fd().as_raw_fd())
    }

    #[pyo3(signature = (changelist, maxevents, timeout=None, /))]
    fn control<'py>(
        &self,
        py: Python<'py>,
        changelist: &Bound<'py, PyAny>,
        maxevents: i32,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let queue = self.get()?;
        let room = usize::try_from(maxevents).map_err(|_| {
            PyValueError::new_err(format!("Length of eventlist must be 0 or positive, got {maxevents}"))
        })?;
        let timeout = timeout.map(limit).transpose()?;
        let changes = changes(changelist)?;
        // With room for none, the kernel does not wait.
        let mut limit = Limit::from_now(if room == 0 { Some(Duration::ZERO) } else { timeout });
        let mut events = Vec::new();
        events.try_reserve_exact(room.min(ENOUGH)).map_err(|_| PyMemoryError::new_err(()))?;
        events.resize(room.min(ENOUGH), kqueue::Kevent::default());
        let mut left = &changes[..];
        let found = wait(py, &mut limit, |timeout: Timeout| {
            // An interrupted call has made the changes.
            let changes = std::mem::take(&mut left);
            Ok(queue.get().control(changes, &mut events, timeout)?.len())
        })?;
        let found = events[..found.unwrap_or(0)].iter().map(|event| Py::new(py, Kevent::for_fd(event)));
        PyList::new(py, found.collect::<PyResult<Vec<_>>>()?)
    }
}

/// More are reported by the next wait.
const ENOUGH: usize = 1 << 20;

fn limit(timeout: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let time = numbers::nanoseconds(timeout, Unit::Seconds, "").map_err(|_| {
        let kind = timeout.get_type().name().map(|name| name.to_string()).unwrap_or_default();
        PyTypeError::new_err(format!("timeout argument must be a number or None, got {kind}"))
    })?;
    let time = u64::try_from(time).map_err(|_| PyValueError::new_err("timeout must be positive or None"))?;
    Ok(Duration::from_nanos(time))
}

fn changes(changelist: &Bound<'_, PyAny>) -> PyResult<Vec<kqueue::Kevent>> {
    if changelist.is_none() {
        return Ok(Vec::new());
    }
    let not_iterable = |_| PyTypeError::new_err("changelist is not iterable");
    let mut changes = Vec::new();
    for change in changelist.try_iter().map_err(not_iterable)? {
        let change = change?;
        let change = change
            .cast::<Kevent>()
            .map_err(|_| PyTypeError::new_err("changelist must be an iterable of select.kevent objects"))?;
        changes.push(change.borrow().change());
    }
    Ok(changes)
}
