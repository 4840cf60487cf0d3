//! Python's modules `select` and `selectors` on `select-sys` and `selectors`.
//!
//! They are for tests: CPython's own tests, and the modules of its library that wait, run on the two crates. This library
//! has Python's side: conversion of numbers, units, exceptions, classes, the map of keys, the interpreter's lock and signals.
//! Every wait and registration is a call into the crates.
//!
//! One library holds both modules. Python loads it once under each name.

use pyo3::prelude::*;

mod arguments;
mod constants;
mod numbers;
mod poll;
mod refused;
mod registry;
mod select;
mod selector;
mod shared;
mod wait;

// Modules of some platforms. Each adds its names to `select`.

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
    module.delattr("__all__") // CPython's module has none
}

#[pymodule(name = "selectors")]
fn selectors_module(module: &Bound<'_, PyModule>) -> PyResult<()> {
    registry::add(module)?;
    module.delattr("__all__")
}
