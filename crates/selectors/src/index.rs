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

    fn low(fd: RawFd) -> Option<usize> {
        usize::try_from(fd).ok().filter(|&fd| fd < LOW)
    }

    #[inline]
    pub(crate) fn get(&self, fd: RawFd) -> Option<T> {
        match self.low.get(fd as usize) {
            Some(&known) => (known != self.none).then_some(known),
            None => self.get_high(fd),
        }
    }

    /// Apart, so that the rest is small enough to be inlined.
    #[cold]
    #[inline(never)]
    fn get_high(&self, fd: RawFd) -> Option<T> {
        self.high.get(&fd).copied()
    }

    pub(crate) fn insert(&mut self, fd: RawFd, what: T) {
        match Self::low(fd) {
            Some(fd) => {
                if fd >= self.low.len() {
                    self.low.resize(fd + 1, self.none);
                }
                self.low[fd] = what;
            }
            None => {
                self.high.insert(fd, what);
            }
        }
    }

    pub(crate) fn remove(&mut self, fd: RawFd) {
        match Self::low(fd) {
            Some(fd) => {
                if let Some(known) = self.low.get_mut(fd) {
                    *known = self.none;
                }
            }
            None => {
                self.high.remove(&fd);
            }
        }
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
