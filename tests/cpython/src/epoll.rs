//! `select.epoll`.

use std::io;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyMemoryError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple, PyType};
use selectors::sys::epoll::{self, CreateFlags, Event, EventFlags};
use selectors::sys::fd::{AsRawFd, RawFd};

use crate::numbers::{self, Unit};
use crate::wait::{Limit, wait};

/// The first version of Python that has `EPOLLWAKEUP`.
const WAKEUP: (u8, u8) = (3, 14);

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Epoll>()?;
    let wakeup = module.py().version_info() >= WAKEUP;
    for (name, flag) in EventFlags::all().iter_names().filter(|(name, _)| wakeup || *name != "WAKEUP") {
        module.add(format!("EPOLL{name}"), flag.bits())?;
    }
    module.add("EPOLL_CLOEXEC", CreateFlags::CLOEXEC.bits())
}

const DEFAULT: u32 = EventFlags::IN.bits() | EventFlags::PRI.bits() | EventFlags::OUT.bits();

#[pyclass(name = "epoll", module = "select", frozen)]
pub(crate) struct Epoll {
    // Closed by its number and never dropped.
    epoll: ManuallyDrop<epoll::Epoll>,
    closed: AtomicBool,
    // The buffer of the next wait. Never locked while other code may run.
    buffer: Mutex<Vec<Event>>,
}

impl Drop for Epoll {
    fn drop(&mut self) {
        self.close();
    }
}

impl Epoll {
    fn from_epoll(epoll: epoll::Epoll) -> Self {
        Self { epoll: ManuallyDrop::new(epoll), closed: AtomicBool::new(false), buffer: Mutex::default() }
    }

    fn create(py: Python<'_>) -> PyResult<Self> {
        epoll::Epoll::new().map(Self::from_epoll).map_err(|error| numbers::os_error(py, &error))
    }

    fn get(&self) -> PyResult<&epoll::Epoll> {
        match self.closed() {
            true => Err(PyValueError::new_err("I/O operation on closed epoll object")),
            false => Ok(&self.epoll),
        }
    }

    fn buffer(&self) -> MutexGuard<'_, Vec<Event>> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Epoll {
    #[new]
    #[pyo3(signature = (sizehint=-1, flags=0))]
    fn new(py: Python<'_>, sizehint: i32, flags: i32) -> PyResult<Self> {
        if sizehint <= 0 && sizehint != -1 {
            return Err(PyValueError::new_err("negative sizehint"));
        }
        if flags != 0 && flags as u32 != CreateFlags::CLOEXEC.bits() {
            return Err(PyOSError::new_err("invalid flags"));
        }
        Self::create(py)
    }

    #[classmethod]
    #[pyo3(signature = (fd, /))]
    fn fromfd(_: &Bound<'_, PyType>, py: Python<'_>, fd: i32) -> PyResult<Self> {
        match numbers::owned_fd(py, fd)? {
            None => Self::create(py),
            Some(fd) => Ok(Self::from_epoll(epoll::Epoll::from_fd(fd))),
        }
    }

    /// Closes the descriptor at once. The kernel keeps the set until a wait of another thread is over.
    fn close(&self) {
        if !self.closed.swap(true, Ordering::Relaxed) {
            numbers::close_by_number(self.epoll.as_raw_fd());
        }
    }

    #[getter]
    fn closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn fileno(&self) -> PyResult<RawFd> {
        Ok(self.get()?.as_raw_fd())
    }

    #[pyo3(signature = (fd, eventmask=DEFAULT))]
    fn register(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = numbers::descriptor)] fd: RawFd,
        #[pyo3(from_py_with = numbers::mask32)] eventmask: u32,
    ) -> PyResult<()> {
        let (epoll, flags) = (self.get()?, EventFlags::from_bits_retain(eventmask));
        epoll
            .register(&numbers::borrow_fd(fd), flags, fd as u64)
            .map_err(|error| numbers::os_error(py, &error))
    }

    #[pyo3(signature = (fd, eventmask))]
    fn modify(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = numbers::descriptor)] fd: RawFd,
        #[pyo3(from_py_with = numbers::mask32)] eventmask: u32,
    ) -> PyResult<()> {
        let (epoll, flags) = (self.get()?, EventFlags::from_bits_retain(eventmask));
        epoll.modify(&numbers::borrow_fd(fd), flags, fd as u64).map_err(|error| numbers::os_error(py, &error))
    }

    #[pyo3(signature = (fd))]
    fn unregister(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = numbers::descriptor)] fd: RawFd,
    ) -> PyResult<()> {
        self.get()?.unregister(&numbers::borrow_fd(fd)).map_err(|error| numbers::os_error(py, &error))
    }

    #[pyo3(signature = (timeout=None, maxevents=-1))]
    fn poll<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<&Bound<'py, PyAny>>,
        maxevents: i32,
    ) -> PyResult<Bound<'py, PyList>> {
        let epoll = self.get()?;
        let limit = match timeout {
            None => None,
            Some(timeout) => {
                let time =
                    numbers::nanoseconds(timeout, Unit::Seconds, "timeout must be an integer or None")?;
                numbers::milliseconds(time, ceil)?
            }
        };
        let mut limit = Limit::from_now(limit);
        let capacity = capacity(py, maxevents)?;
        let mut buffer = std::mem::take(&mut *self.buffer());
        if buffer.len() < capacity {
            let more = capacity - buffer.len();
            buffer.try_reserve_exact(more).map_err(|_| PyMemoryError::new_err(()))?;
            buffer.resize(capacity, Event::default());
        }
        let found = wait(py, &mut limit, |timeout| {
            if self.closed() {
                return Err(io::Error::from_raw_os_error(libc::EBADF)); // a signal handler has closed it
            }
            Ok(epoll.wait(&mut buffer[..capacity], timeout)?.len())
        });
        let ready = found.and_then(|found| {
            let ready = &buffer[..found.unwrap_or(0)];
            // The data is the descriptor; the cast undoes the one in `register`.
            PyList::new(py, ready.iter().map(|event| (event.data() as RawFd, event.flags().bits())))
        });
        *self.buffer() = buffer;
        ready
    }

    fn __enter__(slf: PyRef<'_, Self>) -> PyResult<PyRef<'_, Self>> {
        slf.get()?;
        Ok(slf)
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(slf: &Bound<'_, Self>, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        slf.call_method0("close").map(drop)
    }
}

/// The length of the buffer for `maxevents`, limited to save memory.
fn capacity(py: Python<'_>, maxevents: i32) -> PyResult<usize> {
    /// `EP_MAX_EVENTS` in Linux's fs/eventpoll.c.
    const LIMIT: usize = i32::MAX as usize / size_of::<libc::epoll_event>();
    /// The next wait reports further events.
    const ENOUGH: usize = 1 << 20;
    match usize::try_from(maxevents) {
        Err(_) if maxevents == -1 => Ok(libc::FD_SETSIZE - 1),
        Ok(0) | Err(_) => {
            Err(PyValueError::new_err(format!("maxevents must be greater than 0, got {maxevents}")))
        }
        Ok(most) if most > LIMIT => Err(numbers::errno(py, libc::EINVAL)),
        Ok(most) => Ok(most.min(ENOUGH)),
    }
}

/// Rounds up to whole milliseconds.
fn ceil(nanoseconds: i64) -> i64 {
    let (whole, rest) = (nanoseconds / 1_000_000, nanoseconds % 1_000_000);
    whole + i64::from(rest > 0)
}
