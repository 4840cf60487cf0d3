//! The key map: every registration of a selector, found by token, tag or descriptor.

use std::num::NonZeroU64;
use std::sync::atomic::AtomicU32;

use select_sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use slab::Slab;

use crate::error::Error;
use crate::fd_index::FdIndex;
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::serials::Serials;
use crate::token::{LookupKey, MAX_SLOTS, Tag, Token};

/// A registration.
#[derive(Debug)]
pub(crate) struct Entry<F, D> {
    // The parts of the token and of the tag, which share the slot.
    serial: NonZeroU64,
    slot: u32,
    arming: u32,
    pub(crate) fileobj: F,
    pub(crate) data: D,
    /// The number of the descriptor when it was registered.
    pub(crate) fd: RawFd,
    pub(crate) interest: Interest,
    pub(crate) mode: Mode,
    pub(crate) state: State,
    /// The readiness to report: none if it is not armed.
    pub(crate) mask: Readiness,
    /// Its index in the last `Ready` that reported it. May be stale. Atomic, because a wait writes it while the back end
    /// borrows the descriptors.
    pub(crate) ready_index: AtomicU32,
}

/// The state of a registration in the back end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It watches for the interest. The index is the place in [`Map::armed`].
    Armed { index: u32 },
    /// One-shot and reported: added to the back end, but not waited for.
    Fired,
    /// One-shot and reported, and not in the back end any more, which has rebuilt its set.
    Dropped,
    /// Not in the back end: removed, abandoned (see `Abandoned`), or not added yet.
    Paused,
}

impl<F, D> Entry<F, D> {
    /// Whether the back end watches it, or did until it fired.
    pub(crate) fn is_in_backend(&self) -> bool {
        matches!(self.state, State::Armed { .. } | State::Fired)
    }

    #[inline]
    pub(crate) fn token(&self) -> Token {
        Token::new(self.serial, self.slot)
    }

    /// The tag of the last arming, which alone is reported.
    #[inline]
    pub(crate) fn tag(&self) -> Tag {
        Tag::from_parts(self.slot, self.arming)
    }

    pub(crate) fn is_armed(&self) -> bool {
        matches!(self.state, State::Armed { .. })
    }

    /// Borrows the descriptor, or reports that it is not the one that was registered.
    ///
    /// Callers use this result and do not ask again: a second call may return another descriptor.
    #[inline]
    pub(crate) fn borrow_fd(&self) -> Result<BorrowedFd<'_>, Error>
    where
        F: AsFd,
    {
        let fd = self.fileobj.as_fd();
        let lent = fd.as_raw_fd();
        if lent == self.fd {
            Ok(fd)
        } else {
            Err(Error::InvalidFd { token: self.token(), registered: self.fd, lent })
        }
    }
}

/// Room for this many entries is never freed.
const KEPT_CAPACITY: usize = 64;

/// The registrations of one selector.
///
/// `slab` reuses slots; serial numbers tell their registrations apart.
#[derive(Debug)]
pub(crate) struct Map<F, D> {
    entries: Slab<Entry<F, D>>,
    by_fd: FdIndex<u32>,
    /// The slots that are armed, in no particular order. A wait costs what is armed now, not what once was.
    armed: Vec<u32>,
    serials: Serials,
    /// A removal that leaves this many entries, or fewer, frees memory.
    shrink_at: usize,
    /// Whether any registration was ever one-shot.
    pub(crate) has_oneshots: bool,
}

impl<F, D> Map<F, D> {
    pub(crate) fn new() -> Self {
        Self {
            entries: Slab::new(),
            by_fd: FdIndex::new(MAX_SLOTS),
            armed: Vec::new(),
            serials: Serials::default(),
            shrink_at: 0,
            has_oneshots: false,
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Reserves a slot and a token for a registration, or returns `None` if all slots are taken.
    ///
    /// The token is used up even if the reservation is dropped: a back end that fails may have passed its tag to the kernel.
    #[inline]
    pub(crate) fn reserve(&mut self) -> Option<Reservation<'_, F, D>> {
        let Self { entries, by_fd, armed, serials, shrink_at, has_oneshots } = self;
        let vacant = entries.vacant_entry();
        let slot = u32::try_from(vacant.key()).ok().filter(|&slot| slot < MAX_SLOTS)?;
        let token = Token::new(serials.take(), slot);
        Some(Reservation { vacant, token, by_fd, armed, shrink_at, has_oneshots })
    }

    /// Removes a registration.
    #[inline]
    pub(crate) fn remove(&mut self, slot: u32) -> Option<Entry<F, D>> {
        self.disarm(slot, State::Paused);
        let entry = self.entries.try_remove(slot as usize)?;
        // The number is another key's if the file object did not keep it.
        if self.by_fd.get(entry.fd) == Some(slot) {
            self.by_fd.remove(entry.fd);
        }
        if self.entries.len() <= self.shrink_at && self.entries.capacity() > KEPT_CAPACITY {
            self.shrink();
        }
        Some(entry)
    }

    /// Frees the memory behind the last entry. Only that can be freed: a slot is part of a token.
    ///
    /// This looks at every slot, so it is done when the number of entries has halved since the last time.
    #[cold]
    fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.armed.shrink_to(self.entries.len());
        self.shrink_at = self.entries.len() / 2;
    }

    /// Makes a tag for the next arming of a registration.
    #[inline]
    pub(crate) fn new_tag(&mut self, slot: u32) -> Tag {
        Tag::new(slot, self.serials.take())
    }

    /// Arms a registration with this tag, interest and mode.
    pub(crate) fn arm(&mut self, tag: Tag, interest: Interest, mode: Mode) {
        let slot = tag.slot();
        let Some(entry) = self.entries.get_mut(slot as usize) else { return };
        (entry.arming, entry.interest, entry.mode) = (tag.arming(), interest, mode);
        entry.mask = Readiness::mask_for(interest);
        self.has_oneshots |= mode == Mode::Oneshot;
        if !entry.is_armed() {
            entry.state = State::Armed { index: self.armed.len() as u32 }; // fewer than MAX_SLOTS
            self.armed.push(slot);
            self.by_fd.insert(entry.fd, slot); // a paused key may have lost its number
        }
    }

    /// Disarms a registration: no wait waits for it.
    #[inline]
    pub(crate) fn disarm(&mut self, slot: u32, state: State) {
        let Some(entry) = self.entries.get_mut(slot as usize) else { return };
        entry.mask = Readiness::empty();
        if let State::Armed { index } = std::mem::replace(&mut entry.state, state) {
            self.armed.swap_remove(index as usize);
            if let Some(&moved) = self.armed.get(index as usize) {
                if let Some(entry) = self.entries.get_mut(moved as usize) {
                    entry.state = State::Armed { index };
                }
            }
        }
    }

    /// Disarms a registration that was reported, if it is one-shot.
    pub(crate) fn fire(&mut self, slot: u32) {
        if self.get(slot).is_some_and(|entry| entry.mode == Mode::Oneshot && entry.is_armed()) {
            self.disarm(slot, State::Fired);
        }
    }

    /// Notes that the back end has dropped the one-shot keys that have fired.
    pub(crate) fn drop_fired(&mut self) {
        for entry in self.iter_mut().filter(|entry| entry.state == State::Fired) {
            entry.state = State::Dropped;
        }
    }

    /// Finds a registration, or reports that there is none.
    pub(crate) fn find(&self, key: LookupKey) -> Result<&Entry<F, D>, Error> {
        self.lookup(key).ok_or(Error::NotRegistered { key })
    }

    #[inline]
    pub(crate) fn lookup(&self, key: LookupKey) -> Option<&Entry<F, D>> {
        match key {
            LookupKey::Token(token) => self.get(token.slot()).filter(|entry| entry.serial == token.serial()),
            LookupKey::Fd(fd) => self.get(self.by_fd.get(fd)?),
        }
    }

    #[inline]
    pub(crate) fn lookup_mut(&mut self, key: LookupKey) -> Option<&mut Entry<F, D>> {
        match key {
            LookupKey::Token(token) => {
                self.get_mut(token.slot()).filter(|entry| entry.serial == token.serial())
            }
            LookupKey::Fd(fd) => self.get_mut(self.by_fd.get(fd)?),
        }
    }

    /// Finds the registration that a back end reports.
    #[inline]
    pub(crate) fn by_tag(&self, tag: Tag) -> Option<&Entry<F, D>> {
        self.get(tag.slot()).filter(|entry| entry.arming == tag.arming())
    }

    /// Whether waits wait for a registration.
    pub(crate) fn is_armed(&self, token: Token) -> bool {
        self.lookup(LookupKey::Token(token)).is_some_and(Entry::is_armed)
    }

    /// The slots are below this number.
    pub(crate) fn slots(&self) -> u32 {
        self.entries.capacity().try_into().unwrap_or(MAX_SLOTS)
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<&Entry<F, D>> {
        self.entries.get(slot as usize)
    }

    #[inline]
    fn get_mut(&mut self, slot: u32) -> Option<&mut Entry<F, D>> {
        self.entries.get_mut(slot as usize)
    }

    /// Returns two registrations, or `None` if it is one.
    pub(crate) fn pair_mut(&mut self, a: LookupKey, b: LookupKey) -> Option<[&mut Entry<F, D>; 2]> {
        let (a, b) = (self.lookup(a)?.slot, self.lookup(b)?.slot);
        if a == b {
            return None; // get2_mut panics then
        }
        self.entries.get2_mut(a as usize, b as usize).map(<[_; 2]>::from)
    }

    pub(crate) fn iter(&self) -> slab::Iter<'_, Entry<F, D>> {
        self.entries.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry<F, D>> {
        self.entries.iter_mut().map(|(_, entry)| entry)
    }

    pub(crate) fn into_entries(self) -> slab::IntoIter<Entry<F, D>> {
        self.entries.into_iter()
    }

    /// The registrations that the back end watches, in an order that only changes with them.
    #[inline]
    pub(crate) fn armed(&self) -> impl Iterator<Item = &Entry<F, D>> + Clone {
        self.armed.iter().filter_map(|&slot| self.get(slot))
    }
}

/// A slot and a token for a registration that is being made.
pub(crate) struct Reservation<'a, F, D> {
    vacant: slab::VacantEntry<'a, Entry<F, D>>,
    token: Token,
    by_fd: &'a mut FdIndex<u32>,
    armed: &'a mut Vec<u32>,
    shrink_at: &'a mut usize,
    has_oneshots: &'a mut bool,
}

impl<F, D> Reservation<'_, F, D> {
    pub(crate) fn tag(&self) -> Tag {
        Tag::new(self.token.slot(), self.token.serial())
    }

    /// Makes the registration, armed with [`tag`](Self::tag).
    #[inline]
    pub(crate) fn insert(self, fileobj: F, fd: RawFd, interest: Interest, mode: Mode, data: D) -> Token {
        let tag = self.tag();
        let Self { vacant, token, by_fd, armed, shrink_at, has_oneshots } = self;
        *has_oneshots |= mode == Mode::Oneshot;
        let slot = token.slot();
        *shrink_at = (*shrink_at).max(vacant.key() / 4);
        let state = State::Armed { index: armed.len() as u32 }; // fewer than MAX_SLOTS
        vacant.insert(Entry {
            serial: token.serial(),
            slot,
            arming: tag.arming(),
            fileobj,
            data,
            fd,
            interest,
            mode,
            state,
            mask: Readiness::mask_for(interest),
            ready_index: AtomicU32::new(0),
        });
        armed.push(slot);
        by_fd.insert(fd, slot);
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(map: &mut Map<(), ()>, fd: RawFd) -> Token {
        map.reserve().unwrap().insert((), fd, Interest::READ, Mode::Level, ())
    }

    /// Slots show in `Debug` only, memory not at all.
    #[test]
    fn memory_comes_back_after_a_peak() {
        let mut map = Map::new();
        let oldest = register(&mut map, 0);
        let others: Vec<_> = (1..10_000).map(|fd| register(&mut map, fd)).collect();
        for token in others {
            map.remove(token.slot()).unwrap();
        }
        assert!(map.entries.capacity() <= KEPT_CAPACITY, "{}", map.entries.capacity());
        assert!(map.armed.capacity() <= KEPT_CAPACITY, "{}", map.armed.capacity());
        assert_eq!(map.find(LookupKey::Token(oldest)).unwrap().fd, 0);
    }

    #[test]
    fn a_slot_at_the_end_does_not_make_every_removal_look_for_memory() {
        let mut map = Map::new();
        let tokens: Vec<_> = (0..1024).map(|fd| register(&mut map, fd)).collect();
        for token in &tokens[..1023] {
            map.remove(token.slot()).unwrap();
        }
        assert_eq!(map.shrink_at, 0);
        let newest = register(&mut map, 7);
        map.remove(newest.slot()).unwrap();
        assert_eq!((map.len(), map.shrink_at), (1, 0));
    }

    #[test]
    fn a_dropped_reservation_uses_its_token_up() {
        let mut map = Map::new();
        let reservation = map.reserve().unwrap();
        let (refused, tag) = (reservation.token, reservation.tag());
        let next = register(&mut map, 3);
        assert_eq!(refused.slot(), next.slot());
        assert!(map.find(LookupKey::Token(refused)).is_err());
        assert!(map.by_tag(tag).is_none());
    }
}
