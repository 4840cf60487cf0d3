//! The `poll(2)` back end.

use std::io;

use super::meaning::{flags, meaning};
use super::{Backend, Source, Tag};
use crate::sys::poll;
use crate::{Interest, Mode, Readiness, Timeout};

/// `poll(2)`: each wait looks at every descriptor that is registered.
///
/// The kernel keeps nothing, so registering is no system call, and everything that is open can be registered.
///
/// # Examples
///
/// A regular file is always ready:
///
/// ```
/// use selectors::{Interest, PollSelector};
/// use std::fs::File;
///
/// let mut selector = PollSelector::new()?;
/// selector.register(File::open("/proc/self/exe")?, Interest::READ, ())?;
/// assert_eq!(selector.select(None)?.len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Portability
///
/// Everywhere. No edge-triggered mode. Regular files are always ready. That the peer sends no more is told, as
/// [`READ_CLOSED`](Readiness::READ_CLOSED), on Linux, Android and illumos; elsewhere with a hang-up, if at all.
///
/// On Windows this is `WSAPoll`. Before Windows 10 version 2004 it does not report that a connection attempt failed.
/// That the peer sends no more is told as a hang-up, so it counts as writable too;
/// [`WRITE_CLOSED`](Readiness::WRITE_CLOSED) is never told. Only sockets can be registered.
///
/// # References
///
/// [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html)
#[derive(Debug, Default)]
pub struct Poll {
    cache: poll::Cache,
    // The tags of the entries in `cache`, and others that are left from before behind them.
    tags: Vec<Tag>,
}

impl Backend for Poll {
    fn new() -> io::Result<Self> {
        Ok(Self::default())
    }

    fn name(&self) -> &'static str {
        "poll"
    }

    fn supports(&self, _: Interest, mode: Mode) -> bool {
        mode != Mode::Edge
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let (tags, mut len) = (&mut self.tags, 0);
        let entries = self.cache.load(armed.map(|source| {
            let source = source?;
            if tags.get(len) != Some(&source.tag()) {
                write(tags, len, source.tag());
            }
            len += 1;
            Ok((source.fd(), flags(source.interest())))
        }))?;
        let found = poll::poll(entries, timeout)?;
        let ready = entries.iter().zip(tags).filter(|(entry, _)| !entry.revents().is_empty());
        for (entry, tag) in ready.take(found) {
            report(*tag, meaning(entry.revents()));
        }
        Ok(())
    }
}

/// Writes down a tag. Apart, as it is rare.
#[cold]
#[inline(never)]
fn write(tags: &mut Vec<Tag>, place: usize, tag: Tag) {
    match tags.get_mut(place) {
        Some(old) => *old = tag,
        None => tags.push(tag),
    }
}
