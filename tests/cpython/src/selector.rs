//! `selectors._Selector`: what the classes of `selectors` have in common, over the crate's registry.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, TryLockError};

use pyo3::exceptions::{PyInterruptedError, PyKeyError, PyOverflowError, PyRuntimeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use selectors::{AnySelector, BackendKind, Error, Ready, Waker};

use crate::arguments::{Found, descriptor, exception, interest, limit, not_registered, repr_error};
use crate::numbers;
use crate::registry;
use crate::wait::Limit;

type Registry = AnySelector<Object, Data>;

/// What is registered: an object, and the number that it named then.
pub(crate) struct Object {
    object: Py<PyAny>,
    fd: RawFd,
}

impl AsFd for Object {
    fn as_fd(&self) -> BorrowedFd<'_> {
        numbers::lend(self.fd)
    }
}

pub(crate) struct Data {
    /// Python's `SelectorKey`.
    key: Py<PyAny>,
    /// The how manieth registration it is: Python's maps keep that order.
    serial: u64,
}

#[pyclass(name = "_Selector", module = "selectors", subclass, frozen)]
pub(crate) struct Selector {
    kind: BackendKind,
    // Held for the whole of a wait, and otherwise never while code of Python's may run: whatever is dropped or made in
    // Python is dropped or made outside.
    state: Mutex<State>,
    // Ends a wait for a thread that wants `state`. Made when there is another thread.
    waker: OnceLock<Waker>,
    // How many threads want `state` while another has it.
    wanting: AtomicUsize,
    // Whether a thread is in `select`.
    selecting: AtomicBool,
    // The process in which a thread waited last while there were others; 0 if none has.
    process: AtomicU32,
}

#[derive(Default)]
struct State {
    // `None` when it is closed.
    registry: Option<Registry>,
    ready: Ready,
    serial: u64,
}

impl Selector {
    /// Does something with the state. If another thread waits, it is woken for that, and goes on afterwards.
    fn with<R>(&self, py: Python<'_>, act: impl FnOnce(&mut State) -> R) -> R {
        match self.turn(py) {
            Some(mut state) => act(&mut state),
            // For want of the thread that has it: a forked child has a closed selector then.
            None => act(&mut State::default()),
        }
    }

    fn turn(&self, py: Python<'_>) -> Option<MutexGuard<'_, State>> {
        if let Some(state) = self.lock() {
            return Some(state);
        }
        if ![0, std::process::id()].contains(&self.process.load(Ordering::Relaxed)) {
            return None;
        }
        self.wanting.fetch_add(1, Ordering::SeqCst);
        let state = loop {
            // What a failure would tell is that the wait has to end by itself.
            let _ = self.waker.get().map(Waker::wake);
            py.detach(|| drop(self.state.lock()));
            if let Some(state) = self.lock() {
                break state;
            }
        };
        self.wanting.fetch_sub(1, Ordering::SeqCst);
        Some(state)
    }

    fn lock(&self) -> Option<MutexGuard<'_, State>> {
        match self.state.try_lock() {
            Ok(state) => Some(state),
            Err(TryLockError::Poisoned(state)) => Some(state.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn closed(&self) -> PyErr {
        PyValueError::new_err(format!("I/O operation on closed {} object", self.kind.name()))
    }

    /// The descriptor under which an object is known: the one that it names, or, if it names none any more, the one that
    /// it was registered with.
    fn look_up<'py>(&self, fileobj: &Bound<'py, PyAny>) -> PyResult<Found<'py>> {
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
            Some(fd) => Ok(Found { fd: Some(fd), number: fd.into_pyobject(py)?.into_any() }),
            None => Err(invalid),
        }
    }

    /// Python's key of a registration.
    fn key(&self, py: Python<'_>, fd: Option<RawFd>) -> Option<Py<PyAny>> {
        self.with(py, |state| Some(state.registry.as_ref()?.data(numbers::lend(fd?))?.key.clone_ref(py)))
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
        let state = State { registry: Some(registry), ready: Ready::new(), serial: 0 };
        let (waker, wanting, selecting, process) = Default::default();
        Ok(Self { kind, state: Mutex::new(state), waker, wanting, selecting, process })
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
        let Found { fd, number } = self.look_up(fileobj)?;
        let too_large = || PyOverflowError::new_err("Python int too large to convert to C int");
        let fd = fd.ok_or_else(too_large)?;
        let none = py.None().into_bound(py);
        let key = registry::key(py, fileobj, &number, events, data.unwrap_or(&none))?;
        let object = Object { object: fileobj.clone().unbind(), fd };
        let python = key.clone().unbind();
        let registered = self.with(py, |state| {
            state.serial += 1;
            let data = Data { key: python, serial: state.serial };
            state.registry.as_mut().map(|registry| registry.register(object, interest, data))
        });
        match registered {
            None => Err(self.closed()),
            Some(Ok(_)) => Ok(key),
            Some(Err(rejected)) => Err(match rejected.error {
                Error::AlreadyRegistered { .. } => repr_error(fileobj, |repr| {
                    PyKeyError::new_err(format!("{repr} (FD {fd}) is already registered"))
                }),
                error => exception(py, &error),
            }),
        }
    }

    fn unregister<'py>(&self, py: Python<'py>, fileobj: &Bound<'py, PyAny>) -> PyResult<Py<PyAny>> {
        let Found { fd, .. } = self.look_up(fileobj)?;
        let unregistered =
            self.with(py, |state| Some(state.registry.as_mut()?.unregister(numbers::lend(fd?))));
        match unregistered {
            None | Some(Err(Error::NotRegistered)) => Err(not_registered(fileobj)),
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
        let Found { fd, .. } = self.look_up(fileobj)?;
        let Some((fd, key)) = fd.and_then(|fd| Some((fd, self.key(py, Some(fd))?))) else {
            return Err(not_registered(fileobj));
        };
        let key = key.into_bound(py).cast_into::<PyTuple>()?;
        let none = py.None().into_bound(py);
        let data = data.unwrap_or(&none);
        let other_events = events.ne(key.get_item(2)?)?;
        if !other_events && !data.ne(key.get_item(3)?)? {
            return Ok(key.into_any());
        }
        let interest = if other_events { Some(interest(events)?) } else { None };
        let new = registry::key(py, &key.get_item(0)?, &key.get_item(1)?, events, data)?;
        let python = new.clone().unbind();
        let modified = self.with(py, |state| {
            let registry = state.registry.as_mut()?;
            if let Some(Err(error)) = interest.map(|interest| registry.modify(numbers::lend(fd), interest)) {
                // Python drops a registration that the kernel would not change.
                return Some(Err((error, registry.unregister(numbers::lend(fd)))));
            }
            let data = registry.data_mut(numbers::lend(fd))?;
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
        let Found { fd, .. } = self.look_up(fileobj)?;
        self.key(py, fd).ok_or_else(|| not_registered(fileobj))
    }

    fn _get<'py>(
        &self,
        py: Python<'py>,
        fileobj: &Bound<'py, PyAny>,
        default: Py<PyAny>,
    ) -> PyResult<Py<PyAny>> {
        let Found { fd, .. } = self.look_up(fileobj)?;
        Ok(self.key(py, fd).unwrap_or(default))
    }

    fn _len(&self, py: Python<'_>) -> usize {
        self.with(py, |state| state.registry.as_ref().map_or(0, |registry| registry.keys().len()))
    }

    /// In the order of registration.
    fn _descriptors(&self, py: Python<'_>) -> Vec<RawFd> {
        let mut known: Vec<_> = self.with(py, |state| {
            let keys = state.registry.iter().flat_map(|registry| registry.keys());
            keys.map(|key| (key.data().serial, key.fd())).collect()
        });
        known.sort_unstable();
        known.into_iter().map(|(_, fd)| fd).collect()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // While another thread waits nothing can be garbage: that thread has it.
        let Some(state) = self.lock() else { return Ok(()) };
        for key in state.registry.iter().flat_map(|registry| registry.keys()) {
            visit.call(&key.fileobj().object)?;
            visit.call(&key.data().key)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        let garbage = self.lock().and_then(|mut state| state.registry.take());
        drop(garbage);
    }
}

/// How one call ended.
enum Waited<'py> {
    Found(Vec<(Bound<'py, PyAny>, u8)>),
    Failed(Error),
    /// Another thread wants the state.
    Wanted,
    Closed,
}

impl Selector {
    /// Waits: each ready key of Python's with its events.
    fn wait<'py>(&self, py: Python<'py>, limit: &mut Limit) -> PyResult<Vec<(Bound<'py, PyAny>, u8)>> {
        let mut first = true;
        loop {
            let go_on = match self.wait_once(py, limit)? {
                Waited::Found(found) => return Ok(found),
                Waited::Closed if first => return Err(self.closed()),
                Waited::Closed => false,
                Waited::Failed(Error::Interrupted) => match limit.interrupted(py) {
                    Err(error) if error.is_instance_of::<PyInterruptedError>(py) => false,
                    go_on => go_on?,
                },
                Waited::Failed(error) => return Err(exception(py, &error)),
                Waited::Wanted => {
                    while self.wanting.load(Ordering::SeqCst) > 0 {
                        py.detach(std::thread::yield_now);
                    }
                    limit.go_on()
                }
            };
            if !go_on {
                return Ok(Vec::new());
            }
            first = false;
        }
    }

    fn wait_once<'py>(&self, py: Python<'py>, limit: &Limit) -> PyResult<Waited<'py>> {
        // Whoever is alone has nobody to be woken by.
        let with_others = self.waker.get().is_none() && registry::has_threads(py)?;
        Ok(self.with(py, |state| {
            let State { registry: Some(registry), ready, .. } = state else { return Waited::Closed };
            if with_others && let Ok(waker) = registry.waker() {
                let _ = self.waker.set(waker); // there is none
            }
            if self.waker.get().is_some() {
                self.process.store(std::process::id(), Ordering::Relaxed);
            }
            let timeout = limit.timeout();
            match py.detach(|| registry.select_into(ready, timeout)) {
                Ok(0) if ready.woken() => Waited::Wanted,
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
