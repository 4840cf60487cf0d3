//! The `/dev/poll` back end.

use std::io;

use crate::backend::meaning::{flags, meaning};
use crate::backend::{Backend, Source, Tag};
use crate::index::FdIndex;
use crate::sys::devpoll;
use crate::sys::fd::AsRawFd;
use crate::{Interest, Mode, Readiness, Timeout};

/// `/dev/poll`: the kernel keeps the set, and is told together what changed since the last wait.
///
/// Registering is no system call, so what the kernel has against a file shows at the next wait, as its error. The kernel
/// looks at what is active, this back end still compares what is registered with what the kernel knows.
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
    cache: devpoll::StoredFds,
    // Of what is in `cache`. Others may be left from before.
    tags: FdIndex<Tag>,
}

impl Backend for Devpoll {
    fn new() -> io::Result<Self> {
        Ok(Self { cache: devpoll::StoredFds::new()?, tags: FdIndex::new(Tag::NONE) })
    }

    fn name(&self) -> &'static str {
        "devpoll"
    }

    fn supports(&self, _: Interest, mode: Mode) -> bool {
        mode != Mode::Edge
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        // The set may still have another file under this number, which was removed since the last wait.
        self.cache.forget(source.fd());
        Ok(())
    }

    fn modify(&mut self, _: &Source<'_>, _: &Source<'_>) -> io::Result<()> {
        Ok(())
    }

    fn remove(&mut self, _: &Source<'_>) -> io::Result<()> {
        Ok(())
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let tags = &mut self.tags;
        let loaded = self.cache.fill(armed.map(|source| {
            let source = source?;
            tags.insert(source.fd().as_raw_fd(), source.tag());
            Ok((source.fd(), flags(source.interest())))
        }))?;
        for (fd, seen) in loaded.poll(timeout)? {
            report(tags.get_or_none(fd), meaning(seen));
        }
        Ok(())
    }
}
