//! The module `selectors`: its names, and the calls that its selectors make into Python.

use std::ffi::CStr;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyInt, PyTuple, PyType};
use selectors::{BackendKind, Interest};

use crate::selector::Selector;

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("EVENT_READ", Interest::READ.bits())?;
    module.add("EVENT_WRITE", Interest::WRITE.bits())?;
    module.add("_Selector", py.get_type::<Selector>())?;
    module.add("_available", BackendKind::available().map(BackendKind::name).collect::<Vec<_>>())?;
    py.run(SOURCE, Some(&module.dict()), None)
}

/// The module's part in Python.
const SOURCE: &CStr = match CStr::from_bytes_with_nul(concat!(include_str!("registry.py"), "\0").as_bytes()) {
    Ok(source) => source,
    Err(_) => panic!("a zero in registry.py"),
};

/// Makes a `SelectorKey`, a named tuple of the object, the descriptor, the events and the data.
pub(crate) fn key<'py>(
    class: &Bound<'py, PyType>,
    fields: (&Bound<'py, PyAny>, &Bound<'py, PyAny>, &Bound<'py, PyAny>, &Bound<'py, PyAny>),
) -> PyResult<Bound<'py, PyAny>> {
    // Faster than the class's own, a function in Python.
    static NEW: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = class.py();
    let new =
        NEW.get_or_try_init(py, || Ok::<_, PyErr>(py.get_type::<PyTuple>().getattr("__new__")?.unbind()))?;
    new.bind(py).call1((class, fields))
}

/// `int(object.fileno())`, or the object itself.
pub(crate) fn number<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if object.is_instance_of::<PyInt>() {
        return Ok(object.clone());
    }
    let fd = object.call_method0("fileno")?;
    if fd.is_exact_instance_of::<PyInt>() { Ok(fd) } else { object.py().get_type::<PyInt>().call1((fd,)) }
}
