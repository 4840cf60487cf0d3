//! The constants of `select` that every platform has.

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use selectors::sys::PIPE_BUF;
use selectors::sys::poll::PollFlags;

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("error", module.py().get_type::<PyOSError>())?;
    module.add("PIPE_BUF", PIPE_BUF)?;
    for (name, flag) in PollFlags::all().iter_names() {
        module.add(format!("POLL{name}"), flag.bits())?;
    }
    Ok(())
}
