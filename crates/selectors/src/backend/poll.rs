//! The `poll(2)` back end.

use std::io;

use super::meaning::{flags, meaning};
use super::{Backend, Source, Tag, apart};
use crate::index::FdIndex;
use crate::sys::fd::AsRawFd;
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
/// selector.register(File::open(std::env::current_exe()?)?, Interest::READ, ())?;
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
#[derive(Debug)]
pub struct Poll {
    cache: poll::StoredFds,
    // Whether a descriptor in `cache` may be another key's now. That other descriptors are wanted shows by itself.
    changed: bool,
    // The tags of the entries in `cache`.
    tags: Vec<Tag>,
    // Where in `cache` a descriptor is. What is not in it any more may still be here.
    places: FdIndex<u32>,
}

impl Default for Poll {
    fn default() -> Self {
        let (cache, tags, places) = (poll::StoredFds::new(), Vec::new(), FdIndex::new(u32::MAX));
        Self { cache, changed: false, tags, places }
    }
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

    fn add(&mut self, _: &Source<'_>) -> io::Result<()> {
        self.changed = true;
        Ok(())
    }

    fn modify(&mut self, _: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        let place = self.places.get_or_none(to.fd().as_raw_fd()) as usize;
        // If it is not there, the descriptors are others, which shows by itself.
        self.cache.modify(place, to.fd(), flags(to.interest()));
        Ok(())
    }

    #[inline(always)]
    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let Self { cache, changed, tags, places } = self;
        let kept =
            if *changed { None } else { cache.revalidate(armed.clone().map(|source| Ok(source?.fd())))? };
        let entries = match kept {
            Some(entries) => entries,
            None => apart(|| {
                tags.clear();
                let entries = cache.fill(armed.map(|source| {
                    let source = source?;
                    places.insert(source.fd().as_raw_fd(), tags.len() as u32); // fewer than the numbers of slots
                    tags.push(source.tag());
                    Ok((source.fd(), flags(source.interest())))
                }))?;
                *changed = false;
                io::Result::Ok(entries)
            })?,
        };
        let mut left = poll::poll(entries, timeout)?;
        for (entries, tags) in entries.chunks(BLOCK).zip(tags.chunks(BLOCK)) {
            if left == 0 {
                break;
            }
            if is_idle(entries) {
                continue;
            }
            for (entry, tag) in entries.iter().zip(tags) {
                if !entry.revents().is_empty() {
                    left = left.saturating_sub(1);
                    report(*tag, meaning(entry.revents()));
                }
            }
        }
        Ok(())
    }
}

/// So many entries are 64 bytes, which a processor looks at together.
const BLOCK: usize = 8;

/// Whether this is a whole block with nothing to report. (A length that is known lets the loop be unrolled.)
#[inline]
fn is_idle(entries: &[poll::PollFd<'_>]) -> bool {
    let block: Result<&[_; BLOCK], _> = entries.try_into();
    block.is_ok_and(|block| block.iter().fold(0, |seen, entry| seen | entry.revents().bits()) == 0)
}
