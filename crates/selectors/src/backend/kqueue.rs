//! The `kqueue(2)` back end.

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
}

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

    /// Takes filters out. That one is not there is no error: a one-shot filter goes when it is reported, all go when their
    /// descriptor is closed (EBADF then), and pipes lose theirs with the other end on some systems.
    fn delete(&self, fd: BorrowedFd<'_>, filters: impl Iterator<Item = (Filter, Notes)>) -> io::Result<()> {
        let mut result = Ok(());
        for (filter, _) in filters {
            match self.change(Kevent::of(fd, filter, Flags::DELETE)) {
                Err(error) if !matches!(Errno::from_io_error(&error), Some(Errno::NOENT | Errno::BADF)) => {
                    result = Err(error);
                }
                _ => {}
            }
        }
        result
    }
}

impl Backend for Kqueue {
    fn new() -> io::Result<Self> {
        Ok(Self { queue: Arc::new(kqueue::Kqueue::new()?), buffer: vec![Kevent::default()], filters: 0 })
    }

    fn name(&self) -> &'static str {
        "kqueue"
    }

    fn supports(&self, interest: Interest, _: Mode) -> bool {
        EXCEPT.is_some() || !interest.contains(Interest::PRIORITY)
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        for (done, (filter, notes)) in filters(source.interest()).enumerate() {
            if let Err(error) = self.change(added(source, filter, notes)) {
                // Best effort: what cannot be taken out reports a tag that no key has.
                let _ = self.delete(source.fd(), filters(source.interest()).take(done));
                return Err(error);
            }
        }
        self.count(filters(source.interest()).count(), 0);
        Ok(())
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        // Adding an entry that is there changes its `udata` and arms it, but not its flags (FreeBSD, `kqueue_register` in
        // sys/kern/kern_event.c): for another mode it must go first.
        let again = from.mode() != to.mode();
        if again {
            self.delete(from.fd(), filters(from.interest()))?;
        }
        for (done, (filter, notes)) in filters(to.interest()).enumerate() {
            if let Err(error) = self.change(added(to, filter, notes)) {
                let _ = self.delete(to.fd(), filters(to.interest() - from.interest()).take(done));
                for (filter, notes) in filters(from.interest()) {
                    let _ = self.change(added(from, filter, notes));
                }
                return Err(error);
            }
        }
        let gone = from.interest() - to.interest();
        if !again {
            self.delete(from.fd(), filters(gone))?;
        }
        self.count(filters(to.interest()).count(), filters(from.interest()).count());
        Ok(())
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.delete(source.fd(), filters(source.interest()))?;
        self.count(0, filters(source.interest()).count());
        Ok(())
    }

    fn wait<'fd>(
        &mut self,
        _: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        for event in self.queue.control(&[], &mut self.buffer, timeout)? {
            report(tag(event), meaning(event));
        }
        Ok(())
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }

    fn wake(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
        let user = Kevent {
            udata: tag.to_u64() as usize,
            ..Kevent::new(0, Filter::USER, Flags::ADD | Flags::CLEAR)
        };
        match self.change(user) {
            Ok(()) => {
                self.count(1, 0);
                Ok(Some(Arc::new(Trigger(Arc::downgrade(&self.queue)))))
            }
            // No such filter: NetBSD before 10, OpenBSD before 7.8.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::INVAL) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl AsFd for Kqueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }
}

/// The `EVFILT_USER` entry of a queue, unless that is closed.
#[derive(Debug)]
struct Trigger(Weak<kqueue::Kqueue>);

impl Wake for Trigger {
    fn wake(&self) -> io::Result<()> {
        let Some(queue) = self.0.upgrade() else { return Ok(()) };
        let trigger = Kevent { fflags: Notes::TRIGGER, ..Kevent::new(0, Filter::USER, Flags::empty()) };
        queue.control(&[trigger], &mut [], Timeout::ZERO).map(drop)
    }
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
        Mode::Oneshot => Flags::ONESHOT,
    };
    let change = Kevent::of(source.fd(), filter, Flags::ADD | mode);
    Kevent { fflags: notes, udata: source.tag().to_u64() as usize, ..change }
}

fn tag(event: &Kevent) -> Tag {
    Tag::from_u64(event.udata as u64)
}

/// `EV_EOF` on reading: the peer sends no more; on writing: nobody reads. `fflags` has the socket's error then.
fn meaning(event: &Kevent) -> Readiness {
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
