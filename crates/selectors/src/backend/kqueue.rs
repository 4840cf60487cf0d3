//! The `kqueue(2)` back end.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::io::Errno;
use select_sys::Timeout;
use select_sys::fd::{AsFd, BorrowedFd};
use select_sys::kqueue::{self, Filter, Flags, Kevent, Notes};

use super::interface::{Backend, Source, Wake};
use crate::error::Error;
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::token::Tag;

mod filters;
mod proxies;
mod trigger;

use filters::{EXCEPT, Refusal, added, filters, ident, is_gone, mode, readiness, ready_by_poll, tag};
use proxies::{Proxies, Proxy};
use trigger::Trigger;

/// Whether the kernel accepts a duplicate of a queue in the queue itself, and locks up at the next event:
/// `knote_activate_locked` in `sys/kern/kern_event.c` of NetBSD.
const LOCKS_UP_IN_ITSELF: bool = cfg!(target_os = "netbsd");

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
/// A file that the kernel refuses is registered all the same if `poll(2)` reports it as ready at that moment: devices without
/// support for kqueue, such as `/dev/null` on FreeBSD, a pipe that nobody reads, a terminal whose master is gone. It counts
/// as ready until it is unregistered or changed.
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
    /// The number of filters that were added and not removed, with fired one-shot filters and proxies.
    filters: usize,
    proxies: Proxies,
    /// A socket without a peer, and so at its end, in the queue: it ends a wait while proxies are ready, and makes the queue's
    /// descriptor readable. It needs no `EVFILT_USER`, which OpenBSD before 7.8 and NetBSD before 10 lack. Its event takes the
    /// room of a proxy's filter.
    beacon: Option<UnixStream>,
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

    /// Adds a filter, or rearms it. Changes nothing if it fails.
    fn arm(&mut self, source: &Source<'_>, filter: Filter, notes: Notes) -> io::Result<()> {
        let entry = added(source, filter, notes);
        match self.change(entry) {
            Ok(()) => {
                self.proxies.remove(entry.ident, filter);
                self.update_beacon();
                Ok(())
            }
            Err(error) => self.add_proxy(source, filter, error),
        }
    }

    /// Adds a proxy for a filter that the kernel refused, if `poll(2)` reports the descriptor as ready.
    #[cold]
    fn add_proxy(&mut self, source: &Source<'_>, filter: Filter, error: io::Error) -> io::Result<()> {
        let refusal = Refusal::of(&error);
        if refusal == Refusal::Other {
            return Err(error);
        }
        // OpenBSD has EVFILT_EXCEPT for sockets and pty masters only. Nothing else has urgent data there, and its `poll`
        // accepts to wait for it.
        let is_except = EXCEPT.is_some_and(|(except, _)| except == filter);
        if is_except && refusal == Refusal::FileType {
            return Ok(());
        }
        let readiness = ready_by_poll(source.fd(), filter);
        if !readiness.is_empty() && !self.is_itself(source.fd()) {
            let proxy = Proxy { tag: source.tag(), readiness, mode: source.mode(), is_armed: true };
            self.proxies.insert(ident(source.fd()), filter, proxy);
            self.update_beacon();
            return Ok(());
        }
        if refusal == Refusal::FileType {
            return Err(Error::UnsupportedFile { backend: self.name(), source: error }.into());
        }
        Err(error)
    }

    /// Opens the beacon while proxies are ready, and closes it otherwise. If that fails, the next wait tries again.
    fn update_beacon(&mut self) {
        if self.proxies.are_ready() == self.beacon.is_some() {
            return;
        }
        if let Some(beacon) = self.beacon.take() {
            // A forked child may keep it open, so closing it does not suffice.
            let _ = self.change(Kevent::for_fd(beacon.as_fd(), Filter::READ, Flags::DELETE));
        } else if let Ok((beacon, _)) = UnixStream::pair() {
            let added = self.change(Kevent::for_fd(beacon.as_fd(), Filter::READ, Flags::ADD));
            self.beacon = added.is_ok().then_some(beacon);
        }
    }

    /// Whether a descriptor is known to be a duplicate of the queue's own.
    fn is_itself(&self, fd: BorrowedFd<'_>) -> bool {
        let Ok(other) = fd.try_clone_to_owned().map(kqueue::Kqueue::from_fd) else { return false };
        if other.control(&[], &mut [], Timeout::ZERO).is_err() {
            return false; // EBADF: this is no queue
        }
        // The number of an open descriptor is unique in this process, so no other queue has an entry for it.
        let Ok((marker, _)) = UnixStream::pair() else { return false };
        let entry = |flags| Kevent::for_fd(marker.as_fd(), Filter::READ, flags);
        let is_itself = self.change(entry(Flags::ADD)).is_ok()
            && other.control(&[entry(Flags::DELETE)], &mut [], Timeout::ZERO).is_ok();
        let _ = self.change(entry(Flags::DELETE));
        is_itself
    }

    /// Refuses to add the queue to itself.
    ///
    /// FreeBSD (`kqueue_register`) and Apple's systems refuse a duplicate by themselves, and OpenBSD is not harmed by it.
    fn refuse_itself(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        if ident(fd) == self.own || LOCKS_UP_IN_ITSELF && self.is_itself(fd) {
            return Err(Errno::INVAL.into());
        }
        Ok(())
    }

    /// Adds the filters of an interest. Removes them again if one is refused.
    fn arm_new(&mut self, source: &Source<'_>, interest: Interest) -> io::Result<()> {
        if interest.contains(Interest::READ) {
            self.refuse_itself(source.fd())?; // it has no other filter
        }
        for (done, (filter, notes)) in filters(interest).enumerate() {
            if let Err(error) = self.arm(source, filter, notes) {
                // If this fails, the filter reports a tag that no key has, or readiness that was not requested.
                let _ = self.delete_all(source.fd(), filters(interest).take(done));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Deletes a filter, or its proxy. It is no error if it is gone: a kernel deletes filters when the descriptor is closed,
    /// and those of a pipe when the other end is closed.
    fn delete(&mut self, ident: usize, filter: Filter) -> io::Result<()> {
        if self.proxies.remove(ident, filter) {
            self.update_beacon();
            return Ok(());
        }
        match self.change(Kevent::new(ident, filter, Flags::DELETE)) {
            Err(error) if !is_gone(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Deletes filters, and returns the last error.
    fn delete_all(
        &mut self,
        fd: BorrowedFd<'_>,
        filters: impl Iterator<Item = (Filter, Notes)>,
    ) -> io::Result<()> {
        let mut result = Ok(());
        for (filter, _) in filters {
            result = self.delete(ident(fd), filter).and(result);
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
            && filters(source.interest()).all(|(filter, notes)| {
                let touch = Kevent { flags: Flags::empty(), ..added(source, filter, notes) };
                !self.proxies.contains(touch.ident, filter)
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

    /// Disarms the filters of a one-shot key that has fired. The kernel has disabled the one that it reported.
    fn after_oneshot(&mut self, ident: usize, fired: Filter) {
        if self.multi_filter_oneshots.contains(&ident) {
            for (filter, _) in filters(Interest::all()).filter(|(filter, _)| *filter != fired) {
                let _ = self.delete(ident, filter); // it may not exist
            }
        }
    }

    /// Follows up an event that disarmed or deleted its filter.
    fn after_event(&mut self, event: &Kevent) {
        let mode = mode(event);
        // Nobody requests ONESHOT: the kernel sets it, and deletes the filter. FreeBSD does so with filters for writing to a
        // pipe that nobody reads any more (`knlist_cleardel`), OpenBSD with those of a revoked terminal (`filt_dead`). The
        // level stays the same.
        if event.flags.contains(Flags::ONESHOT) && matches!(event.filter, Filter::READ | Filter::WRITE) {
            let is_armed = mode == Mode::Level;
            let proxy = Proxy { tag: tag(event), readiness: readiness(event), mode, is_armed };
            self.proxies.insert(event.ident, event.filter, proxy);
        }
        if mode == Mode::Oneshot {
            self.after_oneshot(event.ident, event.filter);
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
            proxies: Proxies::default(),
            beacon: None,
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
        self.arm_new(source, source.interest())?;
        self.note_multi_filter(source);
        self.resize(filters(source.interest()).count(), 0);
        Ok(())
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        let kept = from.interest() & to.interest();
        // New filters first: if one is refused, the others have not been touched, and nothing is armed that had fired.
        if let Err(error) = self.arm_new(to, to.interest() - kept) {
            return Err(if self.is_lost(from) { Errno::NOENT.into() } else { error });
        }
        for (filter, notes) in filters(kept) {
            // An existing entry keeps its flags when it is added again (`kqueue_register` in `sys/kern/kern_event.c` of
            // FreeBSD, NetBSD and OpenBSD), so another mode needs another entry.
            if from.mode() != to.mode() {
                self.delete(ident(to.fd()), filter)?;
            }
            if self.arm(to, filter, notes).is_err() {
                // An existing entry is not attached again, so it cannot be refused. A file that had this filter and has lost
                // it is hung up, and has a proxy. So the number has another file now.
                let _ = self.delete_all(to.fd(), filters(from.interest() | to.interest()));
                return Err(Errno::NOENT.into());
            }
        }
        self.delete_all(from.fd(), filters(from.interest() - kept))?;
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
        // The beacon would end the wait as well, but there may have been no descriptor left for it.
        let timeout = if self.proxies.are_ready() { Timeout::ZERO } else { timeout };
        let found = self.queue.control(&[], &mut self.buffer, timeout)?.len();
        for (ident, filter) in self.proxies.report(&mut report) {
            self.after_oneshot(ident, filter);
        }
        let beacon = self.beacon.as_ref().map(|beacon| ident(beacon.as_fd()));
        for index in 0..found {
            let event = self.buffer[index];
            if Some(event.ident) == beacon && event.filter == Filter::READ {
                continue;
            }
            report(tag(&event), readiness(&event));
            if event.flags.intersects(Flags::ONESHOT | Flags::DISPATCH) {
                self.after_event(&event);
            }
        }
        self.update_beacon();
        Ok(())
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }

    fn wake(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
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
