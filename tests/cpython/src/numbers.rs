//! How Python's numbers and objects are read: descriptors, masks, times.

#![expect(
    unsafe_code,
    reason = "Python names descriptors by number, and reads some numbers by functions of its own"
)]

use std::io;
use std::time::Duration;

use pyo3::exceptions::{PyOSError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyFloat;
use selectors::sys::fd::{BorrowedFd, RawFd};

/// The descriptor that an object stands for, by CPython's own rules: an `int`, or what `fileno()` gives.
pub(crate) fn descriptor(object: &Bound<'_, PyAny>) -> PyResult<RawFd> {
    // SAFETY: `object` is an object, and this thread is attached, as `Bound` says.
    match unsafe { ffi::PyObject_AsFileDescriptor(object.as_ptr()) } {
        -1 => Err(PyErr::fetch(object.py())),
        fd => Ok(fd),
    }
}

/// A descriptor for the crates, whose number is not negative.
///
/// Python goes by numbers, and cannot promise that one is open. No memory depends on that promise: these borrows reach
/// nothing but system calls, which answer `EBADF`.
pub(crate) fn lend(fd: RawFd) -> BorrowedFd<'static> {
    assert!(fd >= 0, "checked where it was read");
    // SAFETY: it is not -1, the one number that a `BorrowedFd` must not have. That it is open is Python's affair; see
    // above.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// A mask of 16 bits, as `poll` and `/dev/poll` have it.
pub(crate) fn short_mask(object: &Bound<'_, PyAny>) -> PyResult<u16> {
    if !object.is_instance_of::<pyo3::types::PyInt>() {
        return Err(PyTypeError::new_err("an integer is required"));
    }
    if object.lt(0)? {
        return Err(PyValueError::new_err("value must be positive"));
    }
    let overflow = || PyOverflowError::new_err("Python int too large for C unsigned short");
    object.extract::<u64>().ok().and_then(|mask| mask.try_into().ok()).ok_or_else(overflow)
}

/// A mask of 32 bits, cut from any number.
#[allow(dead_code, reason = "illumos has nothing that takes such a mask")]
pub(crate) fn long_mask(object: &Bound<'_, PyAny>) -> PyResult<u32> {
    // SAFETY: `object` is an object, and this thread is attached, as `Bound` says.
    let mask = unsafe { ffi::PyLong_AsUnsignedLongMask(object.as_ptr()) };
    match PyErr::take(object.py()) {
        Some(error) => Err(error),
        None => Ok(mask as u32), // cut on purpose
    }
}

/// What a time of one is in nanoseconds.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Seconds = 1_000_000_000,
    Milliseconds = 1_000_000,
}

/// A time in nanoseconds, rounded away from zero. Neither for ever nor negative means anything here.
pub(crate) fn nanoseconds(time: &Bound<'_, PyAny>, unit: Unit, wrong_type: &'static str) -> PyResult<i64> {
    let overflow = || PyOverflowError::new_err("timestamp out of range for platform time_t");
    if let Ok(time) = time.cast::<PyFloat>() {
        let time = time.value();
        if time.is_nan() {
            return Err(PyValueError::new_err("Invalid value NaN (not a number)"));
        }
        let exact = time * (unit as i64) as f64;
        let rounded = if exact >= 0.0 { exact.ceil() } else { exact.floor() };
        // -2^63 is a float, 2^63 - 1 is not.
        let fits = (i64::MIN as f64..-(i64::MIN as f64)).contains(&rounded);
        return if fits { Ok(rounded as i64) } else { Err(overflow()) };
    }
    let whole: i64 = time.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyTypeError>(time.py()) { PyTypeError::new_err(wrong_type) } else { error }
    })?;
    whole.checked_mul(unit as i64).ok_or_else(overflow)
}

/// A time as the calls take it that count in milliseconds; `None` is for ever.
pub(crate) fn milliseconds(nanoseconds: i64, round: fn(i64) -> i64) -> PyResult<Option<Duration>> {
    let millis =
        i32::try_from(round(nanoseconds)).map_err(|_| PyOverflowError::new_err("timeout is too large"))?;
    Ok(u64::try_from(millis).ok().map(Duration::from_millis))
}

/// To whole milliseconds, away from zero.
pub(crate) fn away_from_zero(nanoseconds: i64) -> i64 {
    let (whole, rest) = (nanoseconds / 1_000_000, nanoseconds % 1_000_000);
    whole + rest.signum()
}

/// The exception for an error of the system, with its number.
pub(crate) fn os_error(py: Python<'_>, error: &io::Error) -> PyErr {
    let Some(number) = error.raw_os_error() else { return PyOSError::new_err(error.to_string()) };
    errno(py, number)
}

/// The exception for a number of the system.
pub(crate) fn errno(py: Python<'_>, number: i32) -> PyErr {
    match py.import("os").and_then(|os| os.call_method1("strerror", (number,))) {
        Ok(text) => PyOSError::new_err((number, text.unbind())),
        Err(error) => error,
    }
}
