//! `selectors._Selector`: the base of the classes of `selectors`, on the crate's registry.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::{PyInterruptedError, PyKeyError, PyOverflowError, PyRuntimeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyList, PyTuple, PyType};
use selectors::sys::fd::RawFd;
use selectors::{BackendKind, Error, Interest, Ready};

use crate::arguments::{Descriptor, descriptor, exception, interest, limit, not_registered, repr_error};
use crate::numbers;
use crate::registry;
use crate::shared::{Refusal, Shared};
use crate::wait::Limit;

#[pyclass(name = "_Selector", module = "selectors", subclass, frozen)]
pub(crate) struct Selector {
    kind: BackendKind,
    // `None` when it is closed. Never locked while other code may run.
    shared: Mutex<Option<Arc<Shared>>>,
    // Python's keys by descriptor, in registration order. Used with the interpreter's lock only, which the thread that forks
    // has too, so a forked child never finds it half changed.
    keys: Py<PyDict>,
    // The class of `keys`. Each import of the module has its own.
    key_class: Py<PyType>,
    // The list of the next wait. Never locked while other code may run.
    ready: Mutex<Ready>,
}

impl Selector {
    /// The crate's registry; `None` if this is closed.
    fn shared(&self) -> Option<Arc<Shared>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, shared: Option<Arc<Shared>>) -> Option<Arc<Shared>> {
        std::mem::replace(&mut *self.shared.lock().unwrap_or_else(PoisonError::into_inner), shared)
    }

    /// Replaces the list of the next wait, so that it is used by one wait at a time.
    fn swap_ready(&self, ready: Ready) -> Ready {
        std::mem::replace(&mut *self.ready.lock().unwrap_or_else(PoisonError::into_inner), ready)
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
        for (number, key) in self.keys.bind(py) {
            if key.cast_into::<PyTuple>()?.get_item(0)?.is(fileobj) {
                return Ok(Descriptor { fd: Some(number.extract()?), number });
            }
        }
        Err(invalid)
    }

    /// The `SelectorKey` of a registration.
    fn key<'py>(&self, py: Python<'py>, fd: Option<RawFd>) -> PyResult<Option<Bound<'py, PyAny>>> {
        fd.map_or(Ok(None), |fd| self.keys.bind(py).get_item(fd))
    }

    fn new_key<'py>(
        &self,
        fileobj: &Bound<'py, PyAny>,
        fd: &Bound<'py, PyAny>,
        events: &Bound<'py, PyAny>,
        data: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let none = fd.py().None().into_bound(fd.py());
        registry::key(self.key_class.bind(fd.py()), (fileobj, fd, events, data.unwrap_or(&none)))
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
        let key_class = class.getattr("_key_class")?.cast_into::<PyType>()?.unbind();
        let shared = Shared::open(kind).map_err(|error| exception(py, &error))?;
        Ok(Self {
            kind,
            shared: Mutex::new(Some(Arc::new(shared))),
            keys: PyDict::new(py).unbind(),
            key_class,
            ready: Mutex::default(),
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
        let key = self.new_key(fileobj, &number, events, data)?;
        match self.shared().ok_or_else(|| self.closed())?.register(fd, interest) {
            Ok(()) => {
                self.keys.bind(py).set_item(fd, &key)?;
                Ok(key)
            }
            Err(Refusal::AlwaysReady) => Err(numbers::errno(py, libc::EPERM)),
            Err(Refusal::Failed(Error::AlreadyRegistered { .. })) => Err(repr_error(fileobj, |repr| {
                PyKeyError::new_err(format!("{repr} (FD {fd}) is already registered"))
            })),
            Err(Refusal::Failed(error)) => Err(exception(py, &error)),
        }
    }

    fn unregister<'py>(&self, py: Python<'py>, fileobj: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let Descriptor { fd, .. } = self.look_up(fileobj)?;
        let (Some(fd), Some(shared), Some(key)) = (fd, self.shared(), self.key(py, fd)?) else {
            return Err(not_registered(fileobj));
        };
        shared.unregister(fd).map_err(|error| exception(py, &error))?;
        self.keys.bind(py).del_item(fd)?;
        Ok(key)
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
        let Some((fd, key)) = fd.zip(self.key(py, fd)?) else { return Err(not_registered(fileobj)) };
        let key = key.cast_into::<PyTuple>()?;
        let events_differ = events.ne(key.get_item(2)?)?;
        let none = py.None().into_bound(py);
        if !events_differ && !data.unwrap_or(&none).ne(key.get_item(3)?)? {
            return Ok(key.into_any());
        }
        let interest = if events_differ { Some(interest(events)?) } else { None };
        let new = self.new_key(&key.get_item(0)?, &key.get_item(1)?, events, data)?;
        // The conversions may have run code that closed this, or unregistered the object.
        let (Some(shared), Some(_)) = (self.shared(), self.key(py, Some(fd))?) else {
            return Err(not_registered(fileobj));
        };
        if let Some(Err(error)) = interest.map(|interest| shared.modify(fd, interest)) {
            // CPython drops a registration that the kernel refuses to change.
            let _ = shared.unregister(fd);
            self.keys.bind(py).del_item(fd)?;
            return Err(exception(py, &error));
        }
        self.keys.bind(py).set_item(fd, &new)?;
        Ok(new)
    }

    #[pyo3(signature = (timeout=None))]
    fn select<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let mut limit = Limit::from_now(timeout.map(limit).transpose()?);
        let mut ready = self.swap_ready(Ready::new());
        let found = self.wait(py, &mut limit, &mut ready);
        drop(self.swap_ready(ready));
        found
    }

    /// Closes it. Waits of other threads end.
    fn close(&self, py: Python<'_>) {
        if let Some(closed) = self.replace(None) {
            closed.end_waits();
        }
        self.keys.bind(py).clear();
    }

    fn get_key<'py>(&self, py: Python<'py>, fileobj: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if self.shared().is_none() {
            return Err(PyRuntimeError::new_err("Selector is closed"));
        }
        self._find(py, fileobj)
    }

    fn _fileno(&self) -> PyResult<RawFd> {
        self.shared().and_then(|shared| shared.fd()).ok_or_else(|| self.closed())
    }

    fn _find<'py>(&self, py: Python<'py>, fileobj: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let Descriptor { fd, .. } = self.look_up(fileobj)?;
        self.key(py, fd)?.ok_or_else(|| not_registered(fileobj))
    }

    fn _get<'py>(
        &self,
        py: Python<'py>,
        fileobj: &Bound<'py, PyAny>,
        default: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Descriptor { fd, .. } = self.look_up(fileobj)?;
        Ok(self.key(py, fd)?.unwrap_or(default))
    }

    /// The keys by descriptor, in registration order.
    #[getter]
    fn _keys(&self, py: Python<'_>) -> Py<PyDict> {
        self.keys.clone_ref(py)
    }

    /// Replaces the registry in a forked child. The inherited one shares its waker and, on epoll, its set with the parent,
    /// and a thread that waited at the time of the fork may have locked it.
    fn _after_fork_in_child(slf: &Bound<'_, Self>) {
        let this = slf.get();
        let Some(inherited) = this.replace(None) else { return };
        // First, as the child may have no descriptor left.
        drop(inherited);
        match this.reopened(slf.py()) {
            Ok(shared) => drop(this.replace(Some(Arc::new(shared)))),
            Err(error) => error.write_unraisable(slf.py(), Some(slf)),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.keys)?;
        visit.call(&self.key_class)
    }
}

impl Selector {
    /// Waits. Returns each ready `SelectorKey` with its events.
    fn wait<'py>(
        &self,
        py: Python<'py>,
        limit: &mut Limit,
        ready: &mut Ready,
    ) -> PyResult<Bound<'py, PyList>> {
        let mut shared = self.shared().ok_or_else(|| self.closed())?;
        loop {
            let timeout = limit.timeout();
            match shared.wait(py, ready, timeout) {
                Ok(()) => return self.results(py, &shared.found(ready)),
                Err(Error::Interrupted) => {}
                Err(error) => return Err(exception(py, &error)),
            }
            let has_time = match limit.interrupted(py) {
                Err(error) if error.is_instance_of::<PyInterruptedError>(py) => false,
                has_time => has_time?,
            };
            // A signal handler may have closed this, or may have forked.
            match self.shared() {
                Some(now) if has_time => shared = now,
                _ => return Ok(PyList::empty(py)),
            }
        }
    }

    fn results<'py>(&self, py: Python<'py>, found: &[(RawFd, Interest)]) -> PyResult<Bound<'py, PyList>> {
        let results = PyList::empty(py);
        for &(fd, interest) in found {
            // If this was closed meanwhile, there is none.
            let Some(key) = self.key(py, Some(fd))? else { continue };
            let key = key.cast_into::<PyTuple>()?;
            let mut events = interest.bits().into_pyobject(py)?.into_any();
            let registered = key.get_item(2)?;
            if !registered.is_exact_instance_of::<PyInt>() {
                events = events.bitand(registered)?; // of the class of these, such as an `IntFlag`
            }
            results.append((key, events))?;
        }
        Ok(results)
    }

    fn reopened(&self, py: Python<'_>) -> PyResult<Shared> {
        let shared = Shared::open(self.kind).map_err(|error| exception(py, &error))?;
        for (fd, key) in self.keys.bind(py) {
            let interest = interest(&key.cast_into::<PyTuple>()?.get_item(2)?)?;
            shared.inherit(fd.extract()?, interest).map_err(|error| exception(py, &error))?;
        }
        Ok(shared)
    }
}
