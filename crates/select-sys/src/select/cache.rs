//! Sets that outlive the borrow of their descriptors.

use std::io;
use std::marker::PhantomData;

use crate::Timeout;
use crate::fd::{AsRawFd, BorrowedFd, RawFd};
use crate::select_system as sys;

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
    // One set for each of READ, WRITE, EXCEPT: exactly what `listed` says, unless `stale`.
    asked: [sys::Set; 3],
    stale: bool,
    // Room for the answers.
    found: [sys::Set; 3],
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
        fds.into_iter().try_for_each(|entry| {
            let (fd, sets) = entry?;
            let wanted = (fd.as_raw_fd(), sets);
            if self.listed.get(len) != Some(&wanted) {
                self.change(len, wanted);
            }
            len += 1;
            io::Result::Ok(())
        })?;
        if len < self.listed.len() {
            self.stale = true;
            self.listed.truncate(len);
        }
        if self.stale {
            self.rebuild();
        }
        Ok(Loaded { cache: self, borrowed: PhantomData })
    }

    /// Apart, as it is rare.
    #[cold]
    #[inline(never)]
    fn change(&mut self, place: usize, wanted: (RawFd, Sets)) {
        self.stale = true;
        self.listed.truncate(place);
        self.listed.push(wanted);
    }

    fn rebuild(&mut self) {
        for (set, asked) in ALL.into_iter().zip(&mut self.asked) {
            let listed = self.listed.iter().filter(|(_, sets)| sets.contains(set));
            asked.assign(listed.map(|&(fd, _)| fd));
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
        sys::select_into(asked, found, timeout.into())?;
        Ok(Found(sys::Found::in_any(found)))
    }
}

/// The descriptors that [`Loaded::select`] found ready, by rising number, each with the sets it is ready in.
#[derive(Clone, Debug)]
#[must_use = "iterate to see which descriptors are ready"]
pub struct Found<'a>(sys::Found<'a>);

impl Iterator for Found<'_> {
    type Item = (RawFd, Sets);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

pub(crate) const ALL: [Sets; 3] = [Sets::READ, Sets::WRITE, Sets::EXCEPT];
