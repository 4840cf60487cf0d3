//! Conversion of Python's numbers and objects: descriptors, masks, times.

#![expect(
    unsafe_code,
    reason = "Python passes descriptors by number, and converts some numbers with functions of its own"
)]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::time::Duration;

use pyo3::exceptions::{PyOSError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyFloat;
use selectors::sys::fd::{BorrowedFd, RawFd};

/// The descriptor of an object, by CPython's own rules: an `int`, or the result of `fileno()`.
pub(crate) fn descriptor(object: &Bound<'_, PyAny>) -> PyResult<RawFd> {
    // SAFETY: `object` is an object, and this thread is attached, as `Bound` says.
    match unsafe { ffi::PyObject_AsFileDescriptor(object.as_ptr()) } {
        -1 => Err(PyErr::fetch(object.py())),
        fd => Ok(fd),
    }
}

/// Borrows a descriptor by its number, which is not negative.
///
/// Python cannot promise that the descriptor is open. No memory depends on that promise: only system calls use these
/// borrows, and they fail with `EBADF`.
pub(crate) fn borrow_fd(fd: RawFd) -> BorrowedFd<'static> {
    assert!(fd >= 0, "checked when the number was converted");
    // SAFETY: `fd` is not -1, the one number that a `BorrowedFd` must not have. That it is open is the caller's promise in
    // Python; see above for why it may be broken.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// Takes the descriptor that is passed to `fromfd`; `None` for -1, which stands for a new one.
#[allow(dead_code, reason = "illumos has neither epoll nor kqueue")]
pub(crate) fn owned_fd(py: Python<'_>, fd: RawFd) -> PyResult<Option<OwnedFd>> {
    match fd {
        -1 => Ok(None),
        ..-1 => Err(errno(py, 0)),
        // SAFETY: `fd` is not -1. That it is open, and owned by nobody else, is the caller's promise in Python. Only system
        // calls use it, and `close_by_number` closes it, so no memory depends on that promise.
        _ => Ok(Some(unsafe { OwnedFd::from_raw_fd(fd) })),
    }
}

/// Closes a descriptor that Python knows by number. Another thread may wait with it, and somebody else may have closed it or
/// may own it as well.
#[allow(dead_code, reason = "illumos has neither epoll nor kqueue")]
pub(crate) fn close_by_number(fd: RawFd) {
    // SAFETY: no memory depends on which descriptors are open. Another descriptor may have the number by now; CPython
    // closes it as well, and ignores the result.
    unsafe { libc::close(fd) };
}

/// A mask of 16 bits, as in `poll` and `/dev/poll`.
pub(crate) fn mask16(object: &Bound<'_, PyAny>) -> PyResult<u16> {
    if !object.is_instance_of::<pyo3::types::PyInt>() {
        return Err(PyTypeError::new_err("an integer is required"));
    }
    if object.lt(0)? {
        return Err(PyValueError::new_err("value must be positive"));
    }
    let overflow = || PyOverflowError::new_err("Python int too large for C unsigned short");
    object.extract::<u64>().ok().and_then(|mask| mask.try_into().ok()).ok_or_else(overflow)
}

/// A mask of 32 bits: the lower bits of any number.
#[allow(dead_code, reason = "no call of illumos takes such a mask")]
pub(crate) fn mask32(object: &Bound<'_, PyAny>) -> PyResult<u32> {
    // SAFETY: `object` is an object, and this thread is attached, as `Bound` says.
    let mask = unsafe { ffi::PyLong_AsUnsignedLongMask(object.as_ptr()) };
    match PyErr::take(object.py()) {
        Some(error) => Err(error),
        None => Ok(mask as u32), // the lower bits, as in CPython
    }
}

/// A unit of time, in nanoseconds.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Seconds = 1_000_000_000,
    Milliseconds = 1_000_000,
}

/// A time in nanoseconds, rounded away from zero. The meaning of a negative time is up to the caller.
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

/// A timeout for calls that count in milliseconds; `None` for a negative time, which has no limit.
pub(crate) fn milliseconds(nanoseconds: i64, round: fn(i64) -> i64) -> PyResult<Option<Duration>> {
    let millis =
        i32::try_from(round(nanoseconds)).map_err(|_| PyOverflowError::new_err("timeout is too large"))?;
    Ok(u64::try_from(millis).ok().map(Duration::from_millis))
}

/// Rounds to whole milliseconds, away from zero.
pub(crate) fn away_from_zero(nanoseconds: i64) -> i64 {
    let (whole, rest) = (nanoseconds / 1_000_000, nanoseconds % 1_000_000);
    whole + rest.signum()
}

/// The exception for an I/O error, with its `errno` if it has one.
pub(crate) fn os_error(py: Python<'_>, error: &io::Error) -> PyErr {
    let Some(number) = error.raw_os_error() else { return PyOSError::new_err(error.to_string()) };
    errno(py, number)
}

/// The exception for an `errno`.
pub(crate) fn errno(py: Python<'_>, number: i32) -> PyErr {
    match py.import("os").and_then(|os| os.call_method1("strerror", (number,))) {
        Ok(text) => PyOSError::new_err((number, text.unbind())),
        Err(error) => error,
    }
}
