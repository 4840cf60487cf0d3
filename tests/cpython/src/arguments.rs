//! The arguments of a selector's methods, and the exceptions for wrong ones.

use std::time::Duration;

use pyo3::exceptions::{PyAttributeError, PyKeyError, PyMemoryError, PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use selectors::sys::fd::RawFd;
use selectors::{Error, Interest};

use crate::numbers::{self, Unit};
use crate::registry;

/// A descriptor as Python's number.
pub(crate) struct Descriptor<'py> {
    /// `None` if the number is too large for a descriptor.
    pub(crate) fd: Option<RawFd>,
    pub(crate) number: Bound<'py, PyAny>,
}

/// The descriptor of an object.
pub(crate) fn descriptor<'py>(fileobj: &Bound<'py, PyAny>) -> PyResult<Descriptor<'py>> {
    let py = fileobj.py();
    let number = registry::number(fileobj).map_err(|error| {
        let about_the_object = error.is_instance_of::<PyAttributeError>(py)
            || error.is_instance_of::<PyTypeError>(py)
            || error.is_instance_of::<PyValueError>(py);
        if about_the_object {
            repr_error(fileobj, |repr| PyValueError::new_err(format!("Invalid file object: {repr}")))
        } else {
            error
        }
    })?;
    match number.extract::<RawFd>() {
        Ok(fd) if fd >= 0 => Ok(Descriptor { fd: Some(fd), number }),
        Err(_) if number.gt(0)? => Ok(Descriptor { fd: None, number }),
        _ => {
            Err(repr_error(&number, |repr| PyValueError::new_err(format!("Invalid file descriptor: {repr}"))))
        }
    }
}

/// Makes an exception from the `repr` of an object. Returns the exception of `repr` if that fails.
pub(crate) fn repr_error(object: &Bound<'_, PyAny>, error: impl FnOnce(&str) -> PyErr) -> PyErr {
    match object.repr() {
        Ok(repr) => error(&repr.to_string_lossy()),
        Err(error) => error,
    }
}

pub(crate) fn not_registered(fileobj: &Bound<'_, PyAny>) -> PyErr {
    repr_error(fileobj, |repr| PyKeyError::new_err(format!("{repr} is not registered")))
}

/// Converts Python's events.
pub(crate) fn interest(events: &Bound<'_, PyAny>) -> PyResult<Interest> {
    let known = Interest::READ | Interest::WRITE;
    let invalid = || repr_error(events, |repr| PyValueError::new_err(format!("Invalid events: {repr}")));
    if !events.is_truthy()? || events.bitand(!i32::from(known.bits()))?.is_truthy()? {
        return Err(invalid());
    }
    Interest::from_bits(events.extract()?).ok_or_else(invalid)
}

/// Converts an error of the registry.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    match (error, error.raw_os_error()) {
        (_, Some(number)) => numbers::errno(py, number),
        (Error::Limit { .. }, _) => PyMemoryError::new_err(error.to_string()),
        _ => PyOSError::new_err(error.to_string()),
    }
}

/// Converts a timeout.
pub(crate) fn limit(timeout: &Bound<'_, PyAny>) -> PyResult<Duration> {
    if timeout.le(0)? {
        return Ok(Duration::ZERO);
    }
    let nanoseconds = numbers::nanoseconds(timeout, Unit::Seconds, "timeout must be a number or None")?;
    Ok(Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0)))
}
