//! Sets as POSIX has them: a bit for each number.

#![expect(unsafe_code, reason = "pselect takes the sets by address")]

use std::io;

use crate::Timeout;
use crate::fd::RawFd;
use crate::select::{ALL, SetFlags};
use crate::select_call::pselect;
use crate::time::{self, wait_timespec};

/// The bits in a word of `fd_set`: an `unsigned long` on Linux (`__fd_mask`), which has the size of `usize`.
const WORD: usize = usize::BITS as usize;

/// By how much the bits of a word are turned: two words of 32 bits, as NetBSD and OpenBSD have them (`__fd_mask`), are one
/// here, of which the first is the upper half if the machine begins there.
const TURNED: u32 = if cfg!(target_endian = "big") && align_of::<libc::fd_set>() < size_of::<usize>() {
    usize::BITS / 2
} else {
    0
};

/// The bits of an `fd_set`, as many words as the highest number needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set(Vec<usize>);

impl Set {
    pub(crate) fn insert(&mut self, fd: RawFd) -> bool {
        if fd < 0 {
            return false; // it stands for no descriptor, as AT_FDCWD does
        }
        let (word, mask) = Self::place(fd);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        let old = self.0[word];
        self.0[word] = old | mask;
        old & mask == 0
    }

    pub(crate) fn remove(&mut self, fd: RawFd) -> bool {
        let contained = self.contains(fd);
        if contained {
            let (word, mask) = Self::place(fd);
            self.0[word] &= !mask;
        }
        contained
    }

    pub(crate) fn contains(&self, fd: RawFd) -> bool {
        let (word, mask) = Self::place(fd);
        self.0.get(word).is_some_and(|word| word & mask != 0)
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

    /// Takes everything out, and `fds` in.
    pub(crate) fn assign(&mut self, fds: impl Iterator<Item = RawFd>) {
        self.clear();
        for fd in fds {
            self.insert(fd);
        }
    }

    pub(crate) fn iter(&self) -> Found<'_> {
        Found::new([&self.0, &[], &[]])
    }

    /// Which word, and which bit in it. That of a negative number is beyond any other.
    fn place(fd: RawFd) -> (usize, usize) {
        (fd as usize / WORD, (1_usize << (fd as usize % WORD)).rotate_left(TURNED))
    }
}

/// `pselect` over copies of the sets `asked`, in the room of `found`; retried as `wait_timespec` says.
pub(crate) fn select_into(asked: &[Set; 3], found: &mut [Set; 3], timeout: Timeout) -> io::Result<usize> {
    wait_timespec(timeout, |left| {
        // Each time: a call that ends with nothing has emptied the sets.
        for (asked, found) in asked.iter().zip(&mut *found) {
            found.0.clone_from(&asked.0);
        }
        once(found.each_mut().map(Some), left)
    })
}

/// `pselect` over these sets; retried as `wait_timespec` says.
pub(crate) fn select(mut sets: [Option<&mut Set>; 3], timeout: Timeout) -> io::Result<usize> {
    let asked = time::in_pieces(timeout).then(|| sets.each_ref().map(|set| set.as_deref().cloned()));
    wait_timespec(timeout, |left| {
        for (set, asked) in sets.iter_mut().zip(asked.iter().flatten()) {
            if let (Some(set), Some(asked)) = (set, asked) {
                set.clone_from(asked);
            }
        }
        once(sets.each_mut().map(Option::as_deref_mut), left)
    })
}

/// One `pselect` over words, as `fd_set`s of the length that the longest needs.
fn once(sets: [Option<&mut Set>; 3], left: *mut libc::timespec) -> io::Result<usize> {
    // A set that nobody is in is passed as null, which costs the kernel nothing.
    let mut sets = sets.map(|set| set.filter(|set| !set.0.is_empty()));
    let words = sets.iter().flatten().map(|set| set.0.len()).max().unwrap_or(0);
    for set in sets.iter_mut().flatten() {
        set.0.resize(words, 0);
    }
    let limit = (words * WORD).min(libc::c_int::MAX as usize) as libc::c_int;
    let sets =
        sets.map(|set| set.map_or(std::ptr::null_mut(), |set| set.0.as_mut_ptr().cast::<libc::fd_set>()));
    // There is no other call to fall back on: `select` of glibc 2.33 and newer is `pselect6` too.
    // SAFETY: each set is null or one of three distinct arrays of `words` words, mutably borrowed for the call;
    // `limit` bits are no more than that, and the kernel touches whole words up to it (FDS_BYTES in fs/select.c; NFDBITS in
    // sys/kern/sys_generic.c of FreeBSD, sys_select.c of NetBSD).
    // `left` is null or a timespec that `wait_timespec` lends for the call.
    unsafe { pselect(limit, sets, left) }
}

/// The numbers in any of three sets, by rising number, each with the sets it is in.
#[derive(Clone, Debug)]
pub(crate) struct Found<'a> {
    sets: [&'a [usize]; 3],
    // The number that bit 0 of the current word stands for.
    base: RawFd,
    // The current word of each set.
    words: [usize; 3],
    // The bits of them, in any set, that are still to be reported.
    left: usize,
    // The next word to look at.
    next: usize,
}

impl<'a> Found<'a> {
    /// What is in the sets of reading, writing and exceptions.
    pub(crate) fn in_any([read, write, except]: &'a [Set; 3]) -> Self {
        Self::new([&read.0, &write.0, &except.0])
    }

    fn new(sets: [&'a [usize]; 3]) -> Self {
        Self { sets, base: 0, words: [0; 3], left: 0, next: 0 }
    }
}

impl Iterator for Found<'_> {
    type Item = (RawFd, SetFlags);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.left == 0 {
            if self.sets.iter().all(|set| self.next >= set.len()) {
                return None;
            }
            self.words = self.sets.map(|set| set.get(self.next).map_or(0, |word| word.rotate_right(TURNED)));
            self.left = self.words.iter().fold(0, |bits, word| bits | word);
            self.base = (self.next * WORD) as RawFd; // a set bit's number is a RawFd
            self.next += 1;
        }
        let bit = self.left.trailing_zeros();
        self.left &= self.left - 1;
        let [_, write, except] = self.words;
        let mut found = SetFlags::READ;
        if write | except != 0 {
            for (set, word) in ALL.into_iter().zip(self.words) {
                found.set(set, word >> bit & 1 == 1);
            }
        }
        Some((self.base + bit as RawFd, found)) // bit is below WORD
    }
}
