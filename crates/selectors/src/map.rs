//! The key map: descriptor to slot, slot to everything that is known of a registration.

use std::collections::HashMap;
use std::iter::Enumerate;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicU32;

use crate::sys::fd::RawFd;
use crate::token::{SelectorId, Tag, Token, WAKER_SLOT};
use crate::{Interest, Mode, Readiness};

/// What is known of a registration, but for the user's data.
#[derive(Debug)]
pub(crate) struct Slot<F> {
    pub(crate) fileobj: F,
    // What `fileobj` lent when it was registered.
    pub(crate) fd: RawFd,
    pub(crate) generation: NonZeroU32,
    // Where in the list of the last wait that reported this key its entry is: a hint, to be checked. Atomic, because it
    // is written while the back end holds what it waits for.
    pub(crate) place: AtomicU32,
    pub(crate) interest: Interest,
    pub(crate) mode: Mode,
    pub(crate) state: State,
    // What counts of that which a back end reports; follows from interest and state.
    pub(crate) counts: Readiness,
}

/// File object and data of two registrations.
type Pair<'a, F, D> = ((&'a F, &'a mut D), (&'a F, &'a mut D));

/// What the back end knows of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It watches for the interest.
    Armed,
    /// One-shot, and reported: registered with the kernel where it keeps such things, but not waited for.
    Fired,
    /// Nothing: it was removed.
    Paused,
}

impl<F> Slot<F> {
    /// A registration that the back end watches.
    pub(crate) fn new(fileobj: F, fd: RawFd, generation: NonZeroU32, interest: Interest, mode: Mode) -> Self {
        let (place, counts) = (AtomicU32::new(0), Readiness::counting(interest));
        Self { fileobj, fd, generation, place, interest, mode, state: State::Armed, counts }
    }

    /// The back end watches for this now.
    pub(crate) fn arm(&mut self, interest: Interest, mode: Mode) {
        (self.interest, self.mode, self.state) = (interest, mode, State::Armed);
        self.counts = Readiness::counting(interest);
    }

    /// It is not waited for until it is armed.
    pub(crate) fn disarm(&mut self, state: State) {
        self.state = state;
        self.counts = Readiness::empty();
    }

    pub(crate) fn tag(&self, slot: u32) -> Tag {
        Tag::new(slot, self.generation)
    }
}

/// The registrations of one selector.
///
/// A slot is given again after `remove`, each time with the next generation. When a slot has no generation left it is
/// never given again.
pub(crate) struct Map<F, D> {
    pub(crate) id: SelectorId,
    // `None` where there is no registration.
    slots: Vec<Option<Slot<F>>>,
    // The slots that can be given, the next one last; then come new ones.
    free: Vec<u32>,
    // By slot, `Some` where `slots` has a registration. Apart, so that a wait does not drag it through the cache.
    data: Vec<Option<D>>,
    // By slot: the generation that the next registration there gets.
    next: Vec<NonZeroU32>,
    by_fd: FdIndex,
    len: usize,
    // Whether there was a one-shot registration ever.
    pub(crate) oneshot: bool,
}

impl<F, D> Map<F, D> {
    pub(crate) fn new() -> Self {
        Self {
            id: SelectorId::unique(),
            slots: Vec::new(),
            free: Vec::new(),
            data: Vec::new(),
            next: Vec::new(),
            by_fd: FdIndex::default(),
            len: 0,
            oneshot: false,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The slot and the generation that the next `insert` will have, and room for it; `None` when there are 2^32 - 1.
    pub(crate) fn vacancy(&mut self) -> Option<(u32, NonZeroU32)> {
        let number = match self.free.last() {
            Some(&number) => number,
            None => {
                let number = u32::try_from(self.slots.len()).ok().filter(|&number| number != WAKER_SLOT)?;
                self.slots.push(None);
                self.data.push(None);
                self.next.push(NonZeroU32::MIN);
                // For all slots at once, so that `remove` need not allocate.
                self.free.reserve(self.slots.len());
                self.free.push(number);
                number
            }
        };
        let slot = number as usize;
        // Spent at once: a back end that fails may have handed it to the kernel.
        let generation = self.next[slot];
        self.next[slot] = generation.saturating_add(1);
        Some((number, generation))
    }

    /// Puts a registration where [`vacancy`](Self::vacancy) said.
    pub(crate) fn insert(&mut self, entry: Slot<F>, data: D) -> Token {
        let (fd, generation) = (entry.fd, entry.generation);
        let slot = self.free.pop().unwrap_or(WAKER_SLOT); // `vacancy` has put one there
        self.slots[slot as usize] = Some(entry);
        self.data[slot as usize] = Some(data);
        self.by_fd.insert(fd, slot);
        self.len += 1;
        Token::new(self.id, slot, generation)
    }

    /// Takes a registration out, and retires its token.
    pub(crate) fn remove(&mut self, slot: u32) -> Option<(Slot<F>, D)> {
        let at = slot as usize;
        let entry = self.slots.get_mut(at)?.take()?;
        let data = self.data[at].take()?;
        if entry.generation != NonZeroU32::MAX {
            self.free.push(slot);
        }
        self.by_fd.remove(entry.fd);
        self.len -= 1;
        Some((entry, data))
    }

    #[inline]
    pub(crate) fn find(&self, name: Result<Token, RawFd>) -> Option<u32> {
        match name {
            Ok(token) if token.selector() == self.id => self.of(token.tag()).map(|_| token.slot()),
            Ok(_) => None,
            Err(fd) => self.by_fd.get(fd),
        }
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&Slot<F>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The registration that has this name.
    #[inline]
    pub(crate) fn of(&self, tag: Tag) -> Option<&Slot<F>> {
        self.get(tag.slot()).filter(|entry| entry.generation.get() == tag.generation())
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Slot<F>> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    pub(crate) fn data(&self, slot: u32) -> Option<&D> {
        self.data.get(slot as usize)?.as_ref()
    }

    pub(crate) fn data_mut(&mut self, slot: u32) -> Option<&mut D> {
        self.data.get_mut(slot as usize)?.as_mut()
    }

    pub(crate) fn parts(&mut self, slot: u32) -> Option<(&F, &mut D)> {
        let entry = self.slots.get(slot as usize)?.as_ref()?;
        Some((&entry.fileobj, self.data.get_mut(slot as usize)?.as_mut()?))
    }

    /// The parts of two slots; `None` if it is one, or one has no registration.
    pub(crate) fn parts_pair(&mut self, a: u32, b: u32) -> Option<Pair<'_, F, D>> {
        let file = |slot: u32| Some(&self.slots.get(slot as usize)?.as_ref()?.fileobj);
        let (low, high) = (a.min(b) as usize, a.max(b) as usize);
        let (below, above) = self.data.split_at_mut_checked(high)?;
        let (first, second) = (below.get_mut(low)?.as_mut()?, above.first_mut()?.as_mut()?);
        let (first, second) = if a < b { (first, second) } else { (second, first) };
        Some(((file(a)?, first), (file(b)?, second)))
    }

    pub(crate) fn token(&self, slot: u32, entry: &Slot<F>) -> Token {
        Token::new(self.id, slot, entry.generation)
    }

    pub(crate) fn iter(&self) -> Slots<'_, F> {
        Slots(self.slots.iter().enumerate())
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &Slot<F>, &mut D)> {
        let slots = &self.slots;
        self.data.iter_mut().enumerate().filter_map(|(slot, data)| {
            Some((slot as u32, slots.get(slot)?.as_ref()?, data.as_mut()?)) // all slots fit, see `vacancy`
        })
    }

    /// Takes out the registration in the lowest slot from `from` on.
    pub(crate) fn pop(&mut self, from: &mut u32) -> Option<(u32, Slot<F>, D)> {
        while (*from as usize) < self.data.len() {
            let slot = *from;
            *from += 1;
            if let Some((entry, data)) = self.remove(slot) {
                return Some((slot, entry, data));
            }
        }
        None
    }
}

/// The occupied slots, by rising number.
#[derive(Debug)]
pub(crate) struct Slots<'a, F>(Enumerate<std::slice::Iter<'a, Option<Slot<F>>>>);

impl<F> Clone for Slots<'_, F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<'a, F> Iterator for Slots<'a, F> {
    type Item = (u32, &'a Slot<F>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.by_ref().find_map(|(slot, entry)| Some((slot as u32, entry.as_ref()?))) // fits, see `Map::vacancy`
    }
}

/// Descriptor to slot.
///
/// Descriptors are small numbers, given lowest first, so an array serves; the kernel's own table is one, too. Those
/// that are not small (from `dup2`, say) are hashed.
#[derive(Debug, Default)]
pub(crate) struct FdIndex {
    // By number; `NONE` where there is no registration.
    low: Vec<u32>,
    high: HashMap<RawFd, u32>,
}

/// No registration has this slot, see [`WAKER_SLOT`].
const NONE: u32 = WAKER_SLOT;

/// Numbers below are in the array: 4 MiB of it at most.
const LOW: usize = 1 << 20;

impl FdIndex {
    fn low(fd: RawFd) -> Option<usize> {
        usize::try_from(fd).ok().filter(|&fd| fd < LOW)
    }

    #[inline]
    pub(crate) fn get(&self, fd: RawFd) -> Option<u32> {
        match Self::low(fd) {
            Some(fd) => self.low.get(fd).copied().filter(|&slot| slot != NONE),
            None => self.get_high(fd),
        }
    }

    /// Apart, so that the rest is small enough to be inlined.
    #[cold]
    #[inline(never)]
    fn get_high(&self, fd: RawFd) -> Option<u32> {
        self.high.get(&fd).copied()
    }

    pub(crate) fn insert(&mut self, fd: RawFd, slot: u32) {
        match Self::low(fd) {
            Some(fd) => {
                if fd >= self.low.len() {
                    self.low.resize(fd + 1, NONE);
                }
                self.low[fd] = slot;
            }
            None => {
                self.high.insert(fd, slot);
            }
        }
    }

    pub(crate) fn remove(&mut self, fd: RawFd) {
        match Self::low(fd) {
            Some(fd) => {
                if let Some(slot) = self.low.get_mut(fd) {
                    *slot = NONE;
                }
            }
            None => {
                self.high.remove(&fd);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(map: &mut Map<(), ()>) -> Token {
        let (_, generation) = map.vacancy().unwrap();
        map.insert(Slot::new((), 3, generation, Interest::READ, Mode::Level), ())
    }

    /// 2^32 registrations take too long to make from outside.
    #[test]
    fn a_slot_without_generations_retires() {
        let mut map = Map::new();
        let first = register(&mut map);
        map.remove(first.slot()).unwrap();
        map.next[0] = NonZeroU32::MAX;

        let last = register(&mut map);
        assert_eq!((last.slot(), last.tag().generation()), (0, u32::MAX));
        assert_eq!(map.find(Ok(last)), Some(0));
        map.remove(0).unwrap();
        assert_eq!(map.find(Ok(last)), None);
        assert_eq!((map.len(), map.iter().count(), map.iter_mut().count()), (0, 0, 0));

        let other = register(&mut map);
        assert_eq!((other.slot(), other.tag().generation()), (1, 1));
        assert_eq!(map.find(Ok(last)), None);
        assert_eq!(map.pop(&mut 0).unwrap().0, 1);
    }

    #[test]
    fn descriptors_of_any_size_are_found() {
        let mut index = FdIndex::default();
        for (slot, fd) in [0, 7, LOW as RawFd - 1, LOW as RawFd, RawFd::MAX].into_iter().enumerate() {
            assert_eq!(index.get(fd), None);
            index.insert(fd, slot as u32);
            assert_eq!(index.get(fd), Some(slot as u32));
            index.remove(fd);
            assert_eq!(index.get(fd), None);
        }
    }
}
