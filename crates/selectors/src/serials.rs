//! Serial numbers of registrations.

use std::num::NonZeroU64;

/// A supply of serial numbers. No two of a process are equal, whichever selectors they come from.
///
/// The process counts blocks of numbers, and a selector counts in its block. A selector takes a block by one atomic
/// operation: a lock might be held by another thread when the process forks, and the child would wait for it for ever.
#[derive(Debug, Default)]
pub(crate) struct Serials {
    next: u64,
    left: u64,
}

impl Serials {
    /// Takes the next serial number.
    #[inline]
    pub(crate) fn take(&mut self) -> NonZeroU64 {
        if self.left == 0 {
            *self = Self { next: take_block(), left: BLOCK };
        }
        let serial = self.next;
        (self.next, self.left) = (serial + 1, self.left - 1);
        NonZeroU64::new(serial).unwrap_or(NonZeroU64::MAX) // the first block starts at BLOCK
    }
}

/// The numbers in a block: few enough that the blocks last. A process that registers with a new selector every microsecond
/// uses them up in nine years.
#[cfg(target_has_atomic = "64")]
const BLOCK: u64 = 1 << 16;

/// Takes a block that nobody had, and returns its first number.
#[cfg(target_has_atomic = "64")]
#[cold]
fn take_block() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(BLOCK);
    NEXT.fetch_add(BLOCK, Ordering::Relaxed)
}

/// The numbers in a block, on processors without atomic operations of 64 bits. Blocks repeat after 2^32 selectors.
#[cfg(not(target_has_atomic = "64"))]
const BLOCK: u64 = 1 << 32;

/// Takes a block, and returns its first number.
#[cfg(not(target_has_atomic = "64"))]
#[cold]
fn take_block() -> u64 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    u64::from(NEXT.fetch_add(1, Ordering::Relaxed)) * BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_that_use_up_their_blocks_share_no_number() {
        let mut selectors = [Serials::default(), Serials::default()];
        let mut serials: Vec<_> = (0..2 * BLOCK + 2).map(|n| selectors[n as usize % 2].take()).collect();
        serials.sort_unstable();
        assert!(serials.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
