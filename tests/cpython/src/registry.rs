//! The module `selectors`: its names, and what its selectors ask Python for.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyInt, PyTuple, PyType};
use selectors::{BackendKind, Interest};

use crate::selector::Selector;

/// What a registration is called in Python: `SelectorKey`, a named tuple.
static KEY: PyOnceLock<Key> = PyOnceLock::new();

struct Key {
    class: Py<PyType>,
    // `tuple.__new__`: the class's own is a function in Python.
    new: Py<PyAny>,
}

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("EVENT_READ", Interest::READ.bits())?;
    module.add("EVENT_WRITE", Interest::WRITE.bits())?;
    module.add("_Selector", py.get_type::<Selector>())?;
    module.add("_available", BackendKind::available().map(BackendKind::name).collect::<Vec<_>>())?;
    py.run(c_str(), Some(&module.dict()), None)?;
    let class = module.getattr("SelectorKey")?.cast_into::<PyType>()?.unbind();
    let new = py.get_type::<PyTuple>().getattr("__new__")?.unbind();
    KEY.get_or_init(py, || Key { class, new });
    Ok(())
}

fn c_str() -> &'static std::ffi::CStr {
    const SOURCE: &[u8] = concat!(include_str!("registry.py"), "\0").as_bytes();
    const TEXT: &std::ffi::CStr = match std::ffi::CStr::from_bytes_with_nul(SOURCE) {
        Ok(text) => text,
        Err(_) => panic!("a zero in registry.py"),
    };
    TEXT
}

/// A key of Python's.
pub(crate) fn key<'py>(
    py: Python<'py>,
    fileobj: &Bound<'py, PyAny>,
    fd: &Bound<'py, PyAny>,
    events: &Bound<'py, PyAny>,
    data: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let Key { class, new } = KEY.get(py).expect("set when the module was made");
    new.bind(py).call1((class, (fileobj, fd, events, data)))
}

/// Whether other threads of Python's are there.
pub(crate) fn has_threads(py: Python<'_>) -> PyResult<bool> {
    static COUNT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let count =
        COUNT.get_or_try_init(py, || Ok::<_, PyErr>(py.import("_thread")?.getattr("_count")?.unbind()))?;
    // Those that the module started, without the first one.
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
