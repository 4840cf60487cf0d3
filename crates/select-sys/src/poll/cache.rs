//! A list that outlives the borrow of its descriptors.

#![expect(unsafe_code, reason = "a kept list is lent again as borrowed descriptors")]

use std::io;
use std::marker::PhantomData;

use super::{PollFd, PollFlags, sys};
use crate::fd::{AsRawFd, BorrowedFd};

/// A list for [`poll`](super::poll) that lasts from wait to wait, though the descriptors in it are lent for one wait at a time.
///
/// A registry that owns files cannot keep a [`PollFd`] of them beside them: that would borrow from itself. A cache
/// keeps the bare numbers, with which nothing can be done. For each wait, [`load`](Self::load) is shown the
/// borrowed descriptors again, writes down those that changed, and only then lends the list, for as long as the
/// borrow lasts.
///
/// # Examples
///
/// Two waits on one list; the second finds nothing to rewrite:
///
/// ```
/// use select_sys::Timeout;
/// use select_sys::fd::AsFd;
/// use select_sys::poll::{Cache, PollFlags, poll};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut cache = Cache::new();
/// for _ in 0..2 {
///     let fds = cache.load([Ok((a.as_fd(), PollFlags::OUT))])?;
///     assert_eq!(poll(fds, Timeout::ZERO)?, 1);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Cache {
    // Numbers that may be stale; see `load`.
    entries: Vec<PollFd<'static>>,
}

impl Cache {
    /// An empty cache. No allocation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the list that of `fds`, in their order, and lends it.
    ///
    /// Entry `n` of the list is item `n` of `fds`. What it saw in an earlier wait may still stand in it.
    ///
    /// # Errors
    ///
    /// The first error that `fds` yields. The cache can be loaded again.
    pub fn load<'a, 'fd>(
        &'a mut self,
        fds: impl IntoIterator<Item = io::Result<(BorrowedFd<'fd>, PollFlags)>>,
    ) -> io::Result<&'a mut [PollFd<'fd>]> {
        let mut len = 0;
        fds.into_iter().try_for_each(|entry| {
            let (fd, events) = entry?;
            let wanted = sys::entry(fd.as_raw_fd(), events);
            match self.entries.get(len) {
                Some(PollFd { raw, .. }) if (raw.fd, raw.events) == (wanted.fd, wanted.events) => {}
                _ => self.change(len, PollFd { raw: wanted, borrowed: PhantomData }),
            }
            len += 1;
            io::Result::Ok(())
        })?;
        let entries = &mut self.entries[..len];
        // SAFETY: the types differ in the lifetime alone, and 'fd is the honest one: the loop above has just seen a
        // `BorrowedFd<'fd>` for the number in each of the `len` entries. The 'static in the field's type is never
        // read as such: `entries` is private, and this function is the only one that lends it.
        Ok(unsafe { std::mem::transmute::<&'a mut [PollFd<'static>], &'a mut [PollFd<'fd>]>(entries) })
    }

    /// Apart, as it is rare.
    #[cold]
    #[inline(never)]
    fn change(&mut self, place: usize, wanted: PollFd<'static>) {
        match self.entries.get_mut(place) {
            Some(entry) => *entry = wanted,
            None => self.entries.push(wanted),
        }
    }
}
