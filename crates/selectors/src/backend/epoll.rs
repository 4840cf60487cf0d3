//! The `epoll(7)` back end.

use std::io;
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use select_sys::Timeout;
use select_sys::epoll::{self, Event, EventFlags};
use select_sys::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use super::always_ready::{AlwaysReady, Entry, ready_by_poll};
use super::convert::{FAILED, HANG_UP, PEER_CLOSED};
use super::events::Events;
use super::interface::{Backend, Source};
use super::waiter::Waiter;
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
/// Linux, Android. All modes and interests.
///
/// The kernel refuses files that are always ready, such as regular files, directories and `/dev/null` (`EPERM`). They are
/// registered all the same: the back end reports them itself, as `poll(2)` does. While such a key is registered, the back end
/// has an `eventfd` of its own.
///
/// # References
///
/// [epoll(7)](https://man7.org/linux/man-pages/man7/epoll.7.html)
#[derive(Debug)]
pub struct Epoll {
    /// Shared with waits of a `SharedSelector`.
    epoll: Arc<epoll::Epoll>,
    /// Room for more events than there are watched descriptors.
    buffer: Vec<Event>,
    /// The number of descriptors that were added and not removed, with the beacon.
    watched: usize,
    /// The descriptors that the kernel refuses because they are always ready.
    always_ready: AlwaysReady<RawFd>,
    /// There is one while `always_ready` is not empty.
    beacon: Option<Beacon>,
}

/// An eventfd in the kernel's set that ends a wait while an always-ready descriptor is armed.
#[derive(Debug)]
struct Beacon {
    /// Its counter is not zero, so it is readable.
    fd: OwnedFd,
    /// The mode in which the kernel watches it, if it does.
    armed: Option<Mode>,
}

/// The 64 bits of the beacon's event. No registration has this tag.
const BEACON: u64 = Tag::NONE.to_u64();

impl Epoll {
    /// Adds a descriptor to the kernel's set.
    #[inline]
    fn watch(&mut self, source: &Source<'_>) -> io::Result<()> {
        let (fd, flags, data) = (source.fd(), event_flags(source), source.tag().to_u64());
        match self.epoll.register(&fd, flags, data) {
            // The selector has no key for this descriptor. A file was replaced (dup2) while it was registered, stayed open
            // through a duplicate, and is now back under its number: epoll(7), "Questions and answers", 6.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::EXIST) => {
                self.epoll.modify(&fd, flags, data)?;
            }
            result => result?,
        }
        self.count_watched();
        Ok(())
    }

    /// Counts a descriptor that was added, and makes room for its event.
    #[inline]
    fn count_watched(&mut self) {
        self.watched += 1;
        if self.buffer.len() <= self.watched {
            self.buffer.resize(2 * self.buffer.len(), Event::default());
        }
    }

    /// Adds a descriptor that the kernel refused to the list, or changes its entry there, if it is always ready.
    #[cold]
    fn list(&mut self, source: &Source<'_>, error: io::Error) -> io::Result<()> {
        if Errno::from_io_error(&error) != Some(Errno::PERM) {
            return Err(error);
        }
        // The kernel refuses files without a `poll` function with EPERM, and `poll(2)` reports those as ready for reading and
        // writing (`do_epoll_ctl` in fs/eventpoll.c, `vfs_poll` in include/linux/poll.h). A sandbox may refuse any file.
        let readiness = ready_by_poll(source.fd(), source.interest());
        if readiness.is_empty() && ready_by_poll(source.fd(), Interest::READ | Interest::WRITE).is_empty() {
            return Err(error);
        }
        let fd = source.fd().as_raw_fd();
        let entry = Entry { tag: source.tag(), readiness, mode: source.mode(), is_armed: true };
        let earlier = self.always_ready.insert(fd, entry);
        self.update_beacon().inspect_err(|_| {
            self.always_ready.restore(fd, earlier);
            let _ = self.update_beacon(); // the next report tries again
        })
    }

    /// Changes a descriptor that is in the list.
    #[cold]
    fn modify_listed(&mut self, to: &Source<'_>) -> io::Result<()> {
        match self.watch(to) {
            // The number has another file now (dup2).
            Ok(()) => {
                self.unlist(to.fd().as_raw_fd());
                Ok(())
            }
            Err(error) => self.list(to, error),
        }
    }

    /// Removes a descriptor from the list.
    #[cold]
    fn unlist(&mut self, fd: RawFd) {
        self.always_ready.remove(fd);
        let _ = self.update_beacon(); // the next report tries again
    }

    /// Arms the beacon while an entry of the list is armed, and disarms it otherwise. It exists while the list is not empty.
    fn update_beacon(&mut self) -> io::Result<()> {
        if self.always_ready.is_empty() {
            if let Some(beacon) = &self.beacon {
                // A forked child may keep it open, so closing it does not suffice.
                self.epoll.unregister(&beacon.fd)?;
                self.beacon = None;
                self.watched = self.watched.saturating_sub(1);
            }
            return Ok(());
        }
        let armed = self.always_ready.beacon();
        let flags = match armed {
            None => EventFlags::empty(),
            Some(Mode::Oneshot) => EventFlags::IN | EventFlags::ONESHOT,
            Some(_) => EventFlags::IN,
        };
        match &mut self.beacon {
            Some(beacon) if beacon.armed == armed => {}
            Some(beacon) => {
                self.epoll.modify(&beacon.fd, flags, BEACON)?;
                beacon.armed = armed;
            }
            None => {
                let fd = eventfd(1, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
                self.epoll.register(&fd, flags, BEACON)?;
                self.beacon = Some(Beacon { fd, armed });
                self.count_watched();
            }
        }
        Ok(())
    }

    /// Reports the list and the first `found` events, without that of the beacon.
    #[cold]
    fn report_with_list(&mut self, found: usize, mut report: impl FnMut(Tag, Readiness)) {
        self.always_ready.report(&mut report, |_| ());
        for index in 0..found {
            let event = self.buffer[index];
            if !self.is_beacon_event(event) {
                report(Tag::from_u64(event.data()), from_event_flags(event.flags()));
            }
        }
        let _ = self.update_beacon(); // the next report tries again
    }

    /// Whether an event is that of the beacon. Notes that the kernel has disarmed it, if it has.
    fn is_beacon_event(&mut self, event: Event) -> bool {
        if let Some(Beacon { armed: armed @ Some(_), .. }) = &mut self.beacon {
            if event.data() == BEACON {
                *armed = armed.filter(|mode| *mode != Mode::Oneshot);
                return true;
            }
        }
        false
    }
}

impl Backend for Epoll {
    fn new() -> io::Result<Self> {
        Ok(Self {
            epoll: Arc::new(epoll::Epoll::new()?),
            buffer: vec![Event::default(); 4],
            watched: 0,
            always_ready: AlwaysReady::default(),
            beacon: None,
        })
    }

    fn name(&self) -> &'static str {
        "epoll"
    }

    fn supports(&self, _: Interest, _: Mode) -> bool {
        true
    }

    #[inline]
    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.watch(source).or_else(|error| self.list(source, error))
    }

    #[inline]
    fn modify(&mut self, _: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        if self.always_ready.contains(to.fd().as_raw_fd()) {
            return self.modify_listed(to);
        }
        let result = self.epoll.modify(&to.fd(), event_flags(to), to.tag().to_u64());
        result.map_err(|error| if is_gone(&error) { Errno::NOENT.into() } else { error })
    }

    #[inline]
    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        if self.always_ready.contains(source.fd().as_raw_fd()) {
            self.unlist(source.fd().as_raw_fd());
            return Ok(());
        }
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
        if self.beacon.is_some() {
            let found = events.len();
            self.report_with_list(found, report);
            return Ok(());
        }
        for event in events {
            report(Tag::from_u64(event.data()), from_event_flags(event.flags()));
        }
        Ok(())
    }

    /// Moves what is armed to a new set, which replaces the earlier one.
    #[cold]
    fn rebuild<'fd>(&mut self, armed: impl Iterator<Item = Source<'fd>>) -> io::Result<bool> {
        let mut new = Self::new()?;
        for source in armed {
            match new.add(&source) {
                Err(error) if is_gone(&error) => new.count_watched(), // the kernel has lost it: `remove` will follow
                added => added?,
            }
        }
        // Waits that have begun, and selectors that watch a duplicate of the descriptor, keep the earlier set. The new set is
        // registered in it, so they still see every event. If that nests too deep (ELOOP), they still see that the earlier set
        // is ready, as nothing was removed from it.
        let _ = self.epoll.register(&new.epoll, EventFlags::IN, BEACON);
        self.epoll.replace(&new.epoll)?;
        *self = Self { epoll: Arc::clone(&self.epoll), ..new };
        Ok(true)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }

    fn waiter(&self) -> Option<Waiter> {
        Some(Waiter::of_epoll(&self.epoll))
    }

    #[inline(always)]
    fn report<'fd>(
        &mut self,
        events: &mut Events,
        _: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        mut report: impl FnMut(Tag, Readiness) -> bool,
    ) -> io::Result<()> {
        let found = events.of_epoll();
        let has_list = self.beacon.is_some();
        if has_list {
            let report = |tag, readiness| {
                report(tag, readiness);
            };
            self.always_ready.report(report, |_| ());
        }
        loop {
            for &event in found.events() {
                if !(has_list && self.is_beacon_event(event)) {
                    report(Tag::from_u64(event.data()), from_event_flags(event.flags()));
                }
            }
            if !found.is_full() {
                break;
            }
            found.grow(self.watched + 1);
            // An error here is no error of the events that were reported.
            let count = self.epoll.wait(found.start(), Timeout::ZERO).map_or(0, <[_]>::len);
            found.finish(count);
        }
        if has_list {
            let _ = self.update_beacon(); // the next report tries again
        }
        Ok(())
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
        flags |= EventFlags::IN;
    }
    if source.interest().intersects(Interest::READ | Interest::READ_CLOSED) {
        flags |= EventFlags::RDHUP;
    }
    if source.interest().contains(Interest::WRITE) {
        flags |= EventFlags::OUT;
    }
    if source.interest().contains(Interest::PRIORITY) {
        flags |= EventFlags::PRI;
    }
    // HANG_UP needs no flag: epoll_ctl(2), EPOLLHUP and EPOLLERR.
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
