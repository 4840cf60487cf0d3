//! Reports of events and of what is always ready, and waits without the back end.

use std::io;

use select_sys::Timeout;
use select_sys::fd::{AsFd, BorrowedFd};
use select_sys::kqueue::{self, Filter, Flags, Kevent};

use super::Kqueue;
use super::checked::{check, may_be_true};
use super::filters::{Watch, added, filters, ident, mode, readiness, tag};
use crate::backend::always_ready::Entry;
use crate::backend::events::{EventBuffer, Events};
use crate::backend::interface::Source;
use crate::backend::waiter::Wait;
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::token::Tag;

impl Kqueue {
    /// Disarms the filters of a one-shot key that has fired. The kernel has disabled the one that it reported.
    fn after_oneshot(&mut self, ident: usize, fired: Filter) {
        if self.multi_filter_oneshots.contains(&ident) {
            for watch in filters(Interest::all()).filter(|watch| watch.filter != fired) {
                // What is in the list has fired as well.
                if !self.always_ready.contains((ident, watch.filter)) {
                    let _ = self.delete(ident, watch.filter); // it may not exist
                }
            }
        }
    }

    /// Reports what is always ready.
    pub(super) fn report_list(&mut self, mut report: impl FnMut(Tag, Readiness) -> bool) {
        let report = |tag, readiness| {
            report(tag, readiness);
        };
        let mut fired = Vec::new();
        self.always_ready.report(report, |entry| fired.push(entry));
        for (ident, filter) in fired {
            self.after_oneshot(ident, filter);
        }
    }

    /// Reports an event, unless it is that of the beacon. Puts one that may be false into `unchecked`.
    pub(super) fn report_event(
        &mut self,
        event: &Kevent,
        unchecked: &mut Vec<Kevent>,
        mut report: impl FnMut(Tag, Readiness) -> bool,
    ) {
        if self.beacon.has_event(event) {
            return;
        }
        if self.checked.contains(event) {
            if may_be_true(event) {
                unchecked.push(*event);
            }
            return;
        }
        // The filters of a registration that has changed since are armed for what it is now.
        let is_current = report(tag(event), readiness(event));
        if is_current && event.flags.intersects(Flags::ONESHOT | Flags::DISPATCH) {
            self.after_event(event);
        }
    }

    /// Reports the events that are true.
    pub(super) fn report_checked<'fd>(
        &mut self,
        unchecked: Vec<Kevent>,
        armed: impl Iterator<Item = io::Result<Source<'fd>>>,
        mut report: impl FnMut(Tag, Readiness) -> bool,
    ) {
        if unchecked.is_empty() {
            return;
        }
        for (source, watch, readiness) in check(unchecked, armed) {
            report(source.tag(), readiness);
            self.after_checked(&source, watch);
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
            let entry = Entry { tag: tag(event), readiness: readiness(event), mode, is_armed };
            self.always_ready.insert((event.ident, event.filter), entry);
        }
        if mode == Mode::Oneshot {
            self.after_oneshot(event.ident, event.filter);
        }
    }

    /// Follows up an event that was checked, as the mode of its key wants it.
    fn after_checked(&mut self, source: &Source<'_>, watch: Watch) {
        match source.mode() {
            // An entry that is added again is evaluated again (`kqueue_register`). A file that is refused now has hung up, and
            // gets into the list of what is always ready.
            Mode::Level => drop(self.arm(source, watch)),
            Mode::Edge => {}
            Mode::Oneshot => {
                let _ = self.change(Kevent { flags: Flags::DISABLE, ..added(source, watch) });
                self.after_oneshot(ident(source.fd()), watch.filter);
            }
        }
    }
}

impl Wait for kqueue::Kqueue {
    fn wait(&self, events: &mut Events, timeout: Timeout) -> io::Result<usize> {
        let found = events.get::<EventBuffer<Kevent>>();
        let count = self.control(&[], found.start(), timeout)?.len();
        Ok(found.finish(count))
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}
