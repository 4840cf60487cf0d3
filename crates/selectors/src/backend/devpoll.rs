//! The `/dev/poll` back end.

use std::io;

use crate::backend::meaning::{flags, meaning};
use crate::backend::{Backend, Source, Tag};
use crate::index::FdIndex;
use crate::sys::devpoll;
use crate::sys::fd::AsRawFd;
use crate::{Interest, Mode, Readiness, Timeout};

/// `/dev/poll`: the kernel keeps the set, and each wait first writes the changes since the last one.
///
/// Registering is no system call, so the kernel's errors show at the next wait. The kernel examines active descriptors only; a
/// wait still visits each armed one to check that it is open.
///
/// A set serves the process that first waited with it: in a forked child, make a new selector. Its descriptor cannot be
/// waited for and is not lent, so selectors of this kind do not nest.
///
/// # Examples
///
/// A selector of this kind:
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
    stored: devpoll::StoredFds,
    // The tag of each descriptor in `stored`. Other tags may be left from before.
    tags: FdIndex<Tag>,
}

impl Backend for Devpoll {
    fn new() -> io::Result<Self> {
        Ok(Self { stored: devpoll::StoredFds::new()?, tags: FdIndex::new(Tag::NONE) })
    }

    fn name(&self) -> &'static str {
        "devpoll"
    }

    fn supports(&self, _: Interest, mode: Mode) -> bool {
        mode != Mode::Edge
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.stored.add(source.fd(), flags(source.interest()))?;
        self.tags.insert(source.fd().as_raw_fd(), source.tag());
        Ok(())
    }

    fn modify(&mut self, _: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        self.stored.modify(to.fd(), flags(to.interest()))
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
        let borrowed = self.stored.retain(armed.map(|source| Ok(source?.fd())))?;
        for (fd, seen) in borrowed.poll(timeout)? {
            report(self.tags.get_or_none(fd), meaning(seen));
        }
        Ok(())
    }
}
