//! Sets that outlive the borrow of their descriptors.

use std::io;
use std::marker::PhantomData;

use super::{Bits, WORD, pselect};
use crate::Timeout;
use crate::fd::{AsRawFd, BorrowedFd, RawFd};

bitflags::bitflags! {
    /// Which of the three sets of [`select`](super::select()) a descriptor is in.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Sets: u8 {
        /// The set of descriptors to read from.
        #[doc(alias = "readfds")]
        const READ = 1;
        /// The set of descriptors to write to.
        #[doc(alias = "writefds")]
        const WRITE = 2;
        /// The set of descriptors with an exceptional condition.
        #[doc(alias = "exceptfds")]
        const EXCEPT = 4;
    }
}

/// Sets for [`select`](super::select()) that last from wait to wait, of descriptors lent for one wait at a time.
///
/// A registry that owns files cannot keep an [`FdSet`](super::FdSet) of them beside them: that would borrow from
/// itself. A cache keeps the bare numbers, with which nothing can be done. For each wait, [`load`](Self::load) is shown
/// the borrowed descriptors again, builds the sets anew if one changed, and only then yields something that can wait.
///
/// # Examples
///
/// Two waits on one set; the second finds nothing to rebuild:
///
/// ```
/// use select_sys::Timeout;
/// use select_sys::fd::{AsFd, AsRawFd};
/// use select_sys::select::{Cache, Sets};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut cache = Cache::new();
/// for _ in 0..2 {
///     let loaded = cache.load([Ok((a.as_fd(), Sets::READ | Sets::WRITE))])?;
///     let found: Vec<_> = loaded.select(Timeout::ZERO)?.collect();
///     assert_eq!(found, [(a.as_raw_fd(), Sets::WRITE)]);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Cache {
    // What `asked` was built from, in the order it was given. Numbers that may be stale; see `load`.
    listed: Vec<(RawFd, Sets)>,
    // One set for each of READ, WRITE, EXCEPT: exactly the bits of `listed`, unless `stale`.
    asked: [Bits; 3],
    stale: bool,
    // Room for the answers.
    found: [Bits; 3],
}

impl Cache {
    /// An empty cache. No allocation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the sets those of `fds`, and lends them to one wait.
    ///
    /// A descriptor that comes more than once is in all the sets that were named with it, and reported once.
    ///
    /// # Errors
    ///
    /// The first error that `fds` yields. The cache can be loaded again.
    ///
    /// # Examples
    ///
    /// A file that cannot be lent ends the attempt:
    ///
    /// ```
    /// use select_sys::fd::AsFd;
    /// use select_sys::select::{Cache, Sets};
    ///
    /// let stdin = std::io::stdin();
    /// let mut cache = Cache::new();
    /// let fds = [Ok((stdin.as_fd(), Sets::READ)), Err(std::io::ErrorKind::NotFound.into())];
    /// assert_eq!(cache.load(fds).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    /// let loaded = cache.load([Ok((stdin.as_fd(), Sets::READ))])?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn load<'a, 'fd>(
        &'a mut self,
        fds: impl IntoIterator<Item = io::Result<(BorrowedFd<'fd>, Sets)>>,
    ) -> io::Result<Loaded<'a, 'fd>> {
        let mut len = 0;
        for entry in fds {
            let (fd, sets) = entry?;
            let wanted = (fd.as_raw_fd(), sets);
            if self.listed.get(len) != Some(&wanted) {
                self.stale = true;
                self.listed.truncate(len);
                self.listed.push(wanted);
            }
            len += 1;
        }
        if len < self.listed.len() {
            self.stale = true;
            self.listed.truncate(len);
        }
        if self.stale {
            self.rebuild();
        }
        Ok(Loaded { cache: self, borrowed: PhantomData })
    }

    fn rebuild(&mut self) {
        for (set, asked) in ALL.into_iter().zip(&mut self.asked) {
            asked.0.clear();
            for &(fd, sets) in &self.listed {
                if sets.contains(set) {
                    asked.insert(fd);
                }
            }
        }
        self.stale = false;
    }
}

/// Sets whose descriptors are open: what [`Cache::load`] lends for one wait.
///
/// # Examples
///
/// No descriptors, so this waits for its time:
///
/// ```
/// use select_sys::select::Cache;
/// use std::time::Duration;
///
/// let mut cache = Cache::new();
/// let loaded = cache.load([])?;
/// assert_eq!(loaded.select(Duration::from_millis(1))?.count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "call `select` to wait"]
pub struct Loaded<'a, 'fd> {
    cache: &'a mut Cache,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'a> Loaded<'a, '_> {
    /// `pselect(2)`—Waits, and gives back the numbers that are ready with the sets they are ready in.
    ///
    /// They come by rising number, each once. A set that nobody is in is passed as null, which costs the kernel
    /// nothing.
    ///
    /// # Errors
    ///
    /// As [`select`](super::select()).
    pub fn select(self, timeout: impl Into<Timeout>) -> io::Result<Found<'a>> {
        let Cache { asked, found, .. } = self.cache;
        for (asked, found) in asked.iter().zip(&mut *found) {
            found.0.clone_from(&asked.0);
        }
        let [read, write, except] = found;
        let sets = [read, write, except].map(|set| (!set.0.is_empty()).then_some(set));
        pselect(sets, timeout.into())?;
        let [read, write, except] = found;
        Ok(Found::new([&read.0, &write.0, &except.0]))
    }
}

/// The descriptors that [`Loaded::select`] found ready, by rising number, each with the sets it is ready in.
#[derive(Clone, Debug)]
#[must_use = "iterate to see which descriptors are ready"]
pub struct Found<'a> {
    sets: [&'a [usize]; 3],
    // The number that bit 0 of the current word stands for.
    base: RawFd,
    // The bits of the current word, in any set, that are still to be reported.
    left: usize,
    // The next word to look at.
    next: usize,
}

impl<'a> Found<'a> {
    pub(super) fn new(sets: [&'a [usize]; 3]) -> Self {
        Self { sets, base: 0, left: 0, next: 0 }
    }
}

impl Iterator for Found<'_> {
    type Item = (RawFd, Sets);

    fn next(&mut self) -> Option<Self::Item> {
        let word = |set: &[usize], at: usize| set.get(at).copied().unwrap_or(0);
        while self.left == 0 {
            if self.sets.iter().all(|set| self.next >= set.len()) {
                return None;
            }
            self.left = self.sets.iter().fold(0, |bits, set| bits | word(set, self.next));
            self.base = (self.next * WORD) as RawFd; // a set bit's number is a RawFd
            self.next += 1;
        }
        let bit = self.left.trailing_zeros();
        self.left &= self.left - 1;
        let mut found = Sets::empty();
        for (set, words) in ALL.into_iter().zip(self.sets) {
            if word(words, self.next - 1) >> bit & 1 == 1 {
                found |= set;
            }
        }
        Some((self.base + bit as RawFd, found)) // bit is below WORD
    }
}

const ALL: [Sets; 3] = [Sets::READ, Sets::WRITE, Sets::EXCEPT];
