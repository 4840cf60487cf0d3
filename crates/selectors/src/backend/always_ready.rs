//! Entries that the kernel's set refuses or ends because they are always ready.

use std::collections::BTreeMap;

use select_sys::Timeout;
use select_sys::fd::BorrowedFd;
use select_sys::poll::{PollFd, PollFlags, poll};

use super::convert::{from_poll_flags, poll_flags};
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::token::Tag;

/// An entry that is always ready.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) tag: Tag,
    /// Empty if nothing that is requested is ever ready, such as `PRIORITY` of a regular file.
    pub(super) readiness: Readiness,
    pub(super) mode: Mode,
    /// Whether the next wait reports it.
    pub(super) is_armed: bool,
}

impl Entry {
    fn is_armed(&self) -> bool {
        self.is_armed && !self.readiness.is_empty()
    }
}

/// The list of such entries, for a back end whose kernel keeps a set.
///
/// `K` is the back end's key of an entry: the number of a descriptor, for example. While an entry is armed, the back end
/// keeps a *beacon* in the kernel's set: a descriptor of its own that is ready. So a wait does not block, and the selector's
/// own descriptor is readable. See [`beacon`](Self::beacon).
#[derive(Debug)]
pub(super) struct AlwaysReady<K> {
    entries: BTreeMap<K, Entry>,
    /// The number of armed level-triggered entries.
    levels: usize,
    /// The number of other armed entries.
    others: usize,
}

impl<K> Default for AlwaysReady<K> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), levels: 0, others: 0 }
    }
}

impl<K: Copy + Ord> AlwaysReady<K> {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn contains(&self, key: K) -> bool {
        self.entries.contains_key(&key)
    }

    /// Inserts an entry, and returns the earlier one.
    pub(super) fn insert(&mut self, key: K, entry: Entry) -> Option<Entry> {
        let earlier = self.remove(key);
        if entry.is_armed() {
            *self.count(entry.mode) += 1;
        }
        self.entries.insert(key, entry);
        earlier
    }

    /// Undoes an [`insert`](Self::insert) that returned `earlier`.
    pub(super) fn restore(&mut self, key: K, earlier: Option<Entry>) {
        match earlier {
            Some(earlier) => self.insert(key, earlier),
            None => self.remove(key),
        };
    }

    /// Removes an entry, if there is one.
    pub(super) fn remove(&mut self, key: K) -> Option<Entry> {
        let removed = self.entries.remove(&key)?;
        if removed.is_armed() {
            *self.count(removed.mode) -= 1;
        }
        Some(removed)
    }

    /// Removes the armed entries whose tag is not one of these.
    #[cfg(kqueue)]
    pub(super) fn retain_armed(&mut self, is_kept: impl Fn(Tag) -> bool) {
        let stale = self.entries.iter().filter(|(_, entry)| entry.is_armed() && !is_kept(entry.tag));
        let stale: Vec<_> = stale.map(|(key, _)| *key).collect();
        for key in stale {
            self.remove(key);
        }
    }

    /// Returns the mode in which the beacon has to be armed, or `None` if it must not be ready.
    ///
    /// It is one-shot if the next wait disarms every entry. Then the kernel disarms the beacon in that wait, without another
    /// call.
    pub(super) fn beacon(&self) -> Option<Mode> {
        match (self.levels, self.others) {
            (0, 0) => None,
            (0, _) => Some(Mode::Oneshot),
            _ => Some(Mode::Level),
        }
    }

    /// Reports the armed entries, and disarms those that are not level-triggered. Calls `fired` for one-shot entries.
    pub(super) fn report(&mut self, mut report: impl FnMut(Tag, Readiness), mut fired: impl FnMut(K)) {
        for (&key, entry) in self.entries.iter_mut().filter(|(_, entry)| entry.is_armed()) {
            report(entry.tag, entry.readiness);
            entry.is_armed = entry.mode == Mode::Level;
            if entry.mode == Mode::Oneshot {
                fired(key);
            }
        }
        self.others = 0;
    }

    fn count(&mut self, mode: Mode) -> &mut usize {
        if mode == Mode::Level { &mut self.levels } else { &mut self.others }
    }
}

/// Asks `poll(2)` for the readiness of a descriptor now. Empty for one that is not open.
pub(super) fn ready_by_poll(fd: BorrowedFd<'_>, interest: Interest) -> Readiness {
    let mut entry = [PollFd::new(fd, poll_flags(interest))];
    match poll(&mut entry, Timeout::ZERO) {
        Ok(_) if !entry[0].revents().intersects(PollFlags::NVAL) => from_poll_flags(entry[0].revents()),
        _ => Readiness::empty(),
    }
}
