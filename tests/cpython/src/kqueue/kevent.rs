//! `select.kevent`, and the constants of kqueue.

use pyo3::basic::CompareOp;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyInt;
use selectors::sys::kqueue::{self, Data, Filter, FilterBits, FlagBits, Flags, Notes};

use crate::numbers;

/// An event, or a change of a filter.
#[pyclass(name = "kevent", module = "select")]
pub(crate) struct Kevent {
    #[pyo3(get, set)]
    ident: usize,
    #[pyo3(get, set)]
    filter: FilterBits,
    #[pyo3(get, set)]
    flags: FlagBits,
    #[pyo3(get, set)]
    fflags: u32,
    #[pyo3(get, set)]
    data: Data,
    #[pyo3(get, set)]
    udata: usize,
}

impl Kevent {
    pub(super) fn from_event(event: &kqueue::Kevent) -> Self {
        let (filter, flags, fflags) = (event.filter.bits(), event.flags.bits(), event.fflags.bits());
        Self { ident: event.ident, filter, flags, fflags, data: event.data, udata: event.udata }
    }

    pub(super) fn to_change(&self) -> kqueue::Kevent {
        let flags = Flags::from_bits_retain(self.flags);
        let change = kqueue::Kevent::new(self.ident, Filter::from_bits(self.filter), flags);
        let fflags = Notes::from_bits_retain(self.fflags);
        kqueue::Kevent { fflags, data: self.data, udata: self.udata, ..change }
    }
}

#[pymethods]
impl Kevent {
    #[new]
    #[pyo3(signature = (
        ident, filter=Filter::READ.bits(), flags=u32::from(Flags::ADD.bits()), fflags=0, data=0, udata=0
    ))]
    fn new(
        #[pyo3(from_py_with = ident)] ident: usize,
        filter: FilterBits,
        #[pyo3(from_py_with = numbers::mask32)] flags: u32,
        #[pyo3(from_py_with = numbers::mask32)] fflags: u32,
        data: Data,
        udata: usize,
    ) -> Self {
        Self { ident, filter, flags: flags as FlagBits, fflags, data, udata } // the lower bits, as in CPython
    }

    fn __repr__(&self) -> String {
        let Self { ident, filter, flags, fflags, data, udata } = self;
        format!(
            "<select.kevent ident={ident} filter={filter} flags={flags:#x} fflags={fflags:#x} data={data:#x} \
             udata={udata:#x}>"
        )
    }

    fn __richcmp__(&self, other: &Bound<'_, PyAny>, operator: CompareOp) -> PyResult<Py<PyAny>> {
        let py = other.py();
        let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented()) };
        let order = self.key().cmp(&other.borrow().key());
        Ok(operator.matches(order).into_pyobject(py)?.to_owned().into_any().unbind())
    }
}

impl Kevent {
    fn key(&self) -> (usize, FilterBits, FlagBits, u32, Data, isize) {
        (self.ident, self.filter, self.flags, self.fflags, self.data, self.udata as isize)
    }
}

/// The number of an `int`, else the descriptor of an object.
fn ident(object: &Bound<'_, PyAny>) -> PyResult<usize> {
    if object.is_instance_of::<PyInt>() {
        return object.extract();
    }
    let fd = numbers::descriptor(object)?;
    usize::try_from(fd).map_err(|_| PyValueError::new_err("a descriptor is not negative"))
}

pub(super) fn constants(module: &Bound<'_, PyModule>) -> PyResult<()> {
    const FILTERS: [(&str, Filter); 7] = [
        ("READ", Filter::READ),
        ("WRITE", Filter::WRITE),
        ("AIO", Filter::AIO),
        ("VNODE", Filter::VNODE),
        ("PROC", Filter::PROC),
        ("SIGNAL", Filter::SIGNAL),
        ("TIMER", Filter::TIMER),
    ];
    const FLAGS: [&str; 10] =
        ["ADD", "DELETE", "ENABLE", "DISABLE", "ONESHOT", "CLEAR", "EOF", "ERROR", "SYSFLAGS", "FLAG1"];
    const NOTES: [&str; 16] = [
        "LOWAT",
        "DELETE",
        "WRITE",
        "EXTEND",
        "ATTRIB",
        "LINK",
        "RENAME",
        "REVOKE",
        "EXIT",
        "FORK",
        "EXEC",
        "PCTRLMASK",
        "PDATAMASK",
        "TRACK",
        "CHILD",
        "TRACKERR",
    ];
    for (name, filter) in FILTERS {
        module.add(format!("KQ_FILTER_{name}"), filter.bits())?;
    }
    for name in FLAGS {
        if let Some(flag) = Flags::from_name(name) {
            module.add(format!("KQ_EV_{name}"), flag.bits())?;
        }
    }
    for name in NOTES {
        if let Some(note) = Notes::from_name(name) {
            module.add(format!("KQ_NOTE_{name}"), note.bits())?;
        }
    }
    Ok(())
}
