//! `select.epoll`.

#![expect(unsafe_code, reason = "Python takes any number for an epoll, and closes by number")]

use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyMemoryError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple, PyType};
use selectors::sys::epoll::{self, CreateFlags, Event, EventFlags};
use selectors::sys::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use crate::numbers::{self, Unit};
use crate::wait::{Limit, wait};

/// The release of Python that first has `EPOLLWAKEUP`.
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
    // `None` when it is closed. Never held while other code may run.
    epoll: Mutex<Option<Arc<Numbered>>>,
    // Room for the next wait.
    buffer: Mutex<Vec<Event>>,
}

/// An epoll that Python knows by number: somebody else may close it, or own it too. A wait keeps it, so `close` in
/// another thread closes it when the wait is over.
struct Numbered(ManuallyDrop<epoll::Epoll>);

impl Drop for Numbered {
    fn drop(&mut self) {
        // SAFETY: it is not used after that.
        let epoll = unsafe { ManuallyDrop::take(&mut self.0) };
        let fd = epoll.into_fd().into_raw_fd();
        // SAFETY: no memory depends on which descriptors are open. That it may be closed already, and this one be
        // another's, is so in Python too. The answer is not looked at there either.
        unsafe { libc::close(fd) };
    }
}

impl Epoll {
    fn of(epoll: epoll::Epoll) -> Self {
        let epoll = Arc::new(Numbered(ManuallyDrop::new(epoll)));
        Self { epoll: Mutex::new(Some(epoll)), buffer: Mutex::default() }
    }

    fn create(py: Python<'_>) -> PyResult<Self> {
        epoll::Epoll::new().map(Self::of).map_err(|error| numbers::os_error(py, &error))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Numbered>>> {
        self.epoll.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self) -> PyResult<Arc<Numbered>> {
        self.lock().clone().ok_or_else(|| PyValueError::new_err("I/O operation on closed epoll object"))
    }

    fn room(&self) -> MutexGuard<'_, Vec<Event>> {
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
        match fd {
            -1 => Self::create(py),
            ..-1 => Err(numbers::errno(py, 0)),
            _ => {
                // SAFETY: not -1. That it is open and nobody else's is what Python's caller says; `Numbered` does with it
                // no more than system calls.
                Ok(Self::of(epoll::Epoll::from_fd(unsafe { OwnedFd::from_raw_fd(fd) })))
            }
        }
    }

    fn close(&self) {
        let closed = self.lock().take();
        drop(closed);
    }

    #[getter]
    fn closed(&self) -> bool {
        self.lock().is_none()
    }

    fn fileno(&self) -> PyResult<RawFd> {
        Ok(self.get()?.0.as_raw_fd())
    }

    #[pyo3(signature = (fd, eventmask=DEFAULT))]
    fn register(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = numbers::descriptor)] fd: RawFd,
        #[pyo3(from_py_with = numbers::long_mask)] eventmask: u32,
    ) -> PyResult<()> {
        let (epoll, flags) = (self.get()?, EventFlags::from_bits_retain(eventmask));
        epoll.0.register(numbers::lend(fd), flags, fd as u64).map_err(|error| numbers::os_error(py, &error))
    }

    #[pyo3(signature = (fd, eventmask))]
    fn modify(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = numbers::descriptor)] fd: RawFd,
        #[pyo3(from_py_with = numbers::long_mask)] eventmask: u32,
    ) -> PyResult<()> {
        let (epoll, flags) = (self.get()?, EventFlags::from_bits_retain(eventmask));
        epoll.0.modify(numbers::lend(fd), flags, fd as u64).map_err(|error| numbers::os_error(py, &error))
    }

    #[pyo3(signature = (fd))]
    fn unregister(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = numbers::descriptor)] fd: RawFd,
    ) -> PyResult<()> {
        self.get()?.0.unregister(numbers::lend(fd)).map_err(|error| numbers::os_error(py, &error))
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
                numbers::milliseconds(time, up)?
            }
        };
        let mut limit = Limit::from_now(limit);
        let room = room(py, maxevents)?;
        let mut buffer = std::mem::take(&mut *self.room());
        if buffer.len() < room {
            let more = room - buffer.len();
            buffer.try_reserve_exact(more).map_err(|_| PyMemoryError::new_err(()))?;
            buffer.resize(room, Event::default());
        }
        let found = wait(py, &mut limit, |timeout| Ok(epoll.0.wait(&mut buffer[..room], timeout)?.len()));
        let ready = found.and_then(|found| {
            let ready = &buffer[..found.unwrap_or(0)];
            // The data is the descriptor; the cast undoes the one in `register`.
            PyList::new(py, ready.iter().map(|event| (event.data() as RawFd, event.flags().bits())))
        });
        *self.room() = buffer;
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

/// As many events as `maxevents` allows, but not so many that it is a matter of memory.
fn room(py: Python<'_>, maxevents: i32) -> PyResult<usize> {
    /// `EP_MAX_EVENTS` in Linux's fs/eventpoll.c.
    const MOST: usize = i32::MAX as usize / size_of::<libc::epoll_event>();
    /// More are reported by the next wait.
    const ENOUGH: usize = 1 << 20;
    match usize::try_from(maxevents) {
        Err(_) if maxevents == -1 => Ok(libc::FD_SETSIZE - 1),
        Ok(0) | Err(_) => {
            Err(PyValueError::new_err(format!("maxevents must be greater than 0, got {maxevents}")))
        }
        Ok(most) if most > MOST => Err(numbers::errno(py, libc::EINVAL)),
        Ok(most) => Ok(most.min(ENOUGH)),
    }
}

/// To whole milliseconds, up.
fn up(nanoseconds: i64) -> i64 {
    let (whole, rest) = (nanoseconds / 1_000_000, nanoseconds % 1_000_000);
    whole + i64::from(rest > 0)
}
