//! `/dev/poll` on Linux, emulated over `poll(2)` for development and tests.
//!
//! It follows the driver of illumos (`usr/src/uts/common/io/devpoll.c`): events of one descriptor are united, events of
//! exactly `POLLREMOVE` remove it, a descriptor that is not open is accepted and ignored, and the set belongs to one process.
//! Unlike the device, a wait costs as much as there are descriptors in the set, and fails with `EINVAL` when there are more
//! than the limit of descriptors. `POLLET`, `POLLONESHOT` and the other requests are missing.

#![expect(unsafe_code, reason = "a pipe from the C library, which writes two numbers to an address")]

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound::{Excluded, Unbounded};
use std::time::Duration;

use crate::sys::errno::cvt;
use crate::sys::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use crate::sys::millis;
use crate::sys::poll::{POLLREMOVE, entry};
use crate::sys::rlimit;

#[cfg(test)]
mod tests;

#[derive(Debug)]
pub(crate) struct Device {
    // The write end of a pipe without a reader: polling it reports an error, as polling the device does.
    descriptor: OwnedFd,
    // The process that owns the set, from the first write or poll on.
    owner: Option<u32>,
    set: BTreeMap<RawFd, Cached>,
    // The next scan starts after this number.
    last: RawFd,
}

/// The driver's cache entry of a number.
#[derive(Clone, Copy, Debug, Default)]
struct Cached {
    events: i16,
    // Whether it was open when it was added. Otherwise it counts as removed, but its events are kept.
    file: bool,
}

impl Device {
    /// Makes one, close-on-exec.
    pub(crate) fn open() -> io::Result<Self> {
        let mut ends = [-1; 2];
        // SAFETY: there is room for the two numbers.
        cvt(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
        // SAFETY: just made, open, and owned by nobody else.
        let [_reader, descriptor] = ends.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
        Ok(Self { descriptor, owner: None, set: BTreeMap::new(), last: -1 })
    }

    /// Writes a batch of changes, once; returns how many were taken.
    ///
    /// # Errors
    ///
    /// * `EACCES`: another process owns the set.
    /// * `EINVAL`: more changes than the process may have descriptors.
    ///
    /// # Safety
    ///
    /// A descriptor whose number is added stays open for as long as its number is in the set and the set is polled.
    pub(crate) unsafe fn write(&mut self, batch: &[libc::pollfd]) -> io::Result<usize> {
        self.own()?;
        if batch.len() > rlimit::descriptors() {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        for change in batch.iter().filter(|change| change.fd >= 0) {
            self.change(change)?;
        }
        Ok(batch.len())
    }

    fn change(&mut self, change: &libc::pollfd) -> io::Result<()> {
        if change.events != POLLREMOVE {
            let cached = self.set.entry(change.fd).or_default();
            cached.file |= is_open(change.fd)?;
            cached.events |= change.events;
        } else if self.set.get(&change.fd).is_some_and(|cached| cached.file) {
            self.set.remove(&change.fd);
        }
        Ok(())
    }

    /// `ioctl(DP_POLL)`, once; returns how many entries of `results` were filled.
    ///
    /// # Errors
    ///
    /// * `EACCES`: another process owns the set.
    /// * `EINTR`: a signal handler ran.
    pub(crate) fn poll(
        &mut self,
        results: &mut [libc::pollfd],
        limit: Option<Duration>,
    ) -> io::Result<usize> {
        self.own()?;
        if results.is_empty() {
            return poll(&mut [], limit);
        }
        // Around the circle of numbers, from where the last scan stopped.
        let rest = self.set.range((Excluded(self.last), Unbounded));
        let circle = rest.chain(self.set.range(..=self.last)).filter(|(_, cached)| cached.file);
        let mut fds: Vec<_> = circle.map(|(&fd, cached)| entry(fd, cached.events)).collect();
        poll(&mut fds, limit)?;
        let capacity = results.len();
        let ready = fds.iter().enumerate().filter(|(_, entry)| entry.revents != 0);
        let (mut filled, mut seen) = (0, 0);
        for ((index, entry), result) in ready.zip(results) {
            *result = *entry;
            (filled, seen) = (filled + 1, index + 1);
        }
        if filled == capacity && seen < fds.len() {
            self.last = fds[seen - 1].fd;
        }
        Ok(filled)
    }

    fn own(&mut self) -> io::Result<()> {
        let this = std::process::id();
        if *self.owner.get_or_insert(this) == this {
            Ok(())
        } else {
            Err(io::Error::from_raw_os_error(libc::EACCES))
        }
    }
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

fn is_open(fd: RawFd) -> io::Result<bool> {
    let mut entries = [entry(fd, 0)];
    poll(&mut entries, Some(Duration::ZERO))?;
    Ok(entries[0].revents & libc::POLLNVAL == 0)
}

/// `poll(2)`, in milliseconds as the device counts.
fn poll(fds: &mut [libc::pollfd], limit: Option<Duration>) -> io::Result<usize> {
    // SAFETY: the list is mutably borrowed and as long as its length says.
    cvt(unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, millis::or_forever(limit)) })
}
