//! A set of descriptors.

#![expect(unsafe_code, reason = "numbers in a set are lent as descriptors")]

use std::fmt;
use std::marker::PhantomData;

use crate::fd::{AsRawFd, BorrowedFd};
use crate::sys::select as sys;

/// `fd_set`: a set of descriptors with any numbers.
///
/// It uses one bit for each number up to the highest that was ever in it.
///
/// # Examples
///
/// Insert, iterate, remove:
///
/// ```
/// use select_sys::fd::{AsFd, AsRawFd};
/// use select_sys::select::FdSet;
///
/// let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
/// let mut set = FdSet::new();
/// assert!(set.insert(stdout.as_fd()) && set.insert(stdin.as_fd()));
/// assert!(!set.insert(stdin.as_fd())); // it was in
/// let numbers: Vec<_> = set.iter().map(|fd| fd.as_raw_fd()).collect();
/// assert_eq!(numbers, [0, 1]);
///
/// assert!(set.remove(stdin.as_fd()) && !set.contains(stdin.as_fd()));
/// assert_eq!(set.len(), 1);
/// set.clear();
/// assert!(set.is_empty());
/// ```
#[doc(alias = "fd_set")]
#[derive(Clone, Default)]
pub struct FdSet<'fd> {
    // Each number came from a `BorrowedFd<'fd>`, so it is open for 'fd.
    numbers: sys::Set,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'fd> FdSet<'fd> {
    /// `FD_ZERO`—An empty set. No allocation.
    #[doc(alias = "FD_ZERO")]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `FD_SET`—Adds `fd`, and returns whether it was new.
    ///
    /// A negative number, such as that of `rustix::fs::CWD`, is ignored.
    #[doc(alias = "FD_SET")]
    pub fn insert(&mut self, fd: BorrowedFd<'fd>) -> bool {
        self.numbers.insert(fd.as_raw_fd())
    }

    /// `FD_CLR`—Removes `fd`, and returns whether it was in the set.
    #[doc(alias = "FD_CLR")]
    pub fn remove(&mut self, fd: BorrowedFd<'_>) -> bool {
        self.numbers.remove(fd.as_raw_fd())
    }

    /// `FD_ISSET`—Whether `fd` is in the set.
    #[doc(alias = "FD_ISSET")]
    #[must_use]
    pub fn contains(&self, fd: BorrowedFd<'_>) -> bool {
        self.numbers.contains(fd.as_raw_fd())
    }

    /// `FD_ZERO`—Removes all descriptors; keeps the memory.
    #[doc(alias = "FD_ZERO")]
    pub fn clear(&mut self) {
        self.numbers.clear();
    }

    /// The number of descriptors in the set. Examines every word of it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether the set is empty. Examines every word of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The system's set. Numbers may be removed from it, not added.
    pub(super) fn numbers_mut(&mut self) -> &mut sys::Set {
        &mut self.numbers
    }

    /// The descriptors in the set, in ascending order of their numbers.
    pub fn iter(&self) -> Iter<'_, 'fd> {
        Iter { numbers: self.numbers.iter(), borrowed: PhantomData }
    }
}

impl<'fd> Extend<BorrowedFd<'fd>> for FdSet<'fd> {
    fn extend<I: IntoIterator<Item = BorrowedFd<'fd>>>(&mut self, fds: I) {
        for fd in fds {
            self.insert(fd);
        }
    }
}

impl<'fd> FromIterator<BorrowedFd<'fd>> for FdSet<'fd> {
    fn from_iter<I: IntoIterator<Item = BorrowedFd<'fd>>>(fds: I) -> Self {
        let mut set = Self::new();
        set.extend(fds);
        set
    }
}

impl<'a, 'fd> IntoIterator for &'a FdSet<'fd> {
    type Item = BorrowedFd<'fd>;
    type IntoIter = Iter<'a, 'fd>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for FdSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.numbers.iter().map(|(fd, _)| fd)).finish()
    }
}

/// The descriptors in an [`FdSet`], in ascending order of their numbers.
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct Iter<'a, 'fd> {
    numbers: sys::Iter<'a>,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'fd> Iterator for Iter<'_, 'fd> {
    type Item = BorrowedFd<'fd>;

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: a number in the set came from a `BorrowedFd<'fd>` (the invariant of `FdSet::numbers`): the descriptor is
        // open for 'fd and its number is not -1.
        self.numbers.next().map(|(fd, _)| unsafe { BorrowedFd::borrow_raw(fd) })
    }
}
