//! `/dev/poll` on Linux, an emulation over `poll(2)`: for development and tests.
//!
//! It follows the driver of illumos (`usr/src/uts/common/io/devpoll.c`): masks are united, a mask of exactly
//! `REMOVE` removes, what is not open is taken and passed over, and the set belongs to one process. Unlike the device,
//! a wait costs as much as there are descriptors in the set, and fails with `EINVAL` when there are more of them than
//! the limit of descriptors. `POLLET`, `POLLONESHOT` and the other requests are not there.

#![expect(unsafe_code, reason = "poll(2) with numbers, as the device takes them")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::c_int;
use std::io;
use std::ops::Bound::{Excluded, Unbounded};

use crate::devpoll::{REMOVE, limit};
use crate::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use crate::time;

/// What stands for the device.
///
/// # Examples
///
/// Nothing is in the set, so this waits for its time:
///
/// ```
/// use select_sys::devpoll_system::Device;
///
/// assert_eq!(Device::open()?.poll(&mut [], 1)?, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Device {
    // Of no use but to be there: the end of a pipe that nobody reads, so that polling it reports an error, as polling the
    // device does.
    descriptor: OwnedFd,
    // The process that it belongs to, from the first write or poll on.
    owner: Option<u32>,
    set: BTreeMap<RawFd, Cached>,
    // The number before the one with which the next scan begins.
    last: RawFd,
}

/// What the driver knows of a number.
#[derive(Clone, Copy, Debug, Default)]
struct Cached {
    events: i16,
    // Whether it was open when it was added. Otherwise it is as good as removed, but its events are kept.
    file: bool,
}

thread_local! {
    static CUT: Cell<Option<(usize, Option<i32>)>> = const { Cell::new(None) };
}

/// Makes the next write of this thread stop after so many changes: with this error, or else as a short one.
///
/// The driver fails in the middle of a batch when one of the files in it cannot be polled; it never writes short.
pub fn cut_next_write(after: usize, errno: Option<i32>) {
    CUT.set(Some((after, errno)));
}

impl Device {
    /// Makes one, close-on-exec.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`: no descriptors left in the process, in the system.
    pub fn open() -> io::Result<Self> {
        let mut ends = [-1; 2];
        // SAFETY: there is room for the two numbers.
        time::count(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
        // SAFETY: just made, open, and nobody else's.
        let [_reader, descriptor] = ends.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
        Ok(Self { descriptor, owner: None, set: BTreeMap::new(), last: -1 })
    }

    /// `write(2)` of a batch of changes, once: gives back how many were taken.
    ///
    /// # Errors
    ///
    /// * `EACCES`: it belongs to another process.
    /// * `EINVAL`: more changes than the process may have descriptors.
    ///
    /// # Safety
    ///
    /// A descriptor whose number is added stays open for as long as its number is in the set and the set is polled.
    pub unsafe fn write(&mut self, batch: &[libc::pollfd]) -> io::Result<usize> {
        self.own()?;
        if batch.len() > limit() {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let (most, errno) = CUT.take().unwrap_or((usize::MAX, None));
        for change in batch.iter().take(most).filter(|change| change.fd >= 0) {
            self.change(change)?;
        }
        match errno {
            Some(errno) => Err(io::Error::from_raw_os_error(errno)),
            None => Ok(batch.len().min(most)),
        }
    }

    fn change(&mut self, change: &libc::pollfd) -> io::Result<()> {
        if change.events != REMOVE {
            let cached = self.set.entry(change.fd).or_default();
            cached.file |= is_open(change.fd)?;
            cached.events |= change.events;
        } else if let Some(cached) = self.set.get_mut(&change.fd).filter(|cached| cached.file) {
            *cached = Cached::default();
        }
        Ok(())
    }

    /// `ioctl(DP_POLL)`, once: gives back how many of `found` were filled.
    ///
    /// # Errors
    ///
    /// * `EACCES`: it belongs to another process.
    /// * `EINTR`: a signal handler ran.
    pub fn poll(&mut self, found: &mut [libc::pollfd], millis: c_int) -> io::Result<usize> {
        self.own()?;
        if found.is_empty() {
            return poll(&mut [], millis);
        }
        // Around the circle of numbers, from where the last scan stopped.
        let rest = self.set.range((Excluded(self.last), Unbounded));
        let circle = rest.chain(self.set.range(..=self.last)).filter(|(_, cached)| cached.file);
        let mut fds: Vec<_> =
            circle.map(|(&fd, cached)| libc::pollfd { fd, events: cached.events, revents: 0 }).collect();
        poll(&mut fds, millis)?;
        let room = found.len();
        let ready = fds.iter().enumerate().filter(|(_, entry)| entry.revents != 0).take(room);
        let (mut filled, mut seen) = (0, 0);
        for ((index, entry), place) in ready.zip(found) {
            *place = *entry;
            (filled, seen) = (filled + 1, index + 1);
        }
        if filled == room && seen < fds.len() {
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
    let mut entry = [libc::pollfd { fd, events: 0, revents: 0 }];
    poll(&mut entry, 0)?;
    Ok(entry[0].revents & libc::POLLNVAL == 0)
}

fn poll(fds: &mut [libc::pollfd], millis: c_int) -> io::Result<usize> {
    // SAFETY: the list is mutably borrowed and as long as is said.
    time::count(unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, millis) })
}
