//! What the methods of a selector are given, and the exceptions that tell what is wrong with it.

use std::time::Duration;

use pyo3::exceptions::{PyAttributeError, PyKeyError, PyMemoryError, PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use selectors::sys::fd::RawFd;
use selectors::{Error, Interest};

use crate::numbers::{self, Unit};
use crate::registry;

/// A descriptor, and how Python wrote it; `None` if it is too large for one.
pub(crate) struct Found<'py> {
    pub(crate) fd: Option<RawFd>,
    pub(crate) number: Bound<'py, PyAny>,
}

/// The descriptor that an object names.
pub(crate) fn descriptor<'py>(fileobj: &Bound<'py, PyAny>) -> PyResult<Found<'py>> {
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
        Ok(fd) if fd >= 0 => Ok(Found { fd: Some(fd), number }),
        Err(_) if number.gt(0)? => Ok(Found { fd: None, number }),
        _ => {
            Err(repr_error(&number, |repr| PyValueError::new_err(format!("Invalid file descriptor: {repr}"))))
        }
    }
}

/// An exception that shows an object; or the one that showing it raises.
pub(crate) fn repr_error(object: &Bound<'_, PyAny>, error: impl FnOnce(&str) -> PyErr) -> PyErr {
    match object.repr() {
        Ok(repr) => error(&repr.to_string_lossy()),
        Err(error) => error,
    }
}

pub(crate) fn not_registered(fileobj: &Bound<'_, PyAny>) -> PyErr {
    repr_error(fileobj, |repr| PyKeyError::new_err(format!("{repr} is not registered")))
}

/// The events of Python's that can be asked for.
pub(crate) fn interest(events: &Bound<'_, PyAny>) -> PyResult<Interest> {
    let known = Interest::READ | Interest::WRITE;
    let invalid = || repr_error(events, |repr| PyValueError::new_err(format!("Invalid events: {repr}")));
    if !events.is_truthy()? || events.bitand(!i32::from(known.bits()))?.is_truthy()? {
        return Err(invalid());
    }
    Interest::from_bits(events.extract()?).ok_or_else(invalid)
}

/// What the registry says, as an exception.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    match (error, error.raw_os_error()) {
        (_, Some(number)) => numbers::errno(py, number),
        (Error::Limit { .. }, _) => PyMemoryError::new_err(error.to_string()),
        _ => PyOSError::new_err(error.to_string()),
    }
}

/// How long to wait.
pub(crate) fn limit(timeout: &Bound<'_, PyAny>) -> PyResult<Duration> {
    if timeout.le(0)? {
        return Ok(Duration::ZERO);
    }
    let nanoseconds = numbers::nanoseconds(timeout, Unit::Seconds, "timeout must be a number or None")?;
    Ok(Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0)))
}
