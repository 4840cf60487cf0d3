//! The `kqueue(2)` back end.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Weak};

use rustix::io::Errno;

use crate::backend::{Backend, Source, Tag, Wake};
use crate::sys::fd::{AsFd, BorrowedFd};
use crate::sys::kqueue::{self, Filter, Flags, Kevent, Notes};
use crate::{Interest, Mode, Readiness, Timeout};

/// `kqueue(2)`: the kernel keeps the set, and a wait costs as much as there is to report.
///
/// It has a descriptor, which is readable when a wait would find something: see [`Selector`](crate::Selector) for how
/// selectors are nested. A forked child must not use an inherited one.
///
/// The descriptor may also be readable when what was ready is over and no wait has looked since: the BSDs count what they
/// have queued, and look again in a wait only (`kqueue_poll` of FreeBSD and NetBSD).
///
/// # Examples
///
/// A selector of this kind:
///
/// ```
/// use selectors::{Interest, KqueueSelector};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut selector = KqueueSelector::new()?;
/// selector.register(a, Interest::WRITE, ())?;
/// assert_eq!(selector.select(None)?.len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Portability
///
/// FreeBSD, NetBSD, OpenBSD, `DragonFly`, macOS and its kin; Linux with the feature `libkqueue`, an emulation. All modes;
/// [`Interest::PRIORITY`] on OpenBSD, `DragonFly` and Apple's systems only. Regular files are ready for reading while
/// their position is not at the end.
///
/// # References
///
/// [kqueue(2)](https://man.freebsd.org/cgi/man.cgi?query=kqueue&sektion=2)
#[derive(Debug)]
pub struct Kqueue {
    queue: Arc<kqueue::Kqueue>,
    // Room for an event of each filter that was added, and at least one: with less, a descriptor that is ready for both
    // reading and writing would come in two waits.
    buffer: Vec<Kevent>,
    // How many filters were added, and not removed. Spent one-shot filters count.
    filters: usize,
    // The entries of `EVFILT_USER` that stand for filters which the kernel does not keep, see `stand_in`.
    stand_ins: BTreeSet<usize>,
    // The descriptors of one-shot keys with several filters: what comes first spends all of them.
    several: BTreeSet<usize>,
}

// Slot and generation of a key travel in `udata`, which is as wide as an address.
const _: () = assert!(size_of::<usize>() == 8, "the kqueue back end is for systems of 64 bits");

impl Kqueue {
    /// Makes room for as many events as there are filters.
    fn count(&mut self, added: usize, removed: usize) {
        self.filters = (self.filters + added).saturating_sub(removed);
        if self.buffer.len() < self.filters {
            self.buffer.resize(2 * self.filters, Kevent::default());
        }
    }

    /// Sends one change. Without room for events, its error is that of the call.
    fn change(&self, change: Kevent) -> io::Result<()> {
        self.queue.control(&[change], &mut [], Timeout::ZERO).map(drop)
    }

    /// Adds a filter, or arms it again.
    fn arm(&mut self, source: &Source<'_>, filter: Filter, notes: Notes) -> io::Result<()> {
        let change = added(source, filter, notes);
        if self.stand_ins.remove(&stand_in(change.ident, filter)) {
            self.change(Kevent::new(stand_in(change.ident, filter), Filter::USER, Flags::DELETE))?;
        }
        match self.change(change) {
            Err(error) if filter == Filter::WRITE && is_hung_up(source.fd(), &error) => {
                self.stand_in(change).map_err(|_| error) // of a kernel without EVFILT_USER
            }
            result => result,
        }
    }

    /// Puts an entry that is always ready in the place of a filter that the kernel refuses, or has taken out, because the
    /// other end is gone: `poll` reports that, each time.
    fn stand_in(&mut self, filter: Kevent) -> io::Result<()> {
        let ident = stand_in(filter.ident, filter.filter);
        let entry = Kevent { ident, filter: Filter::USER, fflags: Notes::empty(), ..filter };
        // Apart, because FreeBSD and NetBSD ignore it in a change that adds (`kqueue_register`).
        let trigger = Kevent { flags: Flags::empty(), fflags: Notes::TRIGGER, ..entry };
        self.queue.control(&[entry, trigger], &mut [], Timeout::ZERO)?;
        self.stand_ins.insert(ident);
        Ok(())
    }

    /// Takes filters out. That one is not there is no error: all go when their descriptor is closed (EBADF then), and pipes
    /// lose theirs with the other end.
    fn delete(
        &mut self,
        fd: BorrowedFd<'_>,
        filters: impl Iterator<Item = (Filter, Notes)>,
    ) -> io::Result<()> {
        let mut result = Ok(());
        for (filter, _) in filters {
            let change = Kevent::for_fd(fd, filter, Flags::DELETE);
            let ident = stand_in(change.ident, filter);
            let change = if self.stand_ins.remove(&ident) {
                Kevent { ident, filter: Filter::USER, ..change }
            } else {
                change
            };
            match self.change(change) {
                Err(error) if !is_gone(&error) => result = Err(error),
                _ => {}
            }
        }
        result
    }

    /// Whether the kernel has nothing of a registration any more. Touching an entry without adding it changes nothing.
    fn is_lost(&self, source: &Source<'_>) -> bool {
        filters(source.interest()).all(|(filter, notes)| {
            let touch = Kevent { flags: Flags::empty(), ..added(source, filter, notes) };
            !self.stand_ins.contains(&stand_in(touch.ident, filter))
                && self.change(touch).is_err_and(|error| is_gone(&error))
        })
    }

    /// Keeps in mind whether a descriptor has a one-shot key with several filters.
    fn note_several(&mut self, source: &Source<'_>) {
        let ident = Kevent::for_fd(source.fd(), Filter::READ, Flags::empty()).ident;
        if source.mode() == Mode::Oneshot && filters(source.interest()).count() > 1 {
            self.several.insert(ident);
        } else {
            self.several.remove(&ident);
        }
    }

    /// Does what is left to do when a filter was reported.
    fn reported(&mut self, event: Kevent) {
        let oneshot = event.flags.contains(Flags::DISPATCH);
        // Nobody asks for this flag: the kernel sets it, and takes the filter out. FreeBSD does that with those for
        // writing to a pipe that nobody reads any more (`knlist_cleardel`), where the level stays as it is.
        if event.flags.contains(Flags::ONESHOT) && !oneshot && !event.flags.contains(Flags::CLEAR) {
            // Without EVFILT_USER this was the only report.
            let _ = self.stand_in(Kevent { flags: Flags::ADD, data: 0, ..event });
        }
        let (ident, filter) = of_stand_in(&event).unwrap_or((event.ident, event.filter));
        if oneshot && self.several.contains(&ident) {
            for (other, _) in filters(Interest::all()).filter(|(other, _)| *other != filter) {
                let user = stand_in(ident, other);
                let change = if self.stand_ins.remove(&user) {
                    Kevent::new(user, Filter::USER, Flags::DELETE)
                } else {
                    Kevent::new(ident, other, Flags::DELETE)
                };
                let _ = self.change(change); // it may not be there
            }
        }
    }
}

impl Backend for Kqueue {
    fn new() -> io::Result<Self> {
        Ok(Self {
            queue: Arc::new(kqueue::Kqueue::new()?),
            buffer: vec![Kevent::default()],
            filters: 0,
            stand_ins: BTreeSet::new(),
            several: BTreeSet::new(),
        })
    }

    fn name(&self) -> &'static str {
        "kqueue"
    }

    fn supports(&self, interest: Interest, _: Mode) -> bool {
        EXCEPT.is_some() || !interest.contains(Interest::PRIORITY)
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        for (done, (filter, notes)) in filters(source.interest()).enumerate() {
            if let Err(error) = self.arm(source, filter, notes) {
                // Best effort: what cannot be taken out reports a tag that no key has.
                let _ = self.delete(source.fd(), filters(source.interest()).take(done));
                return Err(error);
            }
        }
        self.note_several(source);
        self.count(filters(source.interest()).count(), 0);
        Ok(())
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        // Adding an entry that is there changes its `udata` and arms it, but not its flags (`kqueue_register` in
        // sys/kern/kern_event.c of FreeBSD and NetBSD): for another mode it must go first.
        let again = from.mode() != to.mode();
        let lost = again && self.is_lost(from);
        if again {
            self.delete(from.fd(), filters(from.interest()))?;
        }
        // What is new comes first: when it is refused, a spent one-shot filter has not been armed again.
        let kept = if again { Interest::empty() } else { to.interest() & from.interest() };
        let wanted = filters(to.interest() - kept).chain(filters(kept));
        for (done, (filter, notes)) in wanted.clone().enumerate() {
            if let Err(error) = self.arm(to, filter, notes) {
                let added = wanted.take(done);
                let _ = if again {
                    self.delete(to.fd(), added)
                } else {
                    let kept = from.interest();
                    self.delete(to.fd(), added.filter(|added| !filters(kept).any(|kept| kept == *added)))
                };
                if lost || !again && self.is_lost(from) {
                    return Err(Errno::NOENT.into());
                }
                for (filter, notes) in filters(from.interest()).filter(|_| again) {
                    let _ = self.arm(from, filter, notes);
                }
                return Err(error);
            }
        }
        let gone = from.interest() - to.interest();
        if !again {
            self.delete(from.fd(), filters(gone))?;
        }
        self.note_several(to);
        self.count(filters(to.interest()).count(), filters(from.interest()).count());
        Ok(())
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.delete(source.fd(), filters(source.interest()))?;
        self.several.remove(&Kevent::for_fd(source.fd(), Filter::READ, Flags::empty()).ident);
        self.count(0, filters(source.interest()).count());
        Ok(())
    }

    fn wait<'fd>(
        &mut self,
        _: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let found = self.queue.control(&[], &mut self.buffer, timeout)?.len();
        for at in 0..found {
            let event = self.buffer[at];
            report(tag(&event), meaning(&event));
            if event.flags.intersects(Flags::ONESHOT | Flags::DISPATCH) {
                self.reported(event);
            }
        }
        Ok(())
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }

    fn wake(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
        let added = Kevent::new(WAKER, Filter::USER, Flags::ADD | Flags::CLEAR);
        let added = Kevent { udata: tag.to_u64() as usize, ..added };
        match self.change(added) {
            Ok(()) => {
                self.count(1, 0);
                let trigger = Kevent { flags: Flags::empty(), fflags: Notes::TRIGGER, ..added };
                Ok(Some(Arc::new(Trigger { queue: Arc::downgrade(&self.queue), trigger })))
            }
            // No such filter: NetBSD before 10, OpenBSD before 7.8.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::INVAL) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The descriptor of the queue.
///
/// # Panics
///
/// In a forked child, where there is none.
impl AsFd for Kqueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }
}

/// The `EVFILT_USER` entry of a queue, unless that is closed.
#[derive(Debug)]
struct Trigger {
    queue: Weak<kqueue::Kqueue>,
    // With the tag: every change writes its `udata` over the one that is there (`kqueue_register`).
    trigger: Kevent,
}

impl Wake for Trigger {
    fn wake(&self) -> io::Result<()> {
        let Some(queue) = self.queue.upgrade() else { return Ok(()) };
        queue.control(&[self.trigger], &mut [], Timeout::ZERO).map(drop)
    }
}

/// The number of the waker's entry, which no [`stand_in`] has.
const WAKER: usize = usize::MAX;

/// The number of the entry of `EVFILT_USER` that stands for a filter of a descriptor.
fn stand_in(ident: usize, filter: Filter) -> usize {
    2 * ident + usize::from(filter == Filter::WRITE)
}

/// The descriptor and the filter that an event of a stand-in is of.
fn of_stand_in(event: &Kevent) -> Option<(usize, Filter)> {
    let filter = if event.ident % 2 == 1 { Filter::WRITE } else { Filter::READ };
    (event.filter == Filter::USER).then_some((event.ident / 2, filter))
}

/// What the kernel says of a filter for writing to a pipe that nobody reads any more: `pipe_kqfilter`.
/// (NetBSD after 10 takes it.)
#[cfg(not(target_os = "netbsd"))]
const HUNG_UP: Errno = Errno::PIPE;
#[cfg(target_os = "netbsd")]
const HUNG_UP: Errno = Errno::BADF;

fn is_hung_up(fd: BorrowedFd<'_>, error: &io::Error) -> bool {
    // A descriptor that somebody closed by its number is no pipe.
    Errno::from_io_error(error) == Some(HUNG_UP) && rustix::io::fcntl_getfd(fd).is_ok()
}

/// Whether a change of an entry failed because there is none, or no such descriptor, or because the number has become that
/// of the queue itself (EINVAL of FreeBSD).
fn is_gone(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::BADF | Errno::INVAL))
}

/// What to add for `PRIORITY`, with the notes. Some systems have no filter for it.
#[cfg(any(target_os = "dragonfly", target_os = "openbsd", target_vendor = "apple"))]
const EXCEPT: Option<(Filter, Notes)> = Some((Filter::EXCEPT, Notes::OOB));
#[cfg(any(target_os = "freebsd", target_os = "linux", target_os = "netbsd"))]
const EXCEPT: Option<(Filter, Notes)> = None;

/// The filters for an interest, in a fixed order.
fn filters(interest: Interest) -> impl Iterator<Item = (Filter, Notes)> + Clone {
    let read = interest.contains(Interest::READ).then_some((Filter::READ, Notes::empty()));
    let write = interest.contains(Interest::WRITE).then_some((Filter::WRITE, Notes::empty()));
    let priority = EXCEPT.filter(|_| interest.contains(Interest::PRIORITY));
    [read, write, priority].into_iter().flatten()
}

fn added(source: &Source<'_>, filter: Filter, notes: Notes) -> Kevent {
    let mode = match source.mode() {
        Mode::Level => Flags::empty(),
        Mode::Edge => Flags::CLEAR,
        // Not EV_ONESHOT, of which FreeBSD and NetBSD report also what is over when the wait looks (`kqueue_scan`).
        Mode::Oneshot => Flags::DISPATCH | Flags::ENABLE,
    };
    let change = Kevent::for_fd(source.fd(), filter, Flags::ADD | mode);
    Kevent { fflags: notes, udata: source.tag().to_u64() as usize, ..change }
}

fn tag(event: &Kevent) -> Tag {
    Tag::from_u64(event.udata as u64)
}

/// `EV_EOF` on reading: the peer sends no more; on writing: nobody reads, or this end was shut down. `fflags` has the socket's
/// error then, and then alone: `filt_soread` and `filt_sowrite` of FreeBSD and NetBSD.
fn meaning(event: &Kevent) -> Readiness {
    match of_stand_in(event) {
        Some((_, Filter::WRITE)) => return Readiness::WRITE | Readiness::WRITE_CLOSED,
        Some(_) => return Readiness::READ | Readiness::READ_CLOSED,
        None => {}
    }
    let ended = event.flags.contains(Flags::EOF);
    let mut readiness = match event.filter {
        Filter::READ if ended => Readiness::READ | Readiness::READ_CLOSED,
        Filter::READ => Readiness::READ,
        Filter::WRITE if ended => Readiness::WRITE | Readiness::WRITE_CLOSED,
        Filter::WRITE => Readiness::WRITE,
        _ => Readiness::PRIORITY,
    };
    if ended && !event.fflags.is_empty() || event.flags.contains(Flags::ERROR) {
        readiness |= Readiness::ERROR;
    }
    readiness
}
