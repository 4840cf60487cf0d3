//! `selectors._Selector`: the base of the classes of `selectors`, on the crate's registry.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, TryLockError};

use pyo3::exceptions::{PyInterruptedError, PyKeyError, PyOverflowError, PyRuntimeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use selectors::{AnySelector, BackendKind, Error, Ready, Waker};

use crate::arguments::{Descriptor, descriptor, exception, interest, limit, not_registered, repr_error};
use crate::numbers;
use crate::refused::epoll_refuses;
use crate::registry;
use crate::wait::Limit;

type Registry = AnySelector<Object, Data>;

/// A file object, with its descriptor at the registration.
pub(crate) struct Object {
    object: Py<PyAny>,
    fd: RawFd,
}

impl AsFd for Object {
    fn as_fd(&self) -> BorrowedFd<'_> {
        numbers::borrow_fd(self.fd)
    }
}

pub(crate) struct Data {
    /// Python's `SelectorKey`.
    key: Py<PyAny>,
    /// The registration order, which Python's maps keep.
    order: u64,
}

#[pyclass(name = "_Selector", module = "selectors", subclass, frozen)]
pub(crate) struct Selector {
    kind: BackendKind,
    // Locked for the whole of a wait. Otherwise never locked while Python's code may run, so Python's objects are made and
    // dropped outside.
    state: Mutex<State>,
    // Ends a wait when a thread needs `state`. Made when there is another thread.
    waker: OnceLock<Waker>,
    // The number of threads that need `state` while another has locked it.
    waiting: AtomicUsize,
    // Whether a thread is in `select`.
    selecting: AtomicBool,
    // The process in which a thread last called `select` while there were other threads; 0 if there was none.
    process: AtomicU32,
}

#[derive(Default)]
struct State {
    // `None` when it is closed.
    registry: Option<Registry>,
    ready: Ready,
    // The number of registrations until now.
    registered: u64,
}

impl Selector {
    /// Calls `act` with the state. Wakes a thread that waits in `select`, which waits again afterwards.
    fn with<R>(&self, py: Python<'_>, act: impl FnOnce(&mut State) -> R) -> R {
        match self.lock(py) {
            Some(mut state) => act(&mut state),
            // In a forked child, the thread that has locked the state does not exist: the selector is closed there.
            None => act(&mut State::default()),
        }
    }

    /// Locks the state; `None` in a forked child whose parent had locked it.
    fn lock(&self, py: Python<'_>) -> Option<MutexGuard<'_, State>> {
        if let Some(state) = self.try_lock() {
            return Some(state);
        }
        if ![0, std::process::id()].contains(&self.process.load(Ordering::Relaxed)) {
            return None;
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let state = loop {
            // If the wake fails, the wait ends by itself.
            let _ = self.waker.get().map(Waker::wake);
            py.detach(|| drop(self.state.lock()));
            if let Some(state) = self.try_lock() {
                break state;
            }
        };
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        Some(state)
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, State>> {
        match self.state.try_lock() {
            Ok(state) => Some(state),
            Err(TryLockError::Poisoned(state)) => Some(state.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn closed(&self) -> PyErr {
        PyValueError::new_err(format!("I/O operation on closed {} object", self.kind.name()))
    }

    /// The descriptor of an object; if it has none any more, the one that it was registered with.
    fn look_up<'py>(&self, fileobj: &Bound<'py, PyAny>) -> PyResult<Descriptor<'py>> {
        let py = fileobj.py();
        let invalid = match descriptor(fileobj) {
            Ok(found) => return Ok(found),
            Err(error) if error.is_instance_of::<PyValueError>(py) => error,
            Err(error) => return Err(error),
        };
        let known = self.with(py, |state| {
            let mut keys = state.registry.as_ref()?.keys().into_iter();
            keys.find_map(|key| key.fileobj().object.is(fileobj).then(|| key.fd()))
        });
        match known {
            Some(fd) => Ok(Descriptor { fd: Some(fd), number: fd.into_pyobject(py)?.into_any() }),
            None => Err(invalid),
        }
    }

    /// The `SelectorKey` of a registration.
    fn key(&self, py: Python<'_>, fd: Option<RawFd>) -> Option<Py<PyAny>> {
        self.with(py, |state| Some(state.registry.as_ref()?.data(numbers::borrow_fd(fd?))?.key.clone_ref(py)))
    }
}

#[pymethods]
impl Selector {
    #[new]
    #[classmethod]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(
        class: &Bound<'_, PyType>,
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let py = class.py();
        let kind: BackendKind = class
            .getattr("_kind")?
            .extract::<String>()?
            .parse()
            .map_err(|error: Error| PyValueError::new_err(error.to_string()))?;
        let registry = Registry::open(kind).map_err(|error| exception(py, &error))?;
        let state = State { registry: Some(registry), ready: Ready::new(), registered: 0 };
        Ok(Self {
            kind,
            state: Mutex::new(state),
            waker: OnceLock::new(),
            waiting: AtomicUsize::new(0),
            selecting: AtomicBool::new(false),
            process: AtomicU32::new(0),
        })
    }

    #[pyo3(signature = (fileobj, events, data=None))]
    fn register<'py>(
        &self,
        py: Python<'py>,
        fileobj: &Bound<'py, PyAny>,
        events: &Bound<'py, PyAny>,
        data: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let interest = interest(events)?;
        let Descriptor { fd, number } = self.look_up(fileobj)?;
        let too_large = || PyOverflowError::new_err("Python int too large to convert to C int");
        let fd = fd.ok_or_else(too_large)?;
        let none = py.None().into_bound(py);
        let key = registry::key(py, fileobj, &number, events, data.unwrap_or(&none))?;
        let object = Object { object: fileobj.clone().unbind(), fd };
        let python = key.clone().unbind();
        let registered = self.with(py, |state| {
            let registry = state.registry.as_mut()?;
            let file = numbers::borrow_fd(fd);
            if self.kind == BackendKind::Epoll
                && registry.key(file).is_none()
                && registry.backend().fd().is_some_and(|set| epoll_refuses(set, file))
            {
                return Some(Err(None));
            }
            state.registered += 1;
            let data = Data { key: python, order: state.registered };
            Some(registry.register(object, interest, data).map_err(Some))
        });
        match registered {
            None => Err(self.closed()),
            Some(Ok(_)) => Ok(key),
            Some(Err(None)) => Err(numbers::errno(py, libc::EPERM)),
            Some(Err(Some(rejected))) => Err(match rejected.error {
                Error::AlreadyRegistered { .. } => repr_error(fileobj, |repr| {
                    PyKeyError::new_err(format!("{repr} (FD {fd}) is already registered"))
                }),
                error => exception(py, &error),
            }),
        }
    }

    fn unregister<'py>(&self, py: Python<'py>, fileobj: &Bound<'py, PyAny>) -> PyResult<Py<PyAny>> {
        let Descriptor { fd, .. } = self.look_up(fileobj)?;
        let unregistered =
            self.with(py, |state| Some(state.registry.as_mut()?.unregister(numbers::borrow_fd(fd?))));
        match unregistered {
            None | Some(Err(Error::NotRegistered { .. })) => Err(not_registered(fileobj)),
            Some(Ok(gone)) => Ok(gone.data.key),
            Some(Err(error)) => Err(exception(py, &error)),
        }
    }

    #[pyo3(signature = (fileobj, events, data=None))]
    fn modify<'py>(
        &self,
        py: Python<'py>,
        fileobj: &Bound<'py, PyAny>,
        events: &Bound<'py, PyAny>,
        data: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Descriptor { fd, .. } = self.look_up(fileobj)?;
        let Some((fd, key)) = fd.and_then(|fd| Some((fd, self.key(py, Some(fd))?))) else {
            return Err(not_registered(fileobj));
        };
        let key = key.into_bound(py).cast_into::<PyTuple>()?;
        let none = py.None().into_bound(py);
        let data = data.unwrap_or(&none);
        let events_differ = events.ne(key.get_item(2)?)?;
        if !events_differ && !data.ne(key.get_item(3)?)? {
            return Ok(key.into_any());
        }
        let interest = if events_differ { Some(interest(events)?) } else { None };
        let new = registry::key(py, &key.get_item(0)?, &key.get_item(1)?, events, data)?;
        let python = new.clone().unbind();
        let modified = self.with(py, |state| {
            let registry = state.registry.as_mut()?;
            if let Some(Err(error)) =
                interest.map(|interest| registry.modify(numbers::borrow_fd(fd), interest))
            {
                // CPython drops a registration that the kernel refuses to change.
                return Some(Err((error, registry.unregister(numbers::borrow_fd(fd)))));
            }
            let data = registry.data_mut(numbers::borrow_fd(fd))?;
            Some(Ok(std::mem::replace(&mut data.key, python)))
        });
        match modified {
            None => Err(not_registered(fileobj)),
            Some(Ok(_)) => Ok(new),
            Some(Err((error, _))) => Err(exception(py, &error)),
        }
    }

    #[pyo3(signature = (timeout=None))]
    fn select<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let mut limit = Limit::from_now(timeout.map(limit).transpose()?);
        if self.selecting.swap(true, Ordering::SeqCst) {
            return Err(PyRuntimeError::new_err("concurrent select() invocation"));
        }
        let found = self.wait(py, &mut limit);
        self.selecting.store(false, Ordering::SeqCst);
        PyList::new(py, found?)
    }

    fn close(&self, py: Python<'_>) {
        let closed = self.with(py, |state| state.registry.take());
        drop(closed);
    }

    fn get_key<'py>(&self, py: Python<'py>, fileobj: &Bound<'py, PyAny>) -> PyResult<Py<PyAny>> {
        if self.with(py, |state| state.registry.is_none()) {
            return Err(PyRuntimeError::new_err("Selector is closed"));
        }
        self._find(py, fileobj)
    }

    fn _fileno(&self, py: Python<'_>) -> PyResult<RawFd> {
        let fd = self.with(py, |state| Some(state.registry.as_ref()?.backend().fd()?.as_raw_fd()));
        fd.ok_or_else(|| self.closed())
    }

    fn _find<'py>(&self, py: Python<'py>, fileobj: &Bound<'py, PyAny>) -> PyResult<Py<PyAny>> {
        let Descriptor { fd, .. } = self.look_up(fileobj)?;
        self.key(py, fd).ok_or_else(|| not_registered(fileobj))
    }

    fn _get<'py>(
        &self,
        py: Python<'py>,
        fileobj: &Bound<'py, PyAny>,
        default: Py<PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let Descriptor { fd, .. } = self.look_up(fileobj)?;
        Ok(self.key(py, fd).unwrap_or(default))
    }

    fn _len(&self, py: Python<'_>) -> usize {
        self.with(py, |state| state.registry.as_ref().map_or(0, |registry| registry.keys().len()))
    }

    /// The descriptors in registration order.
    fn _descriptors(&self, py: Python<'_>) -> Vec<RawFd> {
        let mut known: Vec<_> = self.with(py, |state| {
            let keys = state.registry.iter().flat_map(|registry| registry.keys());
            keys.map(|key| (key.data().order, key.fd())).collect()
        });
        known.sort_unstable();
        known.into_iter().map(|(_, fd)| fd).collect()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // While another thread waits, it refers to this object, so nothing is garbage.
        let Some(state) = self.try_lock() else { return Ok(()) };
        for key in state.registry.iter().flat_map(|registry| registry.keys()) {
            visit.call(&key.fileobj().object)?;
            visit.call(&key.data().key)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        let garbage = self.try_lock().and_then(|mut state| state.registry.take());
        drop(garbage);
    }
}

/// The result of one call.
enum Waited<'py> {
    Found(Vec<(Bound<'py, PyAny>, u8)>),
    Failed(Error),
    /// Another thread needs the state.
    Woken,
    Closed,
}

impl Selector {
    /// Waits. Returns each ready `SelectorKey` with its events.
    fn wait<'py>(&self, py: Python<'py>, limit: &mut Limit) -> PyResult<Vec<(Bound<'py, PyAny>, u8)>> {
        let mut first = true;
        loop {
            let time_left = match self.wait_once(py, limit)? {
                Waited::Found(found) => return Ok(found),
                Waited::Closed if first => return Err(self.closed()),
                Waited::Closed => false,
                Waited::Failed(Error::Interrupted) => match limit.interrupted(py) {
                    Err(error) if error.is_instance_of::<PyInterruptedError>(py) => false,
                    time_left => time_left?,
                },
                Waited::Failed(error) => return Err(exception(py, &error)),
                Waited::Woken => {
                    while self.waiting.load(Ordering::SeqCst) > 0 {
                        py.detach(std::thread::yield_now);
                    }
                    limit.renew()
                }
            };
            if !time_left {
                return Ok(Vec::new());
            }
            first = false;
        }
    }

    fn wait_once<'py>(&self, py: Python<'py>, limit: &Limit) -> PyResult<Waited<'py>> {
        // Without other threads, nobody could wake this one.
        let needs_waker = self.waker.get().is_none() && registry::has_threads(py)?;
        Ok(self.with(py, |state| {
            let State { registry: Some(registry), ready, .. } = state else { return Waited::Closed };
            if needs_waker && let Ok(waker) = registry.waker() {
                let _ = self.waker.set(waker); // it is unset, so this succeeds
            }
            if self.waker.get().is_some() {
                self.process.store(std::process::id(), Ordering::Relaxed);
            }
            let timeout = limit.timeout();
            match py.detach(|| registry.select_into(ready, timeout)) {
                Ok(0) if ready.woken() => Waited::Woken,
                Ok(_) => {
                    let found = ready.iter().filter_map(|(token, readiness)| {
                        Some((registry.data(token)?.key.bind(py).clone(), readiness.interest().bits()))
                    });
                    Waited::Found(found.collect())
                }
                Err(error) => Waited::Failed(error),
            }
        }))
    }
}
