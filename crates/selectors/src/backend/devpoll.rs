//! The `/dev/poll` back end.

use std::io;

use select_sys::Timeout;
use select_sys::devpoll::StoredFds;
use select_sys::fd::AsRawFd;

use super::convert::{from_poll_flags, poll_flags, poll_reports_end};
use super::interface::{Backend, Source};
use crate::fd_index::FdIndex;
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::token::Tag;

/// `/dev/poll`: the kernel keeps the set. A wait first sends the changes since the last wait, all at once.
///
/// Registering is no system call. So if the kernel refuses a file, the next wait fails. The kernel looks at active
/// descriptors only, but this back end compares all armed keys with the kernel's set in each wait.
///
/// A set serves only the process that first waited with it. A forked child must make a new selector. The descriptor of the
/// set cannot be waited for, so these selectors do not nest.
///
/// # Examples
///
/// A selector with this back end:
///
/// ```
/// use selectors::{DevpollSelector, Interest};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut selector = DevpollSelector::new()?;
/// selector.register(a, Interest::WRITE, ())?;
/// assert_eq!(selector.select(None)?.len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Portability
///
/// illumos and Solaris; Linux with the feature `devpoll-emulation`, for development. No edge-triggered mode.
///
/// # References
///
/// [poll(4D)](https://illumos.org/man/4D/poll)
#[derive(Debug)]
pub struct Devpoll {
    stored: StoredFds,
    /// The tag of each stored descriptor. May contain descriptors that are not stored any more.
    tags: FdIndex<Tag>,
}

impl Backend for Devpoll {
    fn new() -> io::Result<Self> {
        Ok(Self { stored: StoredFds::new()?, tags: FdIndex::new(Tag::NONE) })
    }

    fn name(&self) -> &'static str {
        "devpoll"
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        mode != Mode::Edge && poll_reports_end(interest)
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.stored.add(source.fd(), poll_flags(source.interest()))?;
        self.tags.insert(source.fd().as_raw_fd(), source.tag());
        Ok(())
    }

    fn modify(&mut self, _: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        self.stored.modify(to.fd(), poll_flags(to.interest()))?;
        self.tags.insert(to.fd().as_raw_fd(), to.tag());
        Ok(())
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.stored.remove(source.fd());
        Ok(())
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let set = self.stored.retain(armed.map(|source| Ok(source?.fd())))?;
        for (fd, flags) in set.poll(timeout)? {
            report(self.tags.get_or_none(fd), from_poll_flags(flags));
        }
        Ok(())
    }
}
