//! Sets that outlive the borrow of their descriptors.

use std::io;
use std::marker::PhantomData;

use crate::Timeout;
use crate::fd::{self, AsRawFd, BorrowedFd, RawFd};
use crate::lent;
use crate::select_system as sys;

bitflags::bitflags! {
    /// Which of the three sets of [`select`](super::select()) a descriptor is in.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct SetFlags: u8 {
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
/// itself. A cache keeps the bare numbers, with which nothing can be done. For each wait it is shown the borrowed
/// descriptors again, and only then yields something that can wait: [`fill`](Self::fill) builds the sets,
/// [`revalidate`](Self::revalidate) compares the descriptors, which is cheaper.
///
/// # Examples
///
/// Two waits on one set:
///
/// ```
/// use select_sys::Timeout;
/// use select_sys::fd::{AsFd, AsRawFd};
/// use select_sys::select::{StoredFds, SetFlags};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut cache = StoredFds::new();
/// let loaded = cache.fill([Ok((a.as_fd(), SetFlags::READ | SetFlags::WRITE))])?;
/// let found: Vec<_> = loaded.select(Timeout::ZERO)?.collect();
/// assert_eq!(found, [(a.as_raw_fd(), SetFlags::WRITE)]);
///
/// let loaded = cache.revalidate([Ok(a.as_fd())])?.expect("nothing else was loaded");
/// assert_eq!(loaded.select(Timeout::ZERO)?.count(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct StoredFds {
    // The numbers in `asked`, in the order they were given. They may be stale; see `revalidate`.
    numbers: Vec<RawFd>,
    // Beside `numbers`. Apart, as only `fill` needs them.
    sets: Vec<SetFlags>,
    // One set for each of READ, WRITE, EXCEPT.
    asked: [sys::Set; 3],
    // Room for the answers.
    found: [sys::Set; 3],
}

impl StoredFds {
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
    /// The first error that `fds` yields, or `EBADF` for a negative number, such as that of `rustix::fs::CWD`. The cache can
    /// be loaded again.
    ///
    /// # Examples
    ///
    /// A file that cannot be lent ends the attempt:
    ///
    /// ```
    /// use select_sys::fd::AsFd;
    /// use select_sys::select::{StoredFds, SetFlags};
    ///
    /// let stdin = std::io::stdin();
    /// let mut cache = StoredFds::new();
    /// let fds = [Ok((stdin.as_fd(), SetFlags::READ)), Err(std::io::ErrorKind::NotFound.into())];
    /// assert_eq!(cache.fill(fds).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    /// let loaded = cache.fill([Ok((stdin.as_fd(), SetFlags::READ))])?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn fill<'a, 'fd>(
        &'a mut self,
        fds: impl IntoIterator<Item = io::Result<(BorrowedFd<'fd>, SetFlags)>>,
    ) -> io::Result<Borrowed<'a, 'fd>> {
        // If `fds` yields an error or panics, the cache is left with nothing in it: `revalidate` goes by `numbers` alone, so these
        // must never be other than those in `asked`.
        self.asked.iter_mut().for_each(sys::Set::clear);
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.clear();
        self.sets.clear();
        for entry in fds {
            let (fd, sets) = entry?;
            numbers.push(fd::number(fd)?);
            self.sets.push(sets);
        }
        for (set, asked) in ALL.into_iter().zip(&mut self.asked) {
            let all = numbers.iter().zip(&self.sets);
            asked.assign(all.filter(|(_, sets)| sets.contains(set)).map(|(&number, _)| number));
        }
        self.numbers = numbers;
        Ok(Borrowed { cache: self, borrowed: PhantomData })
    }

    /// Lends the sets unchanged if `fds` are exactly those that were loaded, in their order; otherwise gives back `None`.
    ///
    /// # Errors
    ///
    /// The first error that `fds` yields. The sets stay as they are.
    #[inline]
    pub fn revalidate<'a, 'fd>(
        &'a mut self,
        fds: impl IntoIterator<Item = io::Result<BorrowedFd<'fd>>>,
    ) -> io::Result<Option<Borrowed<'a, 'fd>>> {
        let same = lent::have_numbers(fds, self.numbers.iter().copied())?;
        Ok(same.then_some(Borrowed { cache: self, borrowed: PhantomData }))
    }

    /// Puts a descriptor that is in one of the sets in these sets, and no other; gives back whether it was in one.
    ///
    /// # Examples
    ///
    /// From reading to writing, without loading anew:
    ///
    /// ```
    /// use select_sys::Timeout;
    /// use select_sys::fd::AsFd;
    /// use select_sys::select::{StoredFds, SetFlags};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut cache = StoredFds::new();
    /// let loaded = cache.fill([Ok((a.as_fd(), SetFlags::READ))])?;
    /// assert!(cache.modify(a.as_fd(), SetFlags::WRITE));
    /// assert!(!cache.modify(b.as_fd(), SetFlags::WRITE));
    ///
    /// let loaded = cache.revalidate([Ok(a.as_fd())])?.expect("the descriptors are the same");
    /// assert_eq!(loaded.select(Timeout::ZERO)?.count(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn modify(&mut self, fd: BorrowedFd<'_>, sets: SetFlags) -> bool {
        let number = fd.as_raw_fd();
        let known = self.asked.iter().any(|asked| asked.contains(number));
        if known {
            for (set, asked) in ALL.into_iter().zip(&mut self.asked) {
                asked.remove(number);
                if sets.contains(set) {
                    asked.insert(number);
                }
            }
        }
        known
    }
}

/// Sets whose descriptors are open: what [`StoredFds::fill`] and [`StoredFds::revalidate`] lend for one wait.
///
/// # Examples
///
/// No descriptors, so this waits for its time:
///
/// ```
/// use select_sys::select::StoredFds;
/// use std::time::Duration;
///
/// let mut cache = StoredFds::new();
/// let loaded = cache.fill([])?;
/// assert_eq!(loaded.select(Duration::from_millis(1))?.count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "call `select` to wait"]
pub struct Borrowed<'a, 'fd> {
    cache: &'a mut StoredFds,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'a> Borrowed<'a, '_> {
    /// `pselect(2)`—Waits, and gives back the numbers that are ready with the sets they are ready in.
    ///
    /// They come by rising number, each once. A set that nobody is in is passed as null, which costs the kernel
    /// nothing.
    ///
    /// # Errors
    ///
    /// As [`select`](super::select()).
    pub fn select(self, timeout: impl Into<Timeout>) -> io::Result<ReadyFds<'a>> {
        let StoredFds { asked, found, .. } = self.cache;
        sys::select_into(asked, found, timeout.into())?;
        Ok(ReadyFds(sys::Found::in_any(found)))
    }
}

/// The descriptors that [`Borrowed::select`] found ready, by rising number, each with the sets it is ready in.
#[derive(Clone, Debug)]
#[must_use = "iterate to see which descriptors are ready"]
pub struct ReadyFds<'a>(sys::Found<'a>);

impl Iterator for ReadyFds<'_> {
    type Item = (RawFd, SetFlags);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

pub(crate) const ALL: [SetFlags; 3] = [SetFlags::READ, SetFlags::WRITE, SetFlags::EXCEPT];
