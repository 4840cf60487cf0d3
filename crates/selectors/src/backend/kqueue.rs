//! The `kqueue(2)` back end.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Weak};

use rustix::io::Errno;
use select_sys::Timeout;
use select_sys::fd::{AsFd, BorrowedFd};
use select_sys::kqueue::{self, Filter, Flags, Kevent, Notes};

use super::interface::{Backend, Source, Wake};
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::token::Tag;

/// `kqueue(2)`: the kernel keeps the set, and a wait costs as much as there is to report.
///
/// It has a descriptor, which is readable when a wait would return something. See [`Selector`](crate::Selector) for
/// nesting. A forked child must not use an inherited one.
///
/// The descriptor may also be readable when nothing is ready any more: the BSDs count queued events, and check them only
/// in a wait (`kqueue_poll` of FreeBSD and NetBSD).
///
/// # Examples
///
/// A selector with this back end:
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
/// FreeBSD, NetBSD, OpenBSD, `DragonFly` and Apple's systems, if they are 64-bit; Linux with the feature `libkqueue`, an
/// emulation. All modes. [`Interest::PRIORITY`] works on OpenBSD, `DragonFly` and Apple's systems only. A regular file is
/// ready for reading while its position is not at the end.
///
/// # References
///
/// [kqueue(2)](https://man.freebsd.org/cgi/man.cgi?query=kqueue&sektion=2)
#[derive(Debug)]
pub struct Kqueue {
    queue: Arc<kqueue::Kqueue>,
    /// Room for an event of each filter that was added, and for at least one. With less room, a descriptor that is ready
    /// for both reading and writing could be reported in two waits.
    buffer: Vec<Kevent>,
    /// The number of filters that were added and not removed. Fired one-shot filters count.
    filters: usize,
    /// The `EVFILT_USER` entries that replace filters which the kernel does not keep, see [`Self::add_proxy`].
    proxies: BTreeSet<usize>,
    /// The descriptors of one-shot keys with several filters: the first event disarms all of them.
    multi_filter_oneshots: BTreeSet<usize>,
}

// The tag of a key travels in `udata`, which is as wide as an address.
const _: () = assert!(size_of::<usize>() == 8, "the kqueue back end needs a 64-bit system");

impl Kqueue {
    /// Makes room for as many events as there are filters.
    fn resize(&mut self, added: usize, removed: usize) {
        self.filters = (self.filters + added).saturating_sub(removed);
        if self.buffer.len() < self.filters {
            self.buffer.resize(2 * self.filters, Kevent::default());
        }
    }

    /// Sends one change. There is no room for events, so an error of the change is returned as the error of the call.
    fn change(&self, change: Kevent) -> io::Result<()> {
        self.queue.control(&[change], &mut [], Timeout::ZERO).map(drop)
    }

    /// Adds a filter, or rearms it.
    fn arm(&mut self, source: &Source<'_>, filter: Filter, notes: Notes) -> io::Result<()> {
        let change = added(source, filter, notes);
        self.remove_proxy(change.ident, filter)?;
        match self.change(change) {
            Err(error) if filter == Filter::WRITE && is_hung_up(source.fd(), &error) => {
                self.add_proxy(change).map_err(|_| error) // the kernel has no EVFILT_USER
            }
            result => result,
        }
    }

    /// Adds an entry that is always ready, in the place of a filter that the kernel refuses or has removed because the
    /// other end is gone. `poll` reports such a descriptor in each wait.
    fn add_proxy(&mut self, filter: Kevent) -> io::Result<()> {
        let ident = proxy(filter.ident, filter.filter);
        let entry = Kevent { ident, filter: Filter::USER, fflags: Notes::empty(), ..filter };
        // A change of its own: FreeBSD and NetBSD ignore the trigger in a change that adds (`kqueue_register`).
        let trigger = Kevent { flags: Flags::empty(), fflags: Notes::TRIGGER, ..entry };
        self.queue.control(&[entry, trigger], &mut [], Timeout::ZERO)?;
        self.proxies.insert(ident);
        Ok(())
    }

    /// Deletes the proxy of a filter. Returns whether there was one.
    fn remove_proxy(&mut self, ident: usize, filter: Filter) -> io::Result<bool> {
        let ident = proxy(ident, filter);
        if !self.proxies.remove(&ident) {
            return Ok(false);
        }
        self.change(Kevent::new(ident, Filter::USER, Flags::DELETE)).map(|()| true)
    }

    /// Deletes a filter, or its proxy.
    fn delete(&mut self, ident: usize, filter: Filter) -> io::Result<()> {
        if self.remove_proxy(ident, filter)? {
            return Ok(());
        }
        self.change(Kevent::new(ident, filter, Flags::DELETE))
    }

    /// Deletes filters, and returns the last error. It is no error if a filter is gone: a kernel deletes all of them when the
    /// descriptor is closed, and those of a pipe when the other end is closed.
    fn delete_all(
        &mut self,
        fd: BorrowedFd<'_>,
        filters: impl Iterator<Item = (Filter, Notes)>,
    ) -> io::Result<()> {
        let mut result = Ok(());
        for (filter, _) in filters {
            match self.delete(ident(fd), filter) {
                Err(error) if !is_gone(&error) => result = Err(error),
                _ => {}
            }
        }
        result
    }

    /// Whether the kernel has lost all filters of a registration. A change that does not add leaves an entry as it is.
    fn is_lost(&self, source: &Source<'_>) -> bool {
        filters(source.interest()).all(|(filter, notes)| {
            let touch = Kevent { flags: Flags::empty(), ..added(source, filter, notes) };
            !self.proxies.contains(&proxy(touch.ident, filter))
                && self.change(touch).is_err_and(|error| is_gone(&error))
        })
    }

    /// Remembers whether a descriptor has a one-shot key with several filters.
    fn note_multi_filter(&mut self, source: &Source<'_>) {
        if source.mode() == Mode::Oneshot && filters(source.interest()).count() > 1 {
            self.multi_filter_oneshots.insert(ident(source.fd()));
        } else {
            self.multi_filter_oneshots.remove(&ident(source.fd()));
        }
    }

    /// Changes the interest, in the same mode.
    fn modify_interest(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        let kept = to.interest() & from.interest();
        // New filters come first: if one is refused, no fired one-shot filter has been rearmed yet.
        let wanted = filters(to.interest() - kept).chain(filters(kept));
        for (done, (filter, notes)) in wanted.clone().enumerate() {
            if let Err(error) = self.arm(to, filter, notes) {
                let new = filters(to.interest() - kept);
                let _ = self.delete_all(to.fd(), new.take(done));
                return Err(if self.is_lost(from) { Errno::NOENT.into() } else { error });
            }
        }
        self.delete_all(from.fd(), filters(from.interest() - to.interest()))
    }

    /// Changes the mode, and perhaps the interest.
    ///
    /// An existing entry keeps its flags when it is added again (`kqueue_register` in `sys/kern/kern_event.c`, FreeBSD and
    /// NetBSD), so the filters are deleted first.
    fn modify_mode(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        let lost = self.is_lost(from);
        self.delete_all(from.fd(), filters(from.interest()))?;
        for (done, (filter, notes)) in filters(to.interest()).enumerate() {
            if let Err(error) = self.arm(to, filter, notes) {
                let _ = self.delete_all(to.fd(), filters(to.interest()).take(done));
                if lost {
                    return Err(Errno::NOENT.into());
                }
                for (filter, notes) in filters(from.interest()) {
                    let _ = self.arm(from, filter, notes);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Follows up an event that disarmed or deleted its filter.
    fn after_event(&mut self, event: Kevent) {
        let is_oneshot = event.flags.contains(Flags::DISPATCH);
        // Nobody requests ONESHOT: the kernel sets it, and deletes the filter. FreeBSD does so with filters for writing to a
        // pipe that nobody reads any more (`knlist_cleardel`). The level stays the same.
        if event.flags.contains(Flags::ONESHOT) && !is_oneshot && !event.flags.contains(Flags::CLEAR) {
            // Without EVFILT_USER this was the only report.
            let _ = self.add_proxy(Kevent { flags: Flags::ADD, data: 0, ..event });
        }
        let (ident, filter) = proxied(&event).unwrap_or((event.ident, event.filter));
        if is_oneshot && self.multi_filter_oneshots.contains(&ident) {
            for (other, _) in filters(Interest::all()).filter(|(other, _)| *other != filter) {
                let _ = self.delete(ident, other); // it may not exist
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
            proxies: BTreeSet::new(),
            multi_filter_oneshots: BTreeSet::new(),
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
                // If this fails, the filter reports a tag that no key has.
                let _ = self.delete_all(source.fd(), filters(source.interest()).take(done));
                return Err(error);
            }
        }
        self.note_multi_filter(source);
        self.resize(filters(source.interest()).count(), 0);
        Ok(())
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        if from.mode() == to.mode() {
            self.modify_interest(from, to)?;
        } else {
            self.modify_mode(from, to)?;
        }
        self.note_multi_filter(to);
        self.resize(filters(to.interest()).count(), filters(from.interest()).count());
        Ok(())
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.delete_all(source.fd(), filters(source.interest()))?;
        self.multi_filter_oneshots.remove(&ident(source.fd()));
        self.resize(0, filters(source.interest()).count());
        Ok(())
    }

    fn wait<'fd>(
        &mut self,
        _: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let found = self.queue.control(&[], &mut self.buffer, timeout)?.len();
        for index in 0..found {
            let event = self.buffer[index];
            report(Tag::from_u64(event.udata as u64), readiness(&event));
            if event.flags.intersects(Flags::ONESHOT | Flags::DISPATCH) {
                self.after_event(event);
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
                self.resize(1, 0);
                let trigger = Kevent { flags: Flags::empty(), fflags: Notes::TRIGGER, ..added };
                Ok(Some(Arc::new(Trigger { queue: Arc::downgrade(&self.queue), trigger })))
            }
            // The kernel has no EVFILT_USER: NetBSD before 10, OpenBSD before 7.8.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::INVAL) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Lends the descriptor of the queue.
///
/// # Panics
///
/// Panics in a forked child, which does not inherit it.
impl AsFd for Kqueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }
}

/// The `EVFILT_USER` entry of the waker, until the queue is closed.
#[derive(Debug)]
struct Trigger {
    queue: Weak<kqueue::Kqueue>,
    // It contains the tag: a change overwrites the `udata` of its entry (`kqueue_register` of FreeBSD and NetBSD).
    trigger: Kevent,
}

impl Wake for Trigger {
    fn wake(&self) -> io::Result<()> {
        let Some(queue) = self.queue.upgrade() else { return Ok(()) };
        queue.control(&[self.trigger], &mut [], Timeout::ZERO).map(drop)
    }
}

/// The number of the waker's `EVFILT_USER` entry. No [`proxy`] has it.
const WAKER: usize = usize::MAX;

/// The number of the `EVFILT_USER` entry that replaces a filter of a descriptor.
fn proxy(ident: usize, filter: Filter) -> usize {
    2 * ident + usize::from(filter == Filter::WRITE)
}

/// The descriptor and the filter that an event of a proxy is for.
fn proxied(event: &Kevent) -> Option<(usize, Filter)> {
    let filter = if event.ident % 2 == 1 { Filter::WRITE } else { Filter::READ };
    (event.filter == Filter::USER).then_some((event.ident / 2, filter))
}

/// The number by which a kqueue knows a descriptor.
fn ident(fd: BorrowedFd<'_>) -> usize {
    Kevent::for_fd(fd, Filter::READ, Flags::empty()).ident
}

/// The error for a filter for writing to a pipe that nobody reads any more (`pipe_kqfilter`).
#[cfg(not(target_os = "netbsd"))]
const HUNG_UP: Errno = Errno::PIPE;
#[cfg(target_os = "netbsd")]
const HUNG_UP: Errno = Errno::BADF;

fn is_hung_up(fd: BorrowedFd<'_>, error: &io::Error) -> bool {
    // If somebody closed the descriptor by its number, it is no pipe.
    Errno::from_io_error(error) == Some(HUNG_UP) && rustix::io::fcntl_getfd(fd).is_ok()
}

/// Whether a change failed because there is no such entry or descriptor, or because the number is now that of the queue
/// itself (EINVAL on FreeBSD).
fn is_gone(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::BADF | Errno::INVAL))
}

/// The filter for `PRIORITY`, with its notes. Some systems have none.
#[cfg(kqueue_except)]
const EXCEPT: Option<(Filter, Notes)> = Some((Filter::EXCEPT, Notes::OOB));
#[cfg(not(kqueue_except))]
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
        // Not EV_ONESHOT: FreeBSD and NetBSD report it even if it is not ready any more when the wait looks (`kqueue_scan`).
        Mode::Oneshot => Flags::DISPATCH | Flags::ENABLE,
    };
    let change = Kevent::for_fd(source.fd(), filter, Flags::ADD | mode);
    Kevent { fflags: notes, udata: source.tag().to_u64() as usize, ..change }
}

/// The readiness that an event stands for.
///
/// `EV_EOF` on reading: the peer half-closed; on writing: nobody reads, or this end was shut down. If it is set, `fflags` is
/// the error of the socket (`filt_soread` and `filt_sowrite` of FreeBSD and NetBSD).
fn readiness(event: &Kevent) -> Readiness {
    match proxied(event) {
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
