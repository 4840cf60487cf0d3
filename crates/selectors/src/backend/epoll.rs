//! The `epoll(7)` back end.

use std::io;

use rustix::io::Errno;
use select_sys::Timeout;
use select_sys::epoll::{self, Event, EventFlags};
use select_sys::fd::{AsFd, BorrowedFd};

use super::convert::{FAILED, HANG_UP, PEER_CLOSED};
use super::interface::{Backend, Source};
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::token::Tag;

/// `epoll(7)`: the kernel keeps the set, and a wait costs as much as there is to report.
///
/// It has a descriptor, which is readable when a wait would return something. See [`Selector`](crate::Selector) for
/// nesting.
///
/// # Examples
///
/// A selector with this back end, and its descriptor:
///
/// ```
/// use selectors::{EpollSelector, Interest};
/// use std::os::fd::AsFd;
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut selector = EpollSelector::new()?;
/// selector.register(&a, Interest::READ, ())?;
/// let duplicate = selector.as_fd().try_clone_to_owned()?; // to nest it in another
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Portability
///
/// Linux, Android. All modes and interests. It refuses files that are always ready, such as regular files and directories.
///
/// # References
///
/// [epoll(7)](https://man7.org/linux/man-pages/man7/epoll.7.html)
#[derive(Debug)]
pub struct Epoll {
    epoll: epoll::Epoll,
    /// Room for more events than there are watched descriptors.
    buffer: Vec<Event>,
    /// The number of descriptors that were added and not removed.
    watched: usize,
}

impl Backend for Epoll {
    fn new() -> io::Result<Self> {
        Ok(Self { epoll: epoll::Epoll::new()?, buffer: vec![Event::default(); 4], watched: 0 })
    }

    fn name(&self) -> &'static str {
        "epoll"
    }

    fn supports(&self, _: Interest, _: Mode) -> bool {
        true
    }

    #[inline]
    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        let (fd, flags, data) = (source.fd(), event_flags(source), source.tag().to_u64());
        match self.epoll.register(&fd, flags, data) {
            // The selector has no key for this descriptor. A file was replaced (dup2) while it was registered, stayed open
            // through a duplicate, and is now back under its number: epoll(7), "Questions and answers", 6.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::EXIST) => {
                self.epoll.modify(&fd, flags, data)?;
            }
            result => result?,
        }
        self.watched += 1;
        if self.buffer.len() <= self.watched {
            self.buffer.resize(2 * self.buffer.len(), Event::default());
        }
        Ok(())
    }

    #[inline]
    fn modify(&mut self, _: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        let result = self.epoll.modify(&to.fd(), event_flags(to), to.tag().to_u64());
        result.map_err(|error| if is_gone(&error) { Errno::NOENT.into() } else { error })
    }

    #[inline]
    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        match self.epoll.unregister(&source.fd()) {
            Err(error) if !is_gone(&error) => Err(error),
            _ => {
                self.watched = self.watched.saturating_sub(1);
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn wait<'fd>(
        &mut self,
        _: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let events = self.epoll.wait(&mut self.buffer, timeout)?;
        for event in events {
            report(Tag::from_u64(event.data()), from_event_flags(event.flags()));
        }
        // There is more room than there are descriptors. So some events are of files that were replaced (dup2) while they
        // were registered and that are open elsewhere: nobody can remove them. They may hide others.
        if events.len() == self.buffer.len() {
            self.buffer.resize(2 * self.buffer.len(), Event::default());
        }
        Ok(())
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

/// Whether a registration is gone: somebody closed its descriptor, or another file replaced it (`dup2`).
///
/// If epoll cannot watch the new file, the error is EPERM or EINVAL instead of ENOENT, because `do_epoll_ctl` in
/// fs/eventpoll.c checks the file first. The flags of this back end cause neither.
fn is_gone(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::BADF | Errno::PERM | Errno::INVAL))
}

fn event_flags(source: &Source<'_>) -> EventFlags {
    let mut flags = match source.mode() {
        Mode::Level => EventFlags::empty(),
        Mode::Edge => EventFlags::ET,
        Mode::Oneshot => EventFlags::ONESHOT,
    };
    if source.interest().contains(Interest::READ) {
        flags |= EventFlags::IN | EventFlags::RDHUP;
    }
    if source.interest().contains(Interest::WRITE) {
        flags |= EventFlags::OUT;
    }
    if source.interest().contains(Interest::PRIORITY) {
        flags |= EventFlags::PRI;
    }
    flags
}

/// The readiness that each flag stands for.
const READINESS: [(EventFlags, Readiness); 6] = [
    (EventFlags::IN, Readiness::READ),
    (EventFlags::OUT, Readiness::WRITE),
    (EventFlags::PRI, Readiness::PRIORITY),
    (EventFlags::RDHUP, PEER_CLOSED),
    (EventFlags::HUP, HANG_UP),
    (EventFlags::ERR, FAILED),
];

#[inline]
fn from_event_flags(flags: EventFlags) -> Readiness {
    if flags == EventFlags::IN {
        return Readiness::READ;
    }
    let mut readiness = Readiness::empty();
    for (flag, meaning) in READINESS {
        if flags.contains(flag) {
            readiness |= meaning;
        }
    }
    readiness
}
