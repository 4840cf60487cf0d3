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
mod numbers;
mod poll;
mod registry;
mod select;
mod selector;
mod wait;

// What only some platforms have, each with its names in `select`.

#[cfg(any(target_os = "illumos", target_os = "solaris", feature = "devpoll-emulation"))]
mod devpoll;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod epoll;
#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple",
    feature = "libkqueue",
))]
mod kevent;
#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple",
    feature = "libkqueue",
))]
mod kqueue;

#[pymodule(name = "select")]
fn select_module(module: &Bound<'_, PyModule>) -> PyResult<()> {
    constants::add(module)?;
    module.add_function(wrap_pyfunction!(select::select, module)?)?;
    module.add_function(wrap_pyfunction!(poll::poll, module)?)?;
    #[cfg(any(target_os = "illumos", target_os = "solaris", feature = "devpoll-emulation"))]
    devpoll::add(module)?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    epoll::add(module)?;
    #[cfg(any(
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd",
        target_vendor = "apple",
        feature = "libkqueue",
    ))]
    kqueue::add(module)?;
    module.delattr("__all__") // which CPython's does not have
}

#[pymodule(name = "selectors")]
fn selectors_module(module: &Bound<'_, PyModule>) -> PyResult<()> {
    registry::add(module)?;
    module.delattr("__all__")
}
