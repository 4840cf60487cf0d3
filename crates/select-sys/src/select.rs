//! `select(2)`: one call with a bit for each descriptor.
//!
//! Two ways to use it: the call itself over your own sets ([`select`], [`FdSet`]), and sets that outlive the borrow
//! of their descriptors ([`Cache`], for those who build a registry).
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
//! takes sets of any size. Regular files are always ready for reading and writing.
//!
//! # References
//!
//! [select(2)](https://man7.org/linux/man-pages/man2/select.2.html)

#![expect(
    unsafe_code,
    reason = "pselect takes the sets by address; numbers in a set are lent again as descriptors"
)]

use std::fmt;
use std::io;
use std::marker::PhantomData;

use crate::Timeout;
use crate::fd::{AsRawFd, BorrowedFd, RawFd};
use crate::time;

pub use cache::{Cache, Found, Loaded, Sets};

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
    // A set bit's number came from a `BorrowedFd<'fd>`, so it is open for 'fd.
    bits: Bits,
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
    #[doc(alias = "FD_SET")]
    pub fn insert(&mut self, fd: BorrowedFd<'fd>) -> bool {
        self.bits.insert(fd.as_raw_fd())
    }

    /// `FD_CLR`—Takes `fd` out, and says whether it was in.
    #[doc(alias = "FD_CLR")]
    pub fn remove(&mut self, fd: BorrowedFd<'_>) -> bool {
        self.bits.remove(fd.as_raw_fd())
    }

    /// `FD_ISSET`—Whether `fd` is in the set.
    #[doc(alias = "FD_ISSET")]
    #[must_use]
    pub fn contains(&self, fd: BorrowedFd<'_>) -> bool {
        self.bits.contains(fd.as_raw_fd())
    }

    /// `FD_ZERO`—Takes everything out; keeps the memory.
    #[doc(alias = "FD_ZERO")]
    pub fn clear(&mut self) {
        self.bits.0.fill(0);
    }

    /// How many descriptors are in the set. Looks at every word of it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bits.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether the set holds nothing. Looks at every word of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bits.0.iter().all(|&word| word == 0)
    }

    /// The descriptors in the set, by rising number; a word of empty bits is passed over at once.
    pub fn iter(&self) -> Iter<'_, 'fd> {
        Iter { bits: self.bits.iter(), borrowed: PhantomData }
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
        f.debug_set().entries(self.bits.iter().map(|(fd, _)| fd)).finish()
    }
}

/// The descriptors in an [`FdSet`], by rising number.
#[derive(Clone, Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct Iter<'a, 'fd> {
    bits: Found<'a>,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'fd> Iterator for Iter<'_, 'fd> {
    type Item = BorrowedFd<'fd>;

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: a number in the set came from a `BorrowedFd<'fd>` (the invariant of `FdSet::bits`): the descriptor is
        // open for 'fd and its number is not -1.
        self.bits.next().map(|(fd, _)| unsafe { BorrowedFd::borrow_raw(fd) })
    }
}

/// `pselect(2)`—Waits until a descriptor is ready, and leaves in each set those that are.
///
/// `read` waits for something to read (or its end), `write` until writing will not block, `except` for an
/// exceptional condition such as urgent data on a TCP socket. Gives back the number of bits left in the three sets
/// together: a descriptor that is ready in two of them counts twice. When the time runs out, the sets are empty.
///
/// `None` for a set is an empty set that nothing is written to; with three of them the call waits for the timeout. The
/// kernel gets the timeout in nanoseconds.
///
/// # Errors
///
/// The sets are as they were.
///
/// * `ENOMEM`: no memory left in the kernel.
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
/// [select(2)](https://man7.org/linux/man-pages/man2/select.2.html)
#[doc(alias = "pselect")]
pub fn select(
    read: Option<&mut FdSet<'_>>,
    write: Option<&mut FdSet<'_>>,
    except: Option<&mut FdSet<'_>>,
    timeout: impl Into<Timeout>,
) -> io::Result<usize> {
    fn bits<'a>(set: &'a mut FdSet<'_>) -> &'a mut Bits {
        &mut set.bits
    }
    pselect([read.map(bits), write.map(bits), except.map(bits)], timeout.into())
}

/// The bits in a word of `fd_set`: an `unsigned long` on Linux (`__fd_mask`), which has the size of `usize`.
const WORD: usize = usize::BITS as usize;

/// The bits of an `fd_set`, as many words as the highest number needs.
#[derive(Clone, Debug, Default)]
struct Bits(Vec<usize>);

impl Bits {
    fn insert(&mut self, fd: RawFd) -> bool {
        let (word, mask) = Self::place(fd);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        let old = self.0[word];
        self.0[word] = old | mask;
        old & mask == 0
    }

    fn remove(&mut self, fd: RawFd) -> bool {
        let contained = self.contains(fd);
        if contained {
            let (word, mask) = Self::place(fd);
            self.0[word] &= !mask;
        }
        contained
    }

    fn contains(&self, fd: RawFd) -> bool {
        let (word, mask) = Self::place(fd);
        self.0.get(word).is_some_and(|word| word & mask != 0)
    }

    fn iter(&self) -> Found<'_> {
        Found::new([&self.0, &[], &[]])
    }

    /// Which word, and which bit in it. Numbers of descriptors are never negative.
    fn place(fd: RawFd) -> (usize, usize) {
        (fd as usize / WORD, 1 << (fd as usize % WORD))
    }
}

/// `pselect` over words, as `fd_set`s of the length that the longest needs; retried as `time::wait` says.
fn pselect(mut sets: [Option<&mut Bits>; 3], timeout: Timeout) -> io::Result<usize> {
    let words = sets.iter().flatten().map(|set| set.0.len()).max().unwrap_or(0);
    for set in sets.iter_mut().flatten() {
        set.0.resize(words, 0);
    }
    let limit = (words * WORD).min(libc::c_int::MAX as usize) as libc::c_int;
    let [read, write, except] =
        sets.map(|set| set.map_or(std::ptr::null_mut(), |set| set.0.as_mut_ptr().cast::<libc::fd_set>()));
    // There is no other call to fall back on: `select` of glibc 2.33 and newer is `pselect6` too.
    time::wait(timeout, |left| {
        let left = left.map(time::timespec);
        let left = left.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // SAFETY: each set is null or one of three distinct arrays of `words` words, mutably borrowed by this function;
        // `limit` bits are no more than that, and the kernel touches whole words up to it (FDS_BYTES in fs/select.c).
        // `left` is null or a timespec that outlives the call; there is no signal mask.
        time::count(unsafe { libc::pselect(limit, read, write, except, left, std::ptr::null()) })
    })
}
