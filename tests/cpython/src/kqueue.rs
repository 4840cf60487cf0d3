//! `select.kqueue`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyType};
use selectors::Timeout;
use selectors::sys::fd::{AsFd, AsRawFd, RawFd};
use selectors::sys::kqueue;

use crate::numbers::{self, Unit};
use crate::wait::{Limit, wait};

mod kevent;

use kevent::Kevent;

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Kevent>()?;
    module.add_class::<Kqueue>()?;
    kevent::constants(module)
}

#[pyclass(name = "kqueue", module = "select", frozen)]
pub(crate) struct Kqueue {
    // `None` when it is closed. Never locked while other code may run.
    queue: Mutex<Option<Arc<Numbered>>>,
    // A forked child does not inherit a kqueue, see kqueue(2).
    process: u32,
}

/// A queue that is closed by number. A wait holds a reference, so a `close` in another thread takes effect after the wait.
struct Numbered(Option<kqueue::Kqueue>);

impl Numbered {
    fn get(&self) -> &kqueue::Kqueue {
        self.0.as_ref().expect("present until it is dropped")
    }
}

impl Drop for Numbered {
    fn drop(&mut self) {
        // `into_fd` fails in a forked child, where there is nothing to close.
        if let Some(Ok(fd)) = self.0.take().map(kqueue::Kqueue::into_fd) {
            numbers::close_by_number(fd);
        }
    }
}

impl Kqueue {
    fn from_queue(queue: kqueue::Kqueue) -> Self {
        let queue = Mutex::new(Some(Arc::new(Numbered(Some(queue)))));
        Self { queue, process: std::process::id() }
    }

    fn create(py: Python<'_>) -> PyResult<Self> {
        kqueue::Kqueue::new().map(Self::from_queue).map_err(|error| numbers::os_error(py, &error))
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
        match numbers::owned_fd(py, fd)? {
            None => Self::create(py),
            Some(fd) => Ok(Self::from_queue(kqueue::Kqueue::from_fd(fd))),
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
        let capacity = usize::try_from(maxevents).map_err(|_| {
            PyValueError::new_err(format!("Length of eventlist must be 0 or positive, got {maxevents}"))
        })?;
        let timeout = timeout.map(limit).transpose()?;
        let changes = changes(changelist)?;
        // Without room for an event, kevent(2) does not wait.
        let mut limit = Limit::from_now(if capacity == 0 { Some(Duration::ZERO) } else { timeout });
        let mut events = Vec::new();
        events.try_reserve_exact(capacity.min(ENOUGH)).map_err(|_| PyMemoryError::new_err(()))?;
        events.resize(capacity.min(ENOUGH), kqueue::Kevent::default());
        let mut left = &changes[..];
        let found = wait(py, &mut limit, |timeout: Timeout| {
            // An interrupted call has applied the changes, see kevent(2).
            let changes = std::mem::take(&mut left);
            Ok(queue.get().control(changes, &mut events, timeout)?.len())
        })?;
        let found = events[..found.unwrap_or(0)].iter().map(|event| Py::new(py, Kevent::from_event(event)));
        PyList::new(py, found.collect::<PyResult<Vec<_>>>()?)
    }
}

/// The most events of one call. The next wait reports further events.
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
        changes.push(change.borrow().to_change());
    }
    Ok(changes)
}
