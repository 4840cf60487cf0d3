//! A set in the device, and what it is to become: what `DevPoll` and `StoredFds` share.

#![expect(unsafe_code, reason = "the device takes numbers, and those who want them know that they are open")]

use std::fmt;
use std::io;

use super::{REMOVE, limit};
use crate::Timeout;
use crate::devpoll_system::Device;
use crate::fd::{AsFd, BorrowedFd, RawFd};
use crate::poll::PollFlags;
use crate::time;

/// The most results of one wait: half a MiB. The device goes on after the last one, so nothing starves beyond it.
const MOST: usize = 1 << 16;

/// A number of a descriptor, in the set and out of it.
#[derive(Clone, Copy, Debug, Default)]
struct Number {
    // What it is to be watched for, if it is.
    wanted: Option<PollFlags>,
    // Whether the device may have it: it has been written, perhaps by a write that failed later on.
    written: bool,
    // Whether it is in `Set::changed`.
    changed: bool,
}

#[derive(Debug)]
pub(super) struct Set {
    device: Device,
    // By number. One that is not in `changed` is in the device's set if it is wanted, and only then.
    numbers: Vec<Number>,
    // What the device is to be told before the next wait: numbers, each once.
    changed: Vec<RawFd>,
    // How many are wanted.
    len: usize,
    // Room for what is written, and, apart from it, for what is found.
    batch: Vec<libc::pollfd>,
    found: Vec<libc::pollfd>,
}

impl Set {
    pub(super) fn open() -> io::Result<Self> {
        let (changed, batch, found) = Default::default();
        Ok(Self { device: Device::open()?, numbers: Vec::new(), changed, len: 0, batch, found })
    }

    /// How many numbers are wanted.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// What a number is wanted for.
    pub(super) fn wanted(&self, fd: RawFd) -> Option<PollFlags> {
        self.numbers.get(fd as usize)?.wanted // a negative number is beyond them
    }

    /// The highest number that was ever wanted, and one more.
    pub(super) fn end(&self) -> RawFd {
        self.numbers.len() as RawFd // `want` was given one less
    }

    /// Wants a number for something, or no more, and has the device told so, even if nothing changes. A negative number,
    /// which stands for no descriptor, is left out.
    pub(super) fn want(&mut self, fd: RawFd, wanted: Option<PollFlags>) {
        let Ok(at) = usize::try_from(fd) else { return };
        if at >= self.numbers.len() {
            if wanted.is_none() {
                return;
            }
            self.numbers.resize(at + 1, Number::default());
        }
        let number = &mut self.numbers[at];
        self.len = self.len - usize::from(number.wanted.is_some()) + usize::from(wanted.is_some());
        number.wanted = wanted;
        if !number.changed {
            number.changed = true;
            self.changed.push(fd);
        }
    }

    /// Tells the device what changed, then waits, and gives back what was found: numbers that are wanted.
    ///
    /// # Safety
    ///
    /// The descriptors whose numbers are wanted are open, and stay open until the set is polled no more or they are
    /// wanted no more.
    pub(super) unsafe fn poll(&mut self, timeout: Timeout) -> io::Result<&[libc::pollfd]> {
        // SAFETY: passed on.
        unsafe { self.flush() }.map_err(explained)?;
        let mut room = self.len.clamp(1, MOST);
        if self.found.len() < room {
            self.found.resize(room, libc::pollfd { fd: -1, events: 0, revents: 0 });
        }
        let found = time::wait(timeout, |left| {
            let millis = left.map_or(-1, time::millis_up);
            loop {
                match self.device.poll(&mut self.found[..room], millis) {
                    // More results than the process may have descriptors, which Solaris refuses: the limit was lowered.
                    Err(error) if error.raw_os_error() == Some(libc::EINVAL) && room > limit().max(1) => {
                        room = limit().max(1)
                    }
                    result => return result,
                }
            }
        });
        let found = found.map_err(explained)?;
        // Whoever writes to the device through a descriptor that `as_fd` lent can put other numbers in its set.
        let mut wanted = 0;
        for at in 0..found {
            if self.wanted(self.found[at].fd).is_some() {
                self.found.swap(wanted, at);
                wanted += 1;
            }
        }
        Ok(&self.found[..wanted])
    }

    /// Tells the device what changed. When that fails, all of it is told again the next time, which makes no difference
    /// for what the device has taken.
    ///
    /// # Safety
    ///
    /// As for [`poll`](Self::poll).
    unsafe fn flush(&mut self) -> io::Result<()> {
        if self.changed.is_empty() {
            return Ok(());
        }
        self.batch.clear();
        for &fd in &self.changed {
            let number = &mut self.numbers[fd as usize];
            if number.written {
                // First out with it: the device unites masks.
                self.batch.push(libc::pollfd { fd, events: REMOVE, revents: 0 });
            }
            if let Some(wanted) = number.wanted {
                let events = match wanted.bits() as i16 {
                    REMOVE => 0, // would take it out, and says nothing else
                    events => events,
                };
                self.batch.push(libc::pollfd { fd, events, revents: 0 });
                number.written = true;
            }
        }
        let (mut rest, mut most) = (&self.batch[..], usize::MAX);
        while !rest.is_empty() {
            let part = &rest[..rest.len().min(most)];
            // SAFETY: a number that is added is wanted, so it is as the caller promises. Those in the set that are not
            // wanted are in `changed`, and so taken out by this batch, without which there is no wait.
            match unsafe { self.device.write(part) } {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(taken) => rest = &rest[taken..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // At most as many as the process may have descriptors.
                Err(error) if error.raw_os_error() == Some(libc::EINVAL) && part.len() > limit().max(1) => {
                    most = limit().max(1);
                }
                Err(error) => return Err(error),
            }
        }
        for fd in self.changed.drain(..) {
            let number = &mut self.numbers[fd as usize];
            number.written = number.wanted.is_some();
            number.changed = false;
        }
        Ok(())
    }
}

impl AsFd for Set {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }
}

/// An error of the device, with what there is to do about it where the system's own words do not help.
fn explained(error: io::Error) -> io::Error {
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
