//! `select.kqueue`.

use std::io;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
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
    // Closed by its number and never dropped.
    queue: ManuallyDrop<kqueue::Kqueue>,
    closed: AtomicBool,
    // A forked child does not inherit a kqueue, see kqueue(2).
    process: u32,
}

impl Drop for Kqueue {
    fn drop(&mut self) {
        self.close();
    }
}

impl Kqueue {
    fn from_queue(queue: kqueue::Kqueue) -> Self {
        let process = std::process::id();
        Self { queue: ManuallyDrop::new(queue), closed: AtomicBool::new(false), process }
    }

    fn create(py: Python<'_>) -> PyResult<Self> {
        kqueue::Kqueue::new().map(Self::from_queue).map_err(|error| numbers::os_error(py, &error))
    }

    fn get(&self) -> PyResult<&kqueue::Kqueue> {
        match self.closed() {
            true => Err(PyValueError::new_err("I/O operation on closed kqueue object")),
            false => Ok(&self.queue),
        }
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

    /// Closes the descriptor at once. What a wait of another thread does then is up to the kernel.
    fn close(&self) {
        if !self.closed() {
            self.closed.store(true, Ordering::Relaxed);
            numbers::close_by_number(self.queue.as_fd().as_raw_fd());
        }
    }

    #[getter]
    fn closed(&self) -> bool {
        self.process != std::process::id() || self.closed.load(Ordering::Relaxed)
    }

    fn fileno(&self) -> PyResult<RawFd> {
        Ok(self.get()?.as_fd().as_raw_fd())
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
            if self.closed() {
                return Err(io::Error::from_raw_os_error(libc::EBADF)); // a signal handler has closed it
            }
            // An interrupted call has applied the changes, see kevent(2).
            let changes = std::mem::take(&mut left);
            Ok(queue.control(changes, &mut events, timeout)?.len())
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
