//! The `epoll(7)` back end.

use std::io;

use rustix::io::Errno;

use crate::backend::meaning::readiness;
use crate::backend::{Backend, Source, Tag};
use crate::sys::epoll::{self, Event, EventFlags};
use crate::sys::fd::{AsFd, BorrowedFd};
use crate::{Interest, Mode, Readiness, Timeout};

/// `epoll(7)`: the kernel keeps the set, and a wait costs as much as there is to report.
///
/// It has a descriptor, which is readable when a wait would find something: see [`Selector`](crate::Selector) for how
/// selectors are nested.
///
/// # Examples
///
/// A selector of this kind, and its descriptor:
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
/// Linux, Android. All modes and interests; no regular files, directories and the like.
///
/// # References
///
/// [epoll(7)](https://man7.org/linux/man-pages/man7/epoll.7.html)
#[derive(Debug)]
pub struct Epoll {
    epoll: epoll::Epoll,
    // Room for more events than there are descriptors that are watched.
    buffer: Vec<Event>,
    // How many descriptors were added, and not removed.
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
        let (fd, flags, data) = (source.fd(), flags(source), source.tag().to_u64());
        match self.epoll.register(&fd, flags, data) {
            // The selector has no such key. A file that is still open through a duplicate was replaced under this number
            // (dup2) while it was registered, and is now back: epoll(7), "Questions and answers", 6.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::EXIST) => {
                self.epoll.modify(&fd, flags, data)?;
            }
            result => result?,
        }
        self.watched += 1;
        if self.buffer.len() <= self.watched {
            self.grow();
        }
        Ok(())
    }

    #[inline]
    fn modify(&mut self, _: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        let result = self.epoll.modify(&to.fd(), flags(to), to.tag().to_u64());
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
            report(Tag::from_u64(event.data()), meaning(event.flags()));
        }
        // There is more room than descriptors, so some of these are of files that were replaced (dup2) while they were
        // registered and that are open elsewhere: nobody can take them out. Others may be behind them.
        if events.len() == self.buffer.len() {
            self.grow();
        }
        Ok(())
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

impl Epoll {
    /// Apart, as it is rare.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.buffer.resize(2 * self.buffer.len(), Event::default());
    }
}

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

/// Whether a registration is gone: somebody closed its descriptor, or put another file under its number (`dup2`).
///
/// For a file that epoll would not watch, it answers EPERM or EINVAL instead of ENOENT (`do_epoll_ctl` in fs/eventpoll.c
/// looks at the file first); this back end's flags cause neither.
fn is_gone(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::BADF | Errno::PERM | Errno::INVAL))
}

fn flags(source: &Source<'_>) -> EventFlags {
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

#[inline]
fn meaning(flags: EventFlags) -> Readiness {
    // What is reported most.
    if flags == EventFlags::IN { Readiness::READ } else { MEANING[index(flags)] }
}

/// The events that can come, by [`index`]: the five lowest bits, and `RDHUP` as the sixth.
const MEANING: [Readiness; 64] = {
    let mut table = [Readiness::empty(); 64];
    let mut at = 0;
    while at < table.len() {
        let flags = EventFlags::from_bits_retain(at as u32);
        table[at] = readiness(
            flags.contains(EventFlags::IN),
            flags.contains(EventFlags::PRI),
            flags.contains(EventFlags::OUT),
            flags.contains(EventFlags::ERR),
            flags.contains(EventFlags::HUP),
            at & 0x20 != 0,
        );
        at += 1;
    }
    table
};

const LOW: u32 = 0x1f;
const _: () = assert!(
    LOW == EventFlags::IN.bits()
        | EventFlags::PRI.bits()
        | EventFlags::OUT.bits()
        | EventFlags::ERR.bits()
        | EventFlags::HUP.bits()
);

/// `RDHUP` is bit 13. Between it and the lowest are bits that are not reported, as [`flags`] asks for none of them.
#[inline]
fn index(flags: EventFlags) -> usize {
    const _: () = assert!(EventFlags::RDHUP.bits() >> 8 == LOW + 1);
    ((flags.bits() | flags.bits() >> 8) & (2 * LOW + 1)) as usize
}
