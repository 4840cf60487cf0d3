//! The module `selectors`.

use pyo3::prelude::*;
pub(crate) fn add(_module: &Bound<'_, PyModule>) -> PyResult<()> { Ok(()) }
