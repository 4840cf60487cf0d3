//! A map keyed by raw descriptors.

use std::collections::HashMap;

use select_sys::fd::RawFd;

/// A map keyed by raw descriptors.
///
/// Small numbers index an array: POSIX has the kernel allocate the lowest free number. Others (from `dup2`, or a Windows
/// socket) are hashed.
#[derive(Debug)]
pub(crate) struct FdIndex<T> {
    // By number; `none` where there is no value.
    dense: Vec<T>,
    sparse: HashMap<RawFd, T>,
    none: T,
}

/// The numbers below are in the array.
const DENSE_LIMIT: usize = 1 << 20;

impl<T: Copy + PartialEq> FdIndex<T> {
    /// Makes an empty map. The value `none` must never be inserted.
    pub(crate) fn new(none: T) -> Self {
        Self { dense: Vec::new(), sparse: HashMap::new(), none }
    }

    #[inline]
    pub(crate) fn get(&self, fd: RawFd) -> Option<T> {
        let value = self.get_or_none(fd);
        (value != self.none).then_some(value)
    }

    /// Returns the value of `fd`, or `none`.
    #[inline]
    pub(crate) fn get_or_none(&self, fd: RawFd) -> T {
        // A negative number becomes a large index.
        match self.dense.get(fd as usize) {
            Some(value) => *value,
            None => self.sparse.get(&fd).copied().unwrap_or(self.none),
        }
    }

    #[inline]
    pub(crate) fn insert(&mut self, fd: RawFd, value: T) {
        match self.dense.get_mut(fd as usize) {
            Some(place) => *place = value,
            None => self.insert_new(fd, value),
        }
    }

    fn insert_new(&mut self, fd: RawFd, value: T) {
        match usize::try_from(fd) {
            Ok(index) if index < DENSE_LIMIT => {
                self.dense.resize(index, self.none);
                self.dense.push(value);
            }
            _ => drop(self.sparse.insert(fd, value)),
        }
    }

    #[inline]
    pub(crate) fn remove(&mut self, fd: RawFd) {
        match self.dense.get_mut(fd as usize) {
            Some(place) => *place = self.none,
            None => drop(self.sparse.remove(&fd)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_small_and_large_numbers_are_found() {
        let mut index = FdIndex::new(u32::MAX);
        for (slot, fd) in
            [0, 7, DENSE_LIMIT as RawFd - 1, DENSE_LIMIT as RawFd, RawFd::MAX].into_iter().enumerate()
        {
            assert_eq!(index.get(fd), None);
            index.insert(fd, slot as u32);
            assert_eq!(index.get(fd), Some(slot as u32));
            index.remove(fd);
            assert_eq!(index.get(fd), None);
        }
    }
}
