//! The module `selectors`: its names, and the calls that its selectors make into Python.

use std::ffi::CStr;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyInt, PyTuple, PyType};
use selectors::{BackendKind, Interest};

use crate::selector::Selector;

/// Python's `SelectorKey`, a named tuple.
static KEY: PyOnceLock<Key> = PyOnceLock::new();

struct Key {
    class: Py<PyType>,
    // `tuple.__new__`, which is faster than that of the class, a function in Python.
    new: Py<PyAny>,
}

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("EVENT_READ", Interest::READ.bits())?;
    module.add("EVENT_WRITE", Interest::WRITE.bits())?;
    module.add("_Selector", py.get_type::<Selector>())?;
    module.add("_available", BackendKind::available().map(BackendKind::name).collect::<Vec<_>>())?;
    py.run(SOURCE, Some(&module.dict()), None)?;
    let class = module.getattr("SelectorKey")?.cast_into::<PyType>()?.unbind();
    let new = py.get_type::<PyTuple>().getattr("__new__")?.unbind();
    KEY.get_or_init(py, || Key { class, new });
    Ok(())
}

/// The module's part in Python.
const SOURCE: &CStr = match CStr::from_bytes_with_nul(concat!(include_str!("registry.py"), "\0").as_bytes()) {
    Ok(source) => source,
    Err(_) => panic!("a zero in registry.py"),
};

/// Makes a `SelectorKey`.
pub(crate) fn key<'py>(
    py: Python<'py>,
    fileobj: &Bound<'py, PyAny>,
    fd: &Bound<'py, PyAny>,
    events: &Bound<'py, PyAny>,
    data: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let Key { class, new } = KEY.get(py).expect("set when the module was loaded");
    new.bind(py).call1((class, (fileobj, fd, events, data)))
}

/// Whether Python has started other threads.
pub(crate) fn has_threads(py: Python<'_>) -> PyResult<bool> {
    static COUNT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let count =
        COUNT.get_or_try_init(py, || Ok::<_, PyErr>(py.import("_thread")?.getattr("_count")?.unbind()))?;
    // The threads that `_thread` started, without the main thread.
    Ok(count.bind(py).call0()?.extract::<usize>()? > 0)
}

/// `int(object.fileno())`, or the object itself.
pub(crate) fn number<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if object.is_instance_of::<PyInt>() {
        return Ok(object.clone());
    }
    let fd = object.call_method0("fileno")?;
    if fd.is_exact_instance_of::<PyInt>() { Ok(fd) } else { object.py().get_type::<PyInt>().call1((fd,)) }
}
