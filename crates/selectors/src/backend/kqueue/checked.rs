//! Filters whose events may be false: those for the end alone, and on Apple's systems the one for `PRIORITY`.
//!
//! Their entries are edge-triggered in every mode, so a false event comes once. One that is true is reported, and then the back
//! end adds the entry again (level-triggered) or disables it (one-shot).

use std::collections::BTreeSet;
use std::io;

use select_sys::fd::BorrowedFd;
use select_sys::kqueue::{Filter, Kevent};

use super::filters::{Watch, filters, ident, readiness};
use crate::backend::interface::Source;
use crate::interest::Interest;
use crate::readiness::Readiness;

/// The checked filters of a queue, by descriptor.
#[derive(Debug, Default)]
pub(super) struct Checked(BTreeSet<(usize, Filter)>);

impl Checked {
    /// Notes the filters of a source, in place of those that its descriptor had.
    pub(super) fn note(&mut self, source: &Source<'_>) {
        let ident = ident(source.fd());
        self.forget(ident);
        let checked = filters(source.interest()).filter(|watch| watch.is_checked);
        self.0.extend(checked.map(|watch| (ident, watch.filter)));
    }

    pub(super) fn forget(&mut self, ident: usize) {
        for watch in filters(Interest::all()) {
            self.0.remove(&(ident, watch.filter));
        }
    }

    pub(super) fn contains(&self, event: &Kevent) -> bool {
        self.0.contains(&(event.ident, event.filter))
    }
}

/// A true event: its source, its filter, and what to report.
pub(super) type TrueEvent<'fd> = (Source<'fd>, Watch, Readiness);

/// Whether an event may be true. If it is not, nobody has to look for its source, which takes time for each armed key.
pub(super) fn may_be_true(event: &Kevent) -> bool {
    !ends(event).is_empty()
}

/// The readiness that an event of a checked filter stands for. Data and room make such an event false.
fn ends(event: &Kevent) -> Readiness {
    readiness(event) - (Readiness::READ | Readiness::WRITE)
}

/// Finds the sources of events, and drops the events that are false.
pub(super) fn check<'fd>(
    mut events: Vec<Kevent>,
    armed: impl Iterator<Item = io::Result<Source<'fd>>>,
) -> Vec<TrueEvent<'fd>> {
    events.sort_unstable_by_key(|event| event.udata);
    let mut found = Vec::new();
    for source in armed.flatten() {
        let tag = source.tag().to_u64() as usize;
        let first = events.partition_point(|event| event.udata < tag);
        for event in events[first..].iter().take_while(|event| event.udata == tag) {
            let watch = filters(source.interest()).find(|watch| watch.filter == event.filter);
            let readiness = checked_readiness(event, source.fd());
            if let Some(watch) = watch.filter(|_| !readiness.is_empty()) {
                found.push((source, watch, readiness));
            }
        }
    }
    found
}

/// The readiness that an event of this descriptor stands for. Empty if it is false.
fn checked_readiness(event: &Kevent, fd: BorrowedFd<'_>) -> Readiness {
    let readiness = ends(event);
    // `EV_EOF` on writing is also the answer to a socket that this end has shut down (`filt_sowrite`), which is no hang-up. A
    // socket that is disconnected has no peer (`soisdisconnected`, `sys_getpeername`), and other files have none at all.
    if readiness == Readiness::WRITE_CLOSED && rustix::net::getpeername(fd).is_ok() {
        return Readiness::empty();
    }
    readiness
}
