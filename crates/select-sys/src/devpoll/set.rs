//! The set in the device and the changes to it: what `DevPoll` and `StoredFds` share.

#![expect(unsafe_code, reason = "the device takes numbers; the callers know that these are open")]

use std::fmt;
use std::io;
use std::time::Duration;

use crate::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use crate::poll::PollFlags;
use crate::sys::poll::{POLLREMOVE, entry};
use crate::sys::{devpoll, rlimit};
use crate::timeout::{Deadline, Timeout};

#[cfg(test)]
mod tests;

/// The most results of one wait: half a MiB. The device continues after the last one, so nothing starves.
const MAX_RESULTS: usize = 1 << 16;

/// Fewer entries than this are kept allocated.
const MIN_CAPACITY: usize = 1024;

/// An open `/dev/poll`, or a stand-in for it in tests.
pub(super) trait Device: AsFd {
    /// Writes a batch of changes, once; returns how many the device took.
    ///
    /// # Safety
    ///
    /// A descriptor whose number is added stays open for as long as its number is in the set and the set is polled.
    unsafe fn write(&mut self, batch: &[libc::pollfd]) -> io::Result<usize>;

    /// Waits once; returns how many entries of `results` were filled.
    fn poll(&mut self, results: &mut [libc::pollfd], limit: Option<Duration>) -> io::Result<usize>;
}

impl Device for devpoll::Device {
    unsafe fn write(&mut self, batch: &[libc::pollfd]) -> io::Result<usize> {
        // SAFETY: passed on.
        unsafe { self.write(batch) }
    }

    fn poll(&mut self, results: &mut [libc::pollfd], limit: Option<Duration>) -> io::Result<usize> {
        self.poll(results, limit)
    }
}

/// The state of one descriptor number.
#[derive(Clone, Copy, Debug, Default)]
struct FdState {
    // The events to watch for, if the number is in the set.
    events: Option<PollFlags>,
    // Whether the device may have the number. A write that failed may have added it.
    written: bool,
    // Whether the number is in `Set::dirty`.
    dirty: bool,
    // The index in `Set::entries`, if the number is in the set.
    index: u32,
    // The last `retain` that was shown the number.
    retained: u64,
}

#[derive(Debug)]
pub(super) struct Set<D = devpoll::Device> {
    device: D,
    // By number. The device has a number that is not dirty if and only if it has events.
    states: Vec<FdState>,
    // The numbers in the set, in no order.
    entries: Vec<RawFd>,
    // The numbers to write before the next wait, each once.
    dirty: Vec<RawFd>,
    // The number of calls of `retain`.
    retains: u64,
    // The number of removals since `states` was shrunk.
    removals: usize,
    // Buffers.
    batch: Vec<libc::pollfd>,
    results: Vec<libc::pollfd>,
}

impl<D: Device> Set<D> {
    pub(super) fn new(device: D) -> Self {
        Self {
            device,
            states: Vec::new(),
            entries: Vec::new(),
            dirty: Vec::new(),
            retains: 0,
            removals: 0,
            batch: Vec::new(),
            results: Vec::new(),
        }
    }

    /// The number of descriptors in the set.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds a number, which may be another file's than before, or replaces its events.
    pub(super) fn add(&mut self, fd: RawFd, events: PollFlags) {
        self.set_events(fd, Some(events));
    }

    /// Adds a number, or replaces its events. If it is in the set, it is still the same file's.
    pub(super) fn modify(&mut self, fd: RawFd, events: PollFlags) {
        if self.events(fd) != Some(events) {
            self.set_events(fd, Some(events));
        }
    }

    /// Removes a number, if it is in the set.
    pub(super) fn remove(&mut self, fd: RawFd) {
        if self.events(fd).is_some() {
            self.set_events(fd, None);
        }
    }

    /// The events that a number is watched for, if it is in the set.
    fn events(&self, fd: RawFd) -> Option<PollFlags> {
        self.states.get(fd as usize)?.events // the index of a negative number is beyond the end
    }

    /// Sets the events of a number, and marks it as dirty: the device forgets the file that it may have under this number.
    ///
    /// A negative number, which no descriptor has, is ignored.
    fn set_events(&mut self, fd: RawFd, events: Option<PollFlags>) {
        let Ok(number) = usize::try_from(fd) else { return };
        if number >= self.states.len() {
            self.states.resize(number + 1, FdState::default());
        }
        let state = &mut self.states[number];
        match (state.events, events) {
            (None, Some(_)) => {
                state.index = self.entries.len() as u32; // fewer than there are numbers
                self.entries.push(fd);
            }
            (Some(_), None) => {
                let index = state.index;
                self.entries.swap_remove(index as usize);
                if let Some(&moved) = self.entries.get(index as usize) {
                    self.states[moved as usize].index = index;
                }
                self.removals += 1;
            }
            _ => {}
        }
        let state = &mut self.states[number];
        state.events = events;
        if !state.dirty {
            state.dirty = true;
            self.dirty.push(fd);
        }
    }

    /// Removes every number that is not among `fds`.
    ///
    /// # Errors
    ///
    /// The first error that `fds` yields, or `ENOENT` for a descriptor that is not in the set; then nothing is removed.
    pub(super) fn retain<'fd>(
        &mut self,
        fds: impl IntoIterator<Item = io::Result<BorrowedFd<'fd>>>,
    ) -> io::Result<()> {
        self.retains += 1;
        let mut retained = 0;
        for fd in fds {
            // The index of a negative number is beyond the end.
            let state = self.states.get_mut(fd?.as_raw_fd() as usize);
            let Some(state) = state.filter(|state| state.events.is_some()) else {
                return Err(io::Error::from_raw_os_error(libc::ENOENT));
            };
            if state.retained != self.retains {
                state.retained = self.retains;
                retained += 1;
            }
        }
        if retained < self.entries.len() {
            // Backwards, as a removal moves the last entry to its index.
            for index in (0..self.entries.len()).rev() {
                let fd = self.entries[index];
                if self.states[fd as usize].retained != self.retains {
                    self.remove(fd);
                }
            }
        }
        Ok(())
    }

    /// Writes the changes to the device, then waits; returns entries whose numbers are in the set.
    ///
    /// # Safety
    ///
    /// The descriptors in the set are open, and stay open until they are removed from it or it is polled no more.
    pub(super) unsafe fn poll(&mut self, timeout: Timeout) -> io::Result<&[libc::pollfd]> {
        // SAFETY: passed on.
        unsafe { self.sync() }.map_err(with_advice)?;
        let mut capacity = self.len().clamp(1, MAX_RESULTS);
        resize(&mut self.results, capacity);
        let mut deadline = Deadline::new(timeout);
        let found = loop {
            let result = self.device.poll(&mut self.results[..capacity], deadline.left());
            if !deadline.should_retry(&result) {
                match result {
                    // More results than the process may have descriptors, which Solaris refuses: the limit was lowered.
                    Err(error) if is_over_limit(&error, capacity) => capacity = max_batch(),
                    result => break result.map_err(with_advice)?,
                }
            }
        };
        // A program that writes to the device's descriptor, which `as_fd` lends, can put other numbers into its set.
        let mut valid = 0;
        for index in 0..found {
            if self.events(self.results[index].fd).is_some() {
                self.results.swap(valid, index);
                valid += 1;
            }
        }
        Ok(&self.results[..valid])
    }

    /// Writes the changes to the device.
    ///
    /// After an error the next call writes all of them again, which makes no difference for those that the device has taken.
    ///
    /// # Safety
    ///
    /// As for [`poll`](Self::poll).
    unsafe fn sync(&mut self) -> io::Result<()> {
        if self.dirty.is_empty() {
            return Ok(());
        }
        self.batch.clear();
        for &fd in &self.dirty {
            let state = &mut self.states[fd as usize];
            if state.written {
                // The device unites old and new events, so the number is removed first.
                self.batch.push(entry(fd, POLLREMOVE));
            }
            if let Some(events) = state.events {
                let events = match events.bits() as i16 {
                    POLLREMOVE => 0, // it would remove the number, and requests nothing else
                    events => events,
                };
                self.batch.push(entry(fd, events));
                state.written = true;
            }
        }
        let (mut rest, mut max) = (&self.batch[..], usize::MAX);
        while !rest.is_empty() {
            let part = &rest[..rest.len().min(max)];
            // SAFETY: a number that is added is in the set, so it is as the caller promises. Numbers that the device has and the
            // set has not are dirty, so this batch removes them, and there is no wait without it.
            match unsafe { self.device.write(part) } {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => rest = &rest[taken..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_over_limit(&error, part.len()) => max = max_batch(),
                Err(error) => return Err(error),
            }
        }
        for fd in self.dirty.drain(..) {
            let state = &mut self.states[fd as usize];
            state.written = state.events.is_some();
            state.dirty = false;
        }
        self.shrink();
        Ok(())
    }

    /// Returns memory that a much larger set needed.
    fn shrink(&mut self) {
        shrink(&mut self.entries);
        shrink(&mut self.dirty);
        self.batch.clear();
        shrink(&mut self.batch);
        // To look for the highest number costs as much as there are states, so many removals share it.
        if self.removals >= self.states.len() / 8 {
            self.removals = 0;
            let used = self.states.iter().rposition(|state| state.events.is_some());
            self.states.truncate(used.map_or(0, |highest| highest + 1));
            shrink(&mut self.states);
        }
    }
}

impl Set {
    /// Opens the device.
    pub(super) fn open() -> io::Result<Self> {
        devpoll::Device::open().map(Self::new)
    }
}

impl<D: Device> AsFd for Set<D> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }
}

/// Makes room for so many results, and not for many more.
fn resize(results: &mut Vec<libc::pollfd>, len: usize) {
    if results.len() < len || results.len() > 8 * len.max(MIN_CAPACITY) {
        results.resize(len, entry(-1, 0));
        shrink(results);
    }
}

/// Returns memory if it is far more than needed.
fn shrink<T>(vec: &mut Vec<T>) {
    let needed = vec.len().max(MIN_CAPACITY);
    if vec.capacity() > 8 * needed {
        vec.shrink_to(2 * needed);
    }
}

/// The most changes or results that every system takes at once: as many as the process may have descriptors.
fn max_batch() -> usize {
    rlimit::descriptors().max(1)
}

fn is_over_limit(error: &io::Error, len: usize) -> bool {
    error.raw_os_error() == Some(libc::EINVAL) && len > max_batch()
}

/// Adds advice to an error of the device where the system's message does not help.
fn with_advice(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(libc::EACCES) => io::Error::new(io::ErrorKind::PermissionDenied, Inherited(error)),
        _ => error,
    }
}

/// The process is not the one that first used the set.
#[derive(Debug)]
struct Inherited(io::Error);

impl fmt::Display for Inherited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a /dev/poll set serves only the process that used it first: make a new one in the child")
    }
}

impl std::error::Error for Inherited {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
