//! The `kqueue(2)` back end.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use rustix::io::Errno;
use select_sys::Timeout;
use select_sys::fd::{AsFd, BorrowedFd};
use select_sys::kqueue::{self, Filter, Flags, Kevent};

use super::always_ready::{AlwaysReady, Entry};
use super::events::{EventBuffer, Events};
use super::interface::{Backend, Source, Wake};
use super::waiter::Waiter;
use crate::interest::{Interest, Mode};
use crate::os;
use crate::readiness::Readiness;
use crate::token::Tag;

mod beacon;
mod checked;
mod filters;
mod refusal;
mod report;
mod same_queue;
mod trigger;

use beacon::Beacon;
use checked::Checked;
use filters::{EXCEPT, HAS_END, Watch, added, filters, ident, is_gone, without};
use refusal::{readiness_of_refused, ready_now};
use same_queue::refuse_itself;
use trigger::Trigger;

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
/// emulation. All modes. [`Interest::PRIORITY`] works on OpenBSD, `DragonFly` and Apple's systems only.
///
/// Regular files and directories are always ready, as for `poll(2)`. (The kernel itself reports a file as readable only while
/// its position is before the end.) A file that the kernel refuses is registered all the same if `poll(2)` reports it as ready
/// at that moment: devices without support for kqueue, such as `/dev/null` on FreeBSD, a pipe that nobody reads, a terminal
/// whose master is gone. It counts as ready until it is unregistered or changed. While such a key is ready, the back end has a
/// socket of its own.
///
/// [`Interest::READ_CLOSED`] and [`Interest::HANG_UP`] are filters with a low-water mark that is never reached. libkqueue has
/// none. Kernels respect it for sockets only, so data in a pipe or a terminal may end a wait early, with an empty list. The
/// error of a datagram socket is not reported to an interest in the end alone.
///
/// Do not register a duplicate of the selector's own descriptor, nor two selectors in each other: NetBSD stops at the next
/// event (`knote_activate_locked` in `sys/kern/kern_event.c`). The first is refused there (`EINVAL`); the second cannot be
/// detected.
///
/// # References
///
/// [kqueue(2)](https://man.freebsd.org/cgi/man.cgi?query=kqueue&sektion=2)
#[derive(Debug)]
pub struct Kqueue {
    queue: Arc<kqueue::Kqueue>,
    /// The number of the queue's own descriptor.
    own: usize,
    /// Room for an event of each filter that was added, and for at least one. With less room, a descriptor that is ready
    /// for both reading and writing could be reported in two waits.
    buffer: Vec<Kevent>,
    /// The number of filters that were added and not removed, with fired one-shot filters and always-ready ones.
    filters: usize,
    /// The filters that the kernel refuses, ends or reports less often than `poll(2)`, although they are always ready. The
    /// kernel has no entry for any of them.
    always_ready: AlwaysReady<(usize, Filter)>,
    /// Its event takes the room of an always-ready filter.
    beacon: Beacon,
    /// The descriptors of one-shot keys with several filters: the first event disarms all of them.
    multi_filter_oneshots: BTreeSet<usize>,
    checked: Checked,
}

/// Whether an entry that is added again keeps its `udata`. In libkqueue it does.
const KEEPS_UDATA: bool = cfg!(target_os = "linux");

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

    /// Adds a filter, or rearms it. Changes nothing if it fails.
    fn arm(&mut self, source: &Source<'_>, watch: Watch) -> io::Result<()> {
        let entry = added(source, watch);
        match self.change(entry) {
            Ok(()) => {
                if self.always_ready.remove((entry.ident, watch.filter)).is_some() {
                    let _ = self.update_beacon(); // the next report tries again
                }
                Ok(())
            }
            // The kernel refuses it, and it may be ready all the same.
            Err(error) => {
                let readiness = readiness_of_refused(&self.queue, source, watch, error)?;
                self.list(source, watch, readiness).map(drop)
            }
        }
    }

    /// Adds a filter to the list if it is ready, and returns whether it did.
    fn list(&mut self, source: &Source<'_>, watch: Watch, readiness: Readiness) -> io::Result<bool> {
        if readiness.is_empty() {
            return Ok(false);
        }
        let key = (ident(source.fd()), watch.filter);
        let entry = Entry { tag: source.tag(), readiness, mode: source.mode(), is_armed: true };
        let earlier = self.always_ready.insert(key, entry);
        self.update_beacon().inspect_err(|_| {
            self.always_ready.restore(key, earlier);
            let _ = self.update_beacon(); // for the other entries
        })?;
        Ok(true)
    }

    /// Arms the beacon while an entry of the list is armed, and disarms it otherwise.
    fn update_beacon(&mut self) -> io::Result<()> {
        self.beacon.update(&self.queue, self.always_ready.beacon(), self.always_ready.is_empty())
    }

    /// Adds filters. Removes them again if one is refused.
    fn arm_new(
        &mut self,
        source: &Source<'_>,
        filters: impl Iterator<Item = Watch> + Clone,
    ) -> io::Result<()> {
        let is_always_ready = filters.clone().next().is_some() && os::is_file_or_directory(source.fd());
        for (done, watch) in filters.clone().enumerate() {
            if watch.filter == Filter::READ {
                refuse_itself(&self.queue, self.own, source.fd())?; // it has no other filter, and this one comes first
            }
            // Before the kernel is asked: it reports reading before the end only.
            let listed = if is_always_ready { ready_now(source.fd(), watch) } else { Readiness::empty() };
            let armed = match self.list(source, watch, listed) {
                Ok(false) => self.arm(source, watch),
                listed => listed.map(drop),
            };
            if let Err(error) = armed {
                // If this fails, the filter reports a tag that no key has, or readiness that was not requested.
                let _ = self.delete_all(source.fd(), filters.take(done));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Deletes a filter, or its entry in the list. It is no error if it is gone: a kernel deletes filters when the descriptor is closed,
    /// and those of a pipe when the other end is closed.
    fn delete(&mut self, ident: usize, filter: Filter) -> io::Result<()> {
        if self.always_ready.remove((ident, filter)).is_some() {
            let _ = self.update_beacon(); // the next report tries again
            return Ok(());
        }
        match self.change(Kevent::new(ident, filter, Flags::DELETE)) {
            Err(error) if !is_gone(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Deletes filters, and returns the last error.
    fn delete_all(&mut self, fd: BorrowedFd<'_>, filters: impl Iterator<Item = Watch>) -> io::Result<()> {
        let mut result = Ok(());
        for watch in filters {
            result = self.delete(ident(fd), watch.filter).and(result);
        }
        result
    }

    /// Whether the kernel is known to have lost all filters of a registration.
    ///
    /// A change that does not add finds that out, but evaluates the entry as well (`kqueue_register`). A level-triggered or
    /// one-shot entry is evaluated again by the wait (`kqueue_scan`), so nothing shows. An edge that was reported would be
    /// reported again, so nobody asks for those.
    fn is_lost(&self, source: &Source<'_>) -> bool {
        source.mode() != Mode::Edge
            && filters(source.interest()).all(|watch| {
                let touch = Kevent { flags: Flags::empty(), ..added(source, watch) };
                !self.always_ready.contains((touch.ident, watch.filter))
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
}

impl Backend for Kqueue {
    fn new() -> io::Result<Self> {
        let queue = kqueue::Kqueue::new()?;
        Ok(Self {
            own: ident(queue.as_fd()),
            queue: Arc::new(queue),
            buffer: vec![Kevent::default()],
            filters: 0,
            always_ready: AlwaysReady::default(),
            beacon: Beacon::default(),
            multi_filter_oneshots: BTreeSet::new(),
            checked: Checked::default(),
        })
    }

    fn name(&self) -> &'static str {
        "kqueue"
    }

    fn supports(&self, interest: Interest, _: Mode) -> bool {
        let missing = |flags, has: bool| !has && interest.intersects(flags);
        !missing(Interest::PRIORITY, EXCEPT.is_some())
            && !missing(Interest::READ_CLOSED | Interest::HANG_UP, HAS_END)
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.arm_new(source, filters(source.interest()))?;
        self.note_multi_filter(source);
        self.checked.note(source);
        self.resize(filters(source.interest()).count(), 0);
        Ok(())
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        let [old, new] = [from, to].map(|source| filters(source.interest()));
        // New filters first: if one is refused, the others have not been touched, and nothing is armed that had fired.
        if let Err(error) = self.arm_new(to, without(new.clone(), old.clone())) {
            return Err(if self.is_lost(from) { Errno::NOENT.into() } else { error });
        }
        let (number, mut is_always_ready) = (ident(to.fd()), None);
        for watch in new.clone().filter(|watch| old.clone().any(|old| old.filter == watch.filter)) {
            // The number of a file in the list may have another file now.
            let is_listed = self.always_ready.contains((number, watch.filter));
            if is_listed
                && *is_always_ready.get_or_insert_with(|| os::is_file_or_directory(to.fd()))
                && self.list(to, watch, ready_now(to.fd(), watch))?
            {
                continue;
            }
            // An existing entry keeps its flags when it is added again (`kqueue_register` in `sys/kern/kern_event.c` of
            // FreeBSD, NetBSD and OpenBSD), so another mode needs another entry.
            if from.mode() != to.mode() || KEEPS_UDATA || !old.clone().any(|old| old == watch) {
                self.delete(number, watch.filter)?;
            }
            if self.arm(to, watch).is_err() {
                // An existing entry is not attached again, so it cannot be refused. A file that had this filter and has lost
                // it is hung up, and in the list. So the number has another file now.
                let _ = self.delete_all(to.fd(), filters(from.interest() | to.interest()));
                return Err(Errno::NOENT.into());
            }
        }
        self.delete_all(from.fd(), without(old, new))?;
        self.checked.note(to);
        self.note_multi_filter(to);
        self.resize(filters(to.interest()).count(), filters(from.interest()).count());
        Ok(())
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.delete_all(source.fd(), filters(source.interest()))?;
        self.multi_filter_oneshots.remove(&ident(source.fd()));
        self.checked.forget(ident(source.fd()));
        self.resize(0, filters(source.interest()).count());
        Ok(())
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        // The beacon would end the wait as well, but there may have been no descriptor left for it.
        let is_ready = self.always_ready.beacon().is_some();
        let timeout = if is_ready { Timeout::ZERO } else { timeout };
        let found = self.queue.control(&[], &mut self.buffer, timeout)?.len();
        let mut report = |tag, readiness| {
            report(tag, readiness);
            true // nothing has changed since the kernel reported it
        };
        self.report_list(&mut report);
        let mut unchecked = Vec::new();
        for index in 0..found {
            let event = self.buffer[index];
            self.report_event(&event, &mut unchecked, &mut report);
        }
        self.report_checked(unchecked, armed, &mut report);
        let _ = self.update_beacon(); // the next report tries again
        Ok(())
    }

    /// Removes what is not armed from the list of always-ready filters. The kernel's entries go with their descriptors.
    #[cold]
    fn rebuild<'fd>(&mut self, armed: impl Iterator<Item = Source<'fd>>) -> io::Result<bool> {
        let armed: BTreeSet<_> = armed.map(|source| source.tag().to_u64()).collect();
        self.always_ready.retain_armed(|tag| armed.contains(&tag.to_u64()));
        let _ = self.update_beacon(); // the next report tries again
        Ok(false)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }

    fn waiter(&self) -> Option<Waiter> {
        Some(Waiter::new(Arc::clone(&self.queue) as _))
    }

    fn report<'fd>(
        &mut self,
        events: &mut Events,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        mut report: impl FnMut(Tag, Readiness) -> bool,
    ) -> io::Result<()> {
        let found = events.get::<EventBuffer<Kevent>>();
        self.report_list(&mut report);
        let mut unchecked = Vec::new();
        loop {
            for event in found.events() {
                self.report_event(event, &mut unchecked, &mut report);
            }
            if !found.is_full() {
                break;
            }
            found.grow(self.filters + 2);
            // An error here is no error of the events that were reported.
            let count = self.queue.control(&[], found.start(), Timeout::ZERO).map_or(0, <[_]>::len);
            found.finish(count);
        }
        self.report_checked(unchecked, armed, &mut report);
        let _ = self.update_beacon(); // the next report tries again
        Ok(())
    }

    fn native_waker(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
        let trigger = Trigger::new(&self.queue, tag);
        match self.change(trigger.added()) {
            Ok(()) => {
                self.resize(1, 0);
                Ok(Some(Arc::new(trigger)))
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
