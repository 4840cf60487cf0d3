//! `select(2)`: one call with a bit for each descriptor.
//!
//! Two ways to use it: the call itself over your own sets ([`select`], [`FdSet`]), and sets that outlive the borrow
//! of their descriptors ([`StoredFds`], for those who build a registry).
//!
//! # Caveats
//!
//! * The call looks at every number up to the highest in a set each time: its cost grows with that number.
//! * A hang-up makes a descriptor readable, an error makes it readable and writable; `select` cannot tell which. Where
//!   only something else was asked for, they go unnoticed.
//!
//! # Portability
//!
//! POSIX.1-2024. There is no limit of `FD_SETSIZE` (1024) here: the sets grow with the numbers, and the Linux kernel
//! takes sets of any size. (The C library of illumos refuses numbers from 65,536 up.) Regular files are always ready for
//! reading and writing.
//!
//! On Windows only sockets can be waited for. There a set is a list, which may have any length too, and the cost grows
//! with that. A connection attempt that failed is reported in `except`, and in no other set.
//!
//! # References
//!
//! [select(2)](https://man7.org/linux/man-pages/man2/select.2.html)

#![expect(unsafe_code, reason = "numbers in a set are lent again as descriptors")]

use std::fmt;
use std::io;
use std::marker::PhantomData;

use crate::Timeout;
use crate::fd::{AsRawFd, BorrowedFd};
use crate::select_system as sys;

pub(crate) use cache::ALL;
pub use cache::{Borrowed, ReadyFds, SetFlags, StoredFds};

mod cache;

/// `fd_set`: a set of descriptors, whatever their numbers.
///
/// It takes one bit for each number up to the highest that was ever in it.
///
/// # Examples
///
/// What goes in, what comes out, what is left:
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
    // A number in it came from a `BorrowedFd<'fd>`, so it is open for 'fd.
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

    /// `FD_SET`—Adds `fd`, and says whether it was new.
    ///
    /// A set has no place for a negative number, such as that of `rustix::fs::CWD`: it is left out.
    #[doc(alias = "FD_SET")]
    pub fn insert(&mut self, fd: BorrowedFd<'fd>) -> bool {
        self.numbers.insert(fd.as_raw_fd())
    }

    /// `FD_CLR`—Takes `fd` out, and says whether it was in.
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

    /// `FD_ZERO`—Takes everything out; keeps the memory.
    #[doc(alias = "FD_ZERO")]
    pub fn clear(&mut self) {
        self.numbers.clear();
    }

    /// How many descriptors are in the set. Looks at every word of it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether the set holds nothing. Looks at every word of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The descriptors in the set, by rising number; a word of empty bits is passed over at once.
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

/// The descriptors in an [`FdSet`], by rising number.
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct Iter<'a, 'fd> {
    numbers: sys::Found<'a>,
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

/// `pselect(2)`—Waits until a descriptor is ready, and leaves in each set those that are.
///
/// `read` waits for something to read (or its end), `write` until writing will not block, `except` for an
/// exceptional condition such as urgent data on a TCP socket. Gives back the number of bits left in the three sets
/// together: a descriptor that is ready in two of them counts twice. When the time runs out, the sets are empty.
///
/// `None` for a set is an empty set that nothing is written to; with three of them the call waits for the timeout. The
/// kernel gets the timeout in nanoseconds (on Windows, in microseconds, rounded up).
///
/// # Errors
///
/// The sets are as they were.
///
/// * `ENOMEM` (`WSAENOBUFS`): no memory left in the kernel.
/// * `EINVAL`: on illumos, a number is 65,536 or higher.
/// * [`Interrupted`](io::ErrorKind::Interrupted): a signal handler ran and the timeout is
///   [`interruptible`](Timeout::interruptible).
///
/// # Examples
///
/// Sets are overwritten, so keep the original:
///
/// ```
/// use select_sys::fd::AsFd;
/// use select_sys::select::{FdSet, select};
/// use std::io::Write;
/// use std::os::unix::net::UnixStream;
///
/// let (a, b) = UnixStream::pair()?;
/// let sockets: FdSet = [a.as_fd(), b.as_fd()].into_iter().collect();
///
/// (&b).write_all(b"hello")?;
/// let (mut read, mut write) = (sockets.clone(), sockets.clone());
/// assert_eq!(select(Some(&mut read), Some(&mut write), None, None)?, 3);
/// assert!(read.contains(a.as_fd()) && !read.contains(b.as_fd()));
/// assert_eq!(write.len(), 2);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # References
///
/// [select(2)](https://man7.org/linux/man-pages/man2/select.2.html),
/// [Winsock](https://learn.microsoft.com/en-us/windows/win32/api/winsock2/nf-winsock2-select)
#[doc(alias = "pselect")]
pub fn select(
    read: Option<&mut FdSet<'_>>,
    write: Option<&mut FdSet<'_>>,
    except: Option<&mut FdSet<'_>>,
    timeout: impl Into<Timeout>,
) -> io::Result<usize> {
    fn numbers<'a>(set: &'a mut FdSet<'_>) -> &'a mut sys::Set {
        &mut set.numbers
    }
    sys::select([read.map(numbers), write.map(numbers), except.map(numbers)], timeout.into())
}
