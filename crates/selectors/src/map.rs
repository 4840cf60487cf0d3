//! The key map: descriptor to slot, slot to everything that is known of a registration.

use std::sync::atomic::AtomicU32;

use crate::index::FdIndex;
use crate::sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use crate::token::{SelectorId, Tag, Token, WAKER_SLOT};
use crate::{Interest, Mode, Readiness};

/// What is known of a registration.
#[derive(Debug)]
pub(crate) struct Slot<F, D> {
    // Where there is a registration: the file object and the data.
    parts: Option<(F, D)>,
    // What the file object lent when it was registered.
    pub(crate) fd: RawFd,
    // Odd where there is a registration; where there is none, even: the one before that which the next gets.
    pub(crate) generation: u32,
    // Where in the list of the last wait that reported this key its entry is: a hint, to be checked. Atomic, because it
    // is written while the back end holds what it waits for.
    pub(crate) place: AtomicU32,
    pub(crate) interest: Interest,
    pub(crate) mode: Mode,
    pub(crate) state: State,
    // What counts of that which a back end reports; follows from interest and state.
    pub(crate) counts: Readiness,
}

/// A registration that was taken out, or is to be put in.
pub(crate) struct Entry<F, D> {
    pub(crate) fileobj: F,
    pub(crate) fd: RawFd,
    pub(crate) interest: Interest,
    pub(crate) mode: Mode,
    pub(crate) data: D,
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
    /// There is no registration.
    Vacant,
}

/// The generation of a slot that is never given again.
const SPENT: u32 = u32::MAX - 1;

impl<F, D> Slot<F, D> {
    fn vacant() -> Self {
        let (interest, mode, counts) = (Interest::empty(), Mode::Level, Readiness::empty());
        let place = AtomicU32::new(0);
        Self { parts: None, fd: 0, generation: 0, place, interest, mode, state: State::Vacant, counts }
    }

    #[inline]
    pub(crate) fn fileobj(&self) -> Option<&F> {
        Some(&self.parts.as_ref()?.0)
    }

    #[inline]
    pub(crate) fn data(&self) -> Option<&D> {
        Some(&self.parts.as_ref()?.1)
    }

    /// The file object, and the data to change.
    #[inline]
    pub(crate) fn parts(&mut self) -> Option<(&F, &mut D)> {
        self.parts.as_mut().map(|(fileobj, data)| (&*fileobj, data))
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

    /// The descriptor that the file object lends, or its number if it is not that which it was registered with (or there is
    /// no registration).
    ///
    /// What this gives back is used, because a second call may give another answer.
    #[inline]
    pub(crate) fn lend(&self) -> Result<BorrowedFd<'_>, RawFd>
    where
        F: AsFd,
    {
        let fd = self.fileobj().ok_or(self.fd)?.as_fd();
        if fd.as_raw_fd() == self.fd { Ok(fd) } else { Err(fd.as_raw_fd()) }
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
    slots: Vec<Slot<F, D>>,
    // The slots that can be given, the next one last; then come new ones.
    free: Vec<u32>,
    by_fd: FdIndex<u32>,
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
            by_fd: FdIndex::new(WAKER_SLOT),
            len: 0,
            oneshot: false,
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The slot and the generation that the next `insert` will have, and room for it; `None` when there are 2^32 - 1.
    #[inline]
    pub(crate) fn vacancy(&mut self) -> Option<(u32, u32)> {
        let number = loop {
            match self.free.last() {
                Some(&number) if self.slots[number as usize].generation != SPENT => break number,
                Some(_) => drop(self.free.pop()),
                None => break self.grow()?,
            }
        };
        let slot = &mut self.slots[number as usize];
        // Spent at once: a back end that fails may have handed it to the kernel.
        slot.generation += 2;
        Some((number, slot.generation - 1))
    }

    /// A new slot, free to be given.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> Option<u32> {
        let number = u32::try_from(self.slots.len()).ok().filter(|&number| number != WAKER_SLOT)?;
        self.slots.push(Slot::vacant());
        // For all slots at once, so that `remove` need not allocate.
        self.free.reserve(self.slots.len());
        self.free.push(number);
        Some(number)
    }

    /// Puts a registration where [`vacancy`](Self::vacancy) said, in the generation that it said.
    #[inline]
    pub(crate) fn insert(&mut self, generation: u32, entry: Entry<F, D>) -> Token {
        let Entry { fileobj, fd, interest, mode, data } = entry;
        let number = self.free.pop().unwrap_or(WAKER_SLOT); // `vacancy` has put one there
        let slot = &mut self.slots[number as usize];
        (slot.parts, slot.fd, slot.generation) = (Some((fileobj, data)), fd, generation);
        slot.arm(interest, mode);
        self.by_fd.insert(fd, number);
        self.len += 1;
        Token::new(self.id, number, generation)
    }

    /// Takes a registration out, and retires its token.
    #[inline]
    pub(crate) fn remove(&mut self, number: u32) -> Option<(Token, Entry<F, D>)> {
        let slot = self.slots.get_mut(number as usize)?;
        let (fileobj, data) = slot.parts.take()?;
        let token = Token::new(self.id, number, slot.generation);
        let entry = Entry { fileobj, fd: slot.fd, interest: slot.interest, mode: slot.mode, data };
        slot.disarm(State::Vacant);
        slot.generation += 1;
        if slot.generation != SPENT {
            self.free.push(number);
        }
        self.by_fd.remove(entry.fd);
        self.len -= 1;
        Some((token, entry))
    }

    #[inline]
    pub(crate) fn find(&self, name: Result<Token, RawFd>) -> Option<u32> {
        match name {
            Ok(token) if token.selector() == self.id => self.of(token.tag()).map(|_| token.slot()),
            Ok(_) => None,
            Err(fd) => self.by_fd.get(fd),
        }
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<&Slot<F, D>> {
        self.slots.get(slot as usize).filter(|entry| entry.state != State::Vacant)
    }

    /// The registration that has this name.
    #[inline]
    pub(crate) fn of(&self, tag: Tag) -> Option<&Slot<F, D>> {
        named(&self.slots, tag)
    }

    /// All slots, for [`named`].
    #[inline]
    pub(crate) fn slots(&self) -> &[Slot<F, D>] {
        &self.slots
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Slot<F, D>> {
        self.slots.get_mut(slot as usize).filter(|entry| entry.state != State::Vacant)
    }

    /// The file object of a slot, and the data to change.
    #[inline]
    pub(crate) fn parts(&mut self, slot: u32) -> Option<(&F, &mut D)> {
        self.slots.get_mut(slot as usize)?.parts()
    }

    /// The parts of two slots; `None` if it is one, or one has no registration.
    pub(crate) fn disjoint_parts(&mut self, a: u32, b: u32) -> Option<Pair<'_, F, D>> {
        let (low, high) = (a.min(b) as usize, a.max(b) as usize);
        let (below, above) = self.slots.split_at_mut_checked(high)?;
        let (low, high) = (below.get_mut(low)?.parts()?, above.first_mut()?.parts()?);
        Some(if a < b { (low, high) } else { (high, low) })
    }

    pub(crate) fn token(&self, slot: u32, entry: &Slot<F, D>) -> Token {
        Token::new(self.id, slot, entry.generation)
    }

    #[inline]
    pub(crate) fn iter(&self) -> Slots<'_, F, D> {
        Slots { slots: self.slots.iter(), all: self.slots.len() as u32 } // fits, see `grow`
    }

    /// The slots that the back end watches, by rising number.
    #[inline]
    pub(crate) fn armed(&self) -> impl Iterator<Item = (u32, &Slot<F, D>)> + Clone {
        let all = self.slots.iter().enumerate().map(|(number, slot)| (number as u32, slot)); // fits, see `grow`
        all.filter(|(_, slot)| slot.state == State::Armed)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (Token, &F, &mut D)> {
        let id = self.id;
        self.slots.iter_mut().enumerate().filter_map(move |(number, slot)| {
            let token = Token::new(id, number as u32, slot.generation); // all slots fit, see `grow`
            slot.parts().map(|(fileobj, data)| (token, fileobj, data))
        })
    }

    /// Takes out the registration in the lowest slot from `from` on.
    pub(crate) fn pop(&mut self, from: &mut u32) -> Option<(Token, Entry<F, D>)> {
        while (*from as usize) < self.slots.len() {
            let slot = *from;
            *from += 1;
            if let Some(entry) = self.remove(slot) {
                return Some(entry);
            }
        }
        None
    }
}

/// The registration that has this name. (A slot without one, of which nothing counts, may be found by a tag that was never
/// given.)
#[inline]
pub(crate) fn named<F, D>(slots: &[Slot<F, D>], tag: Tag) -> Option<&Slot<F, D>> {
    slots.get(tag.slot() as usize).filter(|entry| entry.generation == tag.generation())
}

/// The occupied slots, by rising number.
#[derive(Debug)]
pub(crate) struct Slots<'a, F, D> {
    slots: std::slice::Iter<'a, Slot<F, D>>,
    // How many there were in the beginning. What is left of them gives the number of each.
    all: u32,
}

impl<F, D> Clone for Slots<'_, F, D> {
    fn clone(&self) -> Self {
        Self { slots: self.slots.clone(), all: self.all }
    }
}

impl<'a, F, D> Iterator for Slots<'a, F, D> {
    type Item = (u32, &'a Slot<F, D>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let slot = self.slots.find(|slot| slot.state != State::Vacant)?;
        Some((self.all - self.slots.len() as u32 - 1, slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(map: &mut Map<(), ()>) -> Token {
        let (_, generation) = map.vacancy().unwrap();
        let entry = Entry { fileobj: (), fd: 3, interest: Interest::READ, mode: Mode::Level, data: () };
        map.insert(generation, entry)
    }

    /// 2^31 registrations take too long to make from outside.
    #[test]
    fn a_slot_without_generations_retires() {
        let mut map = Map::new();
        let first = register(&mut map);
        map.remove(first.slot()).unwrap();
        map.slots[0].generation = SPENT - 2;

        let last = register(&mut map);
        assert_eq!((last.slot(), last.tag().generation()), (0, SPENT - 1));
        assert_eq!(map.find(Ok(last)), Some(0));
        map.remove(0).unwrap();
        assert_eq!(map.find(Ok(last)), None);
        assert_eq!((map.len(), map.iter().count(), map.iter_mut().count()), (0, 0, 0));

        let other = register(&mut map);
        assert_eq!((other.slot(), other.tag().generation()), (1, 1));
        assert_eq!(map.find(Ok(last)), None);
        assert_eq!(map.pop(&mut 0).unwrap().0, other);
    }

    /// Nothing comes of these but generations that are gone.
    #[test]
    fn a_slot_of_failed_registrations_retires() {
        let mut map = Map::new();
        let first = register(&mut map);
        map.remove(first.slot()).unwrap();
        map.slots[0].generation = SPENT - 4;
        let given = Map::vacancy;
        assert_eq!(given(&mut map), Some((0, SPENT - 3)));
        assert_eq!(given(&mut map), Some((0, SPENT - 1)));
        assert_eq!(given(&mut map), Some((1, 1)));
        assert_eq!(register(&mut map).tag(), Tag::new(1, 3));
    }
}
