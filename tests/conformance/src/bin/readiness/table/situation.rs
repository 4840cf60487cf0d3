//! Situations: a descriptor in a certain state, and helpers to create one.

use std::any::Any;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use selectors::sys::poll::{PollFd, PollFlags, poll};

/// A descriptor in a certain state.
pub(crate) struct Situation {
    /// The kind of descriptor.
    pub(crate) kind: &'static str,
    /// The state.
    pub(crate) name: &'static str,
    /// The first version of Linux with this answer, if it is later than 5.4.
    pub(crate) since: Option<(u32, u32)>,
    /// Creates the descriptor, and returns when it is in this state.
    pub(crate) make: fn() -> io::Result<Made>,
}

impl Situation {
    pub(crate) const fn new(kind: &'static str, name: &'static str, make: fn() -> io::Result<Made>) -> Self {
        Self { kind, name, since: None, make }
    }

    /// Returns kind and state, as on the page.
    pub(crate) fn title(&self) -> (String, String) {
        let since = self.since.map(|(major, minor)| format!(" (Linux {major}.{minor} and newer)"));
        (self.kind.to_owned(), self.name.to_owned() + &since.unwrap_or_default())
    }
}

/// The descriptor, and others that must stay open meanwhile.
pub(crate) struct Made {
    pub(crate) fd: OwnedFd,
    #[expect(dead_code, reason = "held, not used")]
    others: Box<dyn Any>,
}

/// Returns `fd`, with `others` kept open.
pub(crate) fn made(fd: impl Into<OwnedFd>, others: impl Any) -> io::Result<Made> {
    Ok(Made { fd: fd.into(), others: Box::new(others) })
}

/// Waits until poll reports all of `flags`. Fails after 10 s.
pub(crate) fn until(fd: impl AsFd, flags: PollFlags) -> io::Result<()> {
    let (start, limit) = (Instant::now(), Duration::from_secs(10));
    let mut entry = [PollFd::new(fd.as_fd(), flags)];
    while !entry[0].revents().contains(flags) {
        let left = limit.saturating_sub(start.elapsed());
        if left.is_zero() {
            let message = format!("poll reports {:?} instead of {flags:?}", entry[0].revents());
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
        poll(&mut entry, left)?;
    }
    Ok(())
}

/// Writes until the buffer is full. The descriptor is non-blocking.
pub(crate) fn fill(fd: impl AsFd) -> io::Result<()> {
    loop {
        match rustix::io::write(&fd, &[0; 4096]) {
            Ok(_) => {}
            Err(rustix::io::Errno::AGAIN) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

pub(crate) fn put(fd: impl AsFd, bytes: &[u8]) -> io::Result<()> {
    if rustix::io::write(fd, bytes)? == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}
