//! `select.select`.

use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use selectors::sys;
use selectors::sys::fd::RawFd;
use selectors::sys::select::FdSet;

use crate::numbers::{self, Unit};
use crate::wait::{Limit, wait};

/// Waits until an object of three lists is ready. Returns three lists of the ready objects.
#[pyfunction]
#[pyo3(signature = (rlist, wlist, xlist, timeout=None, /))]
pub(crate) fn select<'py>(
    py: Python<'py>,
    rlist: &Bound<'py, PyAny>,
    wlist: &Bound<'py, PyAny>,
    xlist: &Bound<'py, PyAny>,
    timeout: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyTuple>> {
    let limit = timeout.map(limit).transpose()?;
    let lists = [read(rlist)?, read(wlist)?, read(xlist)?];
    let mut sets = lists.each_ref().map(set);
    let requested = sets.clone();
    let mut limit = Limit::from_now(limit);
    let found = wait(py, &mut limit, |timeout| {
        // An interrupted call may have changed the sets, see select(2).
        sets.clone_from(&requested);
        let [read, write, except] = sets.each_mut();
        sys::select::select(Some(read), Some(write), Some(except), timeout)
    })?;
    if found.is_none() {
        sets.iter_mut().for_each(FdSet::clear);
    }
    let mut ready = Vec::with_capacity(3);
    for (list, set) in lists.iter().zip(&sets) {
        let found = list.iter().filter(|(fd, _)| set.contains(numbers::borrow_fd(*fd)));
        ready.push(PyList::new(py, found.map(|(_, object)| object).collect::<Vec<_>>())?);
    }
    PyTuple::new(py, ready)
}

fn limit(timeout: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let nanoseconds = numbers::nanoseconds(timeout, Unit::Seconds, "timeout must be a float or None")?;
    let limit =
        u64::try_from(nanoseconds).map_err(|_| PyValueError::new_err("timeout must be non-negative"))?;
    Ok(Duration::from_nanos(limit))
}

/// The limit of numbers and of list lengths in CPython.
const LIMIT: usize = libc::FD_SETSIZE;

/// The objects of a list with their descriptors.
fn read<'py>(objects: &Bound<'py, PyAny>) -> PyResult<Vec<(RawFd, Bound<'py, PyAny>)>> {
    let list = match objects.cast::<PyList>() {
        Ok(list) => list.clone(),
        Err(_) => {
            let objects = objects.try_iter().map_err(|error| {
                let not_iterable = error.is_instance_of::<PyTypeError>(objects.py());
                if not_iterable { PyTypeError::new_err("arguments 1-3 must be sequences") } else { error }
            })?;
            PyList::new(objects.py(), objects.collect::<PyResult<Vec<_>>>()?)?
        }
    };
    let mut read = Vec::with_capacity(list.len());
    // By index, as a `fileno()` may make the list shorter.
    while read.len() < list.len() {
        let object = list.get_item(read.len())?;
        let fd = numbers::descriptor(&object)?;
        if fd as usize >= LIMIT {
            return Err(PyValueError::new_err("filedescriptor out of range in select()"));
        }
        if read.len() >= LIMIT {
            return Err(PyValueError::new_err("too many file descriptors in select()"));
        }
        read.push((fd, object));
    }
    Ok(read)
}

fn set(objects: &Vec<(RawFd, Bound<'_, PyAny>)>) -> FdSet<'static> {
    objects.iter().map(|&(fd, _)| numbers::borrow_fd(fd)).collect()
}
