//! `pselect`, over sets with a bit for each number.

#![expect(unsafe_code, reason = "pselect takes the sets by address")]

use std::io;
use std::time::Duration;

#[cfg(apple)]
use apple::pselect;
#[cfg(not(apple))]
use libc::pselect;

use super::errno::cvt_wait;
use super::fd::RawFd;
use super::timespec::timespec;

#[cfg(apple)]
mod apple;

/// A word of `fd_set`.
#[cfg(fd_set_u32)]
type Word = u32;
/// A word of `fd_set`: a `long`, which has the size of an address.
#[cfg(not(fd_set_u32))]
type Word = usize;

const _: () = assert!(align_of::<libc::fd_set>() == align_of::<Word>());

const BITS: usize = Word::BITS as usize;

/// An `fd_set` of any length.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set(Vec<Word>);

impl Set {
    /// Adds a number; returns whether it was new. A negative number, which no descriptor has, is ignored.
    pub(crate) fn insert(&mut self, fd: RawFd) -> bool {
        if fd < 0 {
            return false;
        }
        let (index, mask) = Self::position(fd);
        if index >= self.0.len() {
            self.0.resize(index + 1, 0);
        }
        let old = self.0[index];
        self.0[index] = old | mask;
        old & mask == 0
    }

    pub(crate) fn remove(&mut self, fd: RawFd) -> bool {
        let contained = self.contains(fd);
        if contained {
            let (index, mask) = Self::position(fd);
            self.0[index] &= !mask;
        }
        contained
    }

    pub(crate) fn contains(&self, fd: RawFd) -> bool {
        let (index, mask) = Self::position(fd);
        self.0.get(index).is_some_and(|word| word & mask != 0)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    /// Replaces the contents.
    pub(crate) fn assign(&mut self, fds: impl Iterator<Item = RawFd>) {
        self.clear();
        for fd in fds {
            self.insert(fd);
        }
    }

    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter::new([&self.0, &[], &[]])
    }

    /// The index of the word, and the bit in it. For a negative number the index is beyond that of any other.
    fn position(fd: RawFd) -> (usize, Word) {
        (fd as usize / BITS, 1 << (fd as usize % BITS))
    }
}

/// Waits once, for the sets `requested`, and writes the results to `ready`.
pub(crate) fn select_into(
    requested: &[Set; 3],
    ready: &mut [Set; 3],
    limit: Option<Duration>,
) -> io::Result<usize> {
    for (requested, ready) in requested.iter().zip(&mut *ready) {
        ready.0.clone_from(&requested.0);
    }
    select(ready.each_mut().map(Some), limit)
}

/// Waits once, for these sets, and writes the results over them. An error leaves them as they are.
pub(crate) fn select(sets: [Option<&mut Set>; 3], limit: Option<Duration>) -> io::Result<usize> {
    // An empty set is passed as null, which costs the kernel nothing.
    let mut sets = sets.map(|set| set.filter(|set| !set.0.is_empty()));
    let words = sets.iter().flatten().map(|set| set.0.len()).max().unwrap_or(0);
    for set in sets.iter_mut().flatten() {
        set.0.resize(words, 0);
    }
    let end = (words * BITS).min(libc::c_int::MAX as usize) as libc::c_int;
    let [read, write, except] =
        sets.map(|set| set.map_or(std::ptr::null_mut(), |set| set.0.as_mut_ptr().cast::<libc::fd_set>()));
    let limit = limit.map(timespec);
    let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // There is no call to fall back on: `select` of glibc 2.33 and newer is `pselect6` too.
    // SAFETY: each set is null or one of three distinct arrays of `words` words, mutably borrowed for the call; `end` bits
    // are no more than that, and the kernel accesses whole words up to `end` (FDS_BYTES in fs/select.c; NFDBITS in
    // sys/kern/sys_generic.c of FreeBSD, sys_select.c of NetBSD). `limit` is null or a timespec that outlives the call.
    // There is no signal mask.
    cvt_wait(unsafe { pselect(end, read, write, except, limit, std::ptr::null()) })
}

/// The numbers in any of three sets, in ascending order, each with a bit for each set that has it.
#[derive(Clone, Debug)]
pub(crate) struct Iter<'a> {
    sets: [&'a [Word]; 3],
    // The number of bit 0 of the current word.
    base: RawFd,
    // The current word of each set.
    words: [Word; 3],
    // Their union, without the bits that were returned.
    left: Word,
    // The index of the next word.
    next: usize,
}

impl<'a> Iter<'a> {
    /// Iterates over the sets for reading (bit 0), writing (bit 1) and exceptions (bit 2).
    pub(crate) fn over([read, write, except]: &'a [Set; 3]) -> Self {
        Self::new([&read.0, &write.0, &except.0])
    }

    fn new(sets: [&'a [Word]; 3]) -> Self {
        Self { sets, base: 0, words: [0; 3], left: 0, next: 0 }
    }
}

impl Iterator for Iter<'_> {
    type Item = (RawFd, u8);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.left == 0 {
            if self.sets.iter().all(|set| self.next >= set.len()) {
                return None;
            }
            self.words = self.sets.map(|set| set.get(self.next).copied().unwrap_or(0));
            self.left = self.words[0] | self.words[1] | self.words[2];
            self.base = (self.next * BITS) as RawFd; // a set bit's number is a RawFd
            self.next += 1;
        }
        let bit = self.left.trailing_zeros();
        self.left &= self.left - 1;
        let [read, write, except] = self.words.map(|word| (word >> bit & 1) as u8);
        Some((self.base + bit as RawFd, read | write << 1 | except << 2)) // bit is below BITS
    }
}
