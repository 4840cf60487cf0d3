//! Finding things by the number of a descriptor.

use std::collections::HashMap;

use crate::sys::fd::RawFd;

/// Something by the number of a descriptor.
///
/// Descriptors are small numbers, given lowest first, so an array serves; the kernel's own table is one, too. Those
/// that are not small (from `dup2`, say) are hashed.
#[derive(Debug)]
pub(crate) struct FdIndex<T> {
    // By number; `none` where there is nothing.
    low: Vec<T>,
    high: HashMap<RawFd, T>,
    none: T,
}

/// Numbers below are in the array.
const LOW: usize = 1 << 20;

impl<T: Copy + PartialEq> FdIndex<T> {
    /// An empty one, which will never have to keep `none`.
    pub(crate) fn new(none: T) -> Self {
        Self { low: Vec::new(), high: HashMap::new(), none }
    }

    #[inline]
    pub(crate) fn get(&self, fd: RawFd) -> Option<T> {
        let found = self.get_or_none(fd);
        (found != self.none).then_some(found)
    }

    /// What is there; `none` where there is nothing.
    #[inline]
    pub(crate) fn get_or_none(&self, fd: RawFd) -> T {
        // A number that is negative is none of the low ones.
        self.low.get(fd as usize).copied().unwrap_or_else(|| self.get_high(fd))
    }

    #[inline]
    pub(crate) fn insert(&mut self, fd: RawFd, what: T) {
        match self.low.get_mut(fd as usize) {
            Some(place) => *place = what,
            None => self.insert_further(fd, what),
        }
    }

    #[inline]
    pub(crate) fn remove(&mut self, fd: RawFd) {
        match self.low.get_mut(fd as usize) {
            Some(place) => *place = self.none,
            None => self.remove_high(fd),
        }
    }

    // What follows is apart, so that the rest is small enough to be inlined.

    #[cold]
    #[inline(never)]
    fn get_high(&self, fd: RawFd) -> T {
        self.high.get(&fd).copied().unwrap_or(self.none)
    }

    #[cold]
    #[inline(never)]
    fn insert_further(&mut self, fd: RawFd, what: T) {
        match usize::try_from(fd) {
            Ok(fd) if fd < LOW => {
                self.low.resize(fd, self.none);
                self.low.push(what);
            }
            _ => drop(self.high.insert(fd, what)),
        }
    }

    #[cold]
    #[inline(never)]
    fn remove_high(&mut self, fd: RawFd) {
        self.high.remove(&fd);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_of_any_size_are_found() {
        let mut index = FdIndex::new(u32::MAX);
        for (slot, fd) in [0, 7, LOW as RawFd - 1, LOW as RawFd, RawFd::MAX].into_iter().enumerate() {
            assert_eq!(index.get(fd), None);
            index.insert(fd, slot as u32);
            assert_eq!(index.get(fd), Some(slot as u32));
            index.remove(fd);
            assert_eq!(index.get(fd), None);
        }
    }
}
