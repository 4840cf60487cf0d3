//! The `poll(2)` back end.

use std::io;

use select_sys::Timeout;
use select_sys::fd::AsRawFd;
use select_sys::poll::{StoredFds, poll};

use super::convert::{from_poll_flags, poll_flags, poll_reports_end};
use super::interface::{Backend, Source};
use crate::fd_index::FdIndex;
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::token::Tag;

/// `poll(2)`: each wait looks at every armed key.
///
/// The kernel keeps no set. So registering is no system call, and any open file can be registered.
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
/// All platforms. No edge-triggered mode. Regular files are always ready. Linux, Android and illumos (the latter for TCP
/// only) report a peer that half-closed as [`READ_CLOSED`](Readiness::READ_CLOSED); other systems report it with a hang-up,
/// or not at all.
///
/// On Apple's systems `poll` is built on kqueue, and reports less than kqueue and select do. There is no
/// [`PRIORITY`](Interest::PRIORITY). A key that waits for both reading and writing counts as writable when its peer
/// half-closed, and [`READ_CLOSED`](Readiness::READ_CLOSED) is never reported. Directories and most devices, `/dev/tty` among
/// them, are reported as ready with [`ERROR`](Readiness::ERROR). The end of a named pipe is not reported. A wait for more than
/// 10,240 keys fails.
///
/// On Windows this is `WSAPoll`, and only sockets can be registered. Before Windows 10 version 2004 it does not report that
/// a connection attempt failed. A peer that half-closed is reported as a hang-up, so it counts as writable too;
/// [`WRITE_CLOSED`](Readiness::WRITE_CLOSED) is never reported.
///
/// # References
///
/// [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html)
#[derive(Debug)]
pub struct Poll {
    stored: StoredFds,
    /// Whether a descriptor in `stored` may belong to another key now. (`StoredFds` notices that it is another descriptor.)
    changed: bool,
    /// The tags of the entries in `stored`.
    tags: Vec<Tag>,
    /// The index in `stored` of each descriptor. May contain descriptors that are not stored any more.
    indices: FdIndex<u32>,
}

impl Default for Poll {
    fn default() -> Self {
        Self { stored: StoredFds::new(), changed: false, tags: Vec::new(), indices: FdIndex::new(u32::MAX) }
    }
}

/// Whether `poll` reports urgent data. XNU asks `EVFILT_READ` for it with `EV_OOBAND`, which sockets ignore
/// (`filt_soread_common` in `bsd/kern/uipc_socket.c`); and at the end of a stream it sets `PRI` without any.
const HAS_PRIORITY: bool = !cfg!(target_vendor = "apple");

impl Backend for Poll {
    fn new() -> io::Result<Self> {
        Ok(Self::default())
    }

    fn name(&self) -> &'static str {
        "poll"
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        mode != Mode::Edge
            && (HAS_PRIORITY || !interest.contains(Interest::PRIORITY))
            && poll_reports_end(interest)
    }

    fn add(&mut self, _: &Source<'_>) -> io::Result<()> {
        self.changed = true;
        Ok(())
    }

    fn modify(&mut self, _: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        let index = self.indices.get_or_none(to.fd().as_raw_fd()) as usize;
        // If the descriptor is not stored there, the next wait fills the list again.
        if self.stored.modify(index, to.fd(), poll_flags(to.interest())) {
            self.tags[index] = to.tag();
        }
        Ok(())
    }

    #[inline(always)]
    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let Self { stored, changed, tags, indices } = self;
        let valid = match *changed {
            true => None,
            false => stored.revalidate(armed.clone().map(|source| Ok(source?.fd())))?,
        };
        let entries = match valid {
            Some(entries) => entries,
            None => {
                tags.clear();
                let entries = stored.fill(armed.map(|source| {
                    let source = source?;
                    indices.insert(source.fd().as_raw_fd(), tags.len() as u32); // fewer than slots
                    tags.push(source.tag());
                    Ok((source.fd(), poll_flags(source.interest())))
                }))?;
                *changed = false;
                entries
            }
        };
        let mut left = poll(entries, timeout)?;
        for (entry, tag) in entries.iter().zip(tags) {
            if left == 0 {
                break;
            }
            if !entry.revents().is_empty() {
                report(*tag, from_poll_flags(entry.revents()));
                left -= 1;
            }
        }
        Ok(())
    }
}
