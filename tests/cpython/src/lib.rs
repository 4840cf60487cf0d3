//! Python's modules `select` and `selectors`, over `select-sys` and `selectors`.
//!
//! It is for CPython's own tests: they, and the programs of its library that wait, run on the two crates. What is
//! Python's is here: how numbers are read, units, exceptions, classes, the interpreter's lock and its signals. Every
//! wait, every registration and every lookup is a call into the crates.
//!
//! One library holds both modules. It is loaded twice, under the name of each.

use pyo3::prelude::*;

mod arguments;
mod constants;
#[cfg(feature = "devpoll-emulation")]
mod devpoll;
mod epoll;
#[cfg(feature = "libkqueue")]
mod kevent;
#[cfg(feature = "libkqueue")]
mod kqueue;
mod numbers;
mod poll;
mod registry;
mod select;
mod selector;
mod wait;

#[pymodule(name = "select")]
fn select_module(module: &Bound<'_, PyModule>) -> PyResult<()> {
    constants::add(module)?;
    module.add_function(wrap_pyfunction!(select::select, module)?)?;
    module.add_function(wrap_pyfunction!(poll::poll, module)?)?;
    module.add_class::<epoll::Epoll>()?;
    #[cfg(feature = "devpoll-emulation")]
    module.add_function(wrap_pyfunction!(devpoll::devpoll, module)?)?;
    #[cfg(feature = "libkqueue")]
    module.add_class::<kevent::Kevent>()?;
    #[cfg(feature = "libkqueue")]
    module.add_class::<kqueue::Kqueue>()?;
    module.delattr("__all__") // which CPython's does not have
}

#[pymodule(name = "selectors")]
fn selectors_module(module: &Bound<'_, PyModule>) -> PyResult<()> {
    registry::add(module)?;
    module.delattr("__all__")
}
