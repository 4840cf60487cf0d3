//! A set that outlives the borrow of its descriptors.

#![expect(unsafe_code, reason = "waits with the numbers of descriptors that `fill` was shown")]

use std::io;
use std::marker::PhantomData;

use super::set::Set;
use crate::Timeout;
use crate::fd::{self, AsFd, AsRawFd, BorrowedFd, RawFd};
use crate::poll::PollFlags;

/// A set in the kernel that lasts from wait to wait, though the descriptors in it are lent for one wait at a time.
///
/// A registry that owns files cannot keep a [`DevPoll`](super::DevPoll) of them beside them: that would borrow from
/// itself. A cache keeps the bare numbers, and cannot wait. For each wait, [`fill`](Self::fill) is shown the borrowed
/// descriptors again, compares them with what the set has, and only then yields something that can wait. What changed
/// is written first, and nothing else is.
///
/// A number alone does not tell whether it is still the same file's. Whoever closes a descriptor that is in the set, and
/// may load another with the same number, says so with [`forget`](Self::forget).
///
/// # Examples
///
/// Two waits on one set; the second finds nothing to write:
///
/// ```
/// use select_sys::Timeout;
/// use select_sys::devpoll::StoredFds;
/// use select_sys::fd::{AsFd, AsRawFd};
/// use select_sys::poll::PollFlags;
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut cache = StoredFds::new()?;
/// for _ in 0..2 {
///     let loaded = cache.fill([Ok((a.as_fd(), PollFlags::OUT))])?;
///     let found: Vec<_> = loaded.poll(Timeout::ZERO)?.collect();
///     assert_eq!(found, [(a.as_raw_fd(), PollFlags::OUT)]);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct StoredFds {
    // What is wanted is exactly what is in `listed`, unless `stale`. Numbers that may be stale; see `fill`.
    set: Set,
    // What was loaded last, in the order it was given.
    listed: Vec<(RawFd, PollFlags)>,
    stale: bool,
    // By number: room to gather what `listed` has. All `None` but in `compare`.
    next: Vec<Option<PollFlags>>,
}

impl StoredFds {
    /// `open("/dev/poll", O_RDWR | O_CLOEXEC)`—Makes a new, empty set.
    ///
    /// # Errors
    ///
    /// As [`DevPoll::new`](super::DevPoll::new).
    pub fn new() -> io::Result<Self> {
        Ok(Self { set: Set::open()?, listed: Vec::new(), stale: false, next: Vec::new() })
    }

    /// Makes the set that of `fds`, and lends it to one wait.
    ///
    /// A descriptor that comes more than once is watched for all that was named with it. No system call.
    ///
    /// # Errors
    ///
    /// The first error that `fds` yields, or `EBADF` for a negative number, such as that of `rustix::fs::CWD`.
    pub fn fill<'a, 'fd>(
        &'a mut self,
        fds: impl IntoIterator<Item = io::Result<(BorrowedFd<'fd>, PollFlags)>>,
    ) -> io::Result<Borrowed<'a, 'fd>> {
        let mut len = 0;
        for entry in fds {
            let (fd, events) = entry?;
            let wanted = (fd::number(fd)?, events);
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
            self.compare();
        }
        Ok(Borrowed { cache: self, borrowed: PhantomData })
    }

    /// Says that `fd` may be another file's the next time it is loaded: the set lets go of the file that it has.
    ///
    /// For a descriptor that is about to be closed, or whose number was just given to another file. No system call. If it
    /// is not in the set, nothing happens.
    pub fn forget(&mut self, fd: BorrowedFd<'_>) {
        let fd = fd.as_raw_fd();
        self.set.want(fd, self.set.wanted(fd));
    }

    /// Has the device told what is in `listed` and not in the set, and the other way round.
    fn compare(&mut self) {
        for &(fd, events) in &self.listed {
            let at = fd as usize; // not negative, see `fill`
            if at >= self.next.len() {
                self.next.resize(at + 1, None);
            }
            *self.next[at].get_or_insert_default() |= events;
        }
        for fd in 0..self.set.end().max(self.next.len() as RawFd) {
            let next = self.next.get_mut(fd as usize).and_then(Option::take);
            if next != self.set.wanted(fd) {
                self.set.want(fd, next);
            }
        }
        self.stale = false;
    }
}

/// The descriptor of the set. It cannot be waited for.
impl AsFd for StoredFds {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.set.as_fd()
    }
}

/// A set whose descriptors are open: what [`StoredFds::fill`] lends for one wait.
///
/// # Examples
///
/// No descriptors, so this waits for its time:
///
/// ```
/// use select_sys::devpoll::StoredFds;
/// use std::time::Duration;
///
/// let mut cache = StoredFds::new()?;
/// let loaded = cache.fill([])?;
/// assert_eq!(loaded.poll(Duration::from_millis(1))?.count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "call `poll` to wait"]
pub struct Borrowed<'a, 'fd> {
    // What its set wants, `fill` has just seen a `BorrowedFd<'fd>` of.
    cache: &'a mut StoredFds,
    borrowed: PhantomData<BorrowedFd<'fd>>,
}

impl<'a> Borrowed<'a, '_> {
    /// `ioctl(DP_POLL)`—Writes what changed, waits, and gives back the numbers that have something to report.
    ///
    /// # Errors
    ///
    /// As [`DevPoll::poll`](super::DevPoll::poll).
    pub fn poll(self, timeout: impl Into<Timeout>) -> io::Result<ReadyFds<'a>> {
        // SAFETY: what is wanted is open for 'fd (the field's invariant), which outlasts this call; only another `fill`
        // makes another wait possible.
        let found = unsafe { self.cache.set.poll(timeout.into()) }?;
        Ok(ReadyFds::new(found))
    }
}

/// The numbers of the descriptors that [`Borrowed::poll`] found ready, each with what was seen.
#[derive(Clone, Debug)]
#[must_use = "iterate to see which descriptors are ready"]
pub struct ReadyFds<'a>(std::slice::Iter<'a, libc::pollfd>);

impl<'a> ReadyFds<'a> {
    pub(super) fn new(found: &'a [libc::pollfd]) -> Self {
        Self(found.iter())
    }
}

impl Iterator for ReadyFds<'_> {
    type Item = (RawFd, PollFlags);

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.0.next()?;
        Some((entry.fd, PollFlags::from_bits_retain(entry.revents as u16)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for ReadyFds<'_> {}
