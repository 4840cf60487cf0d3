//! Numbers of descriptors that the back end may still watch, and that their file objects lend no more.

use std::collections::BTreeMap;
use std::io;

use select_sys::fd::{AsRawFd, BorrowedFd, RawFd};

use crate::backend::{Backend, Source};
use crate::interest::{Interest, Mode};
use crate::map::{Entry, Map, State};
use crate::token::Tag;

/// The numbers that the back end may still watch for a key whose file object does not lend them any more.
///
/// Such a number may be another file's by now, so nothing is done with it until somebody lends it: before the number is added
/// to the back end again, the earlier watch is removed. Until then the kernel may report its tag, which finds no armed key.
#[derive(Debug, Default)]
pub(super) struct Abandoned {
    watches: BTreeMap<RawFd, (Tag, Interest, Mode)>,
}

impl Abandoned {
    /// Remembers the number of a key that the back end watches.
    pub(super) fn insert<F, D>(&mut self, entry: &Entry<F, D>) {
        self.watches.insert(entry.fd, (entry.tag(), entry.interest, entry.mode));
    }

    /// Pauses a key whose file object does not lend its number any more.
    pub(super) fn pause<F, D>(&mut self, map: &mut Map<F, D>, slot: u32) {
        if let Some(entry) = map.get(slot).filter(|entry| entry.is_in_backend()) {
            self.insert(entry);
        }
        map.disarm(slot, State::Paused);
    }

    /// Forgets all numbers: the back end has rebuilt its set, without them.
    pub(super) fn clear(&mut self) {
        self.watches.clear();
    }

    /// Removes the earlier watch of the number of `fd` from the back end, if there is one.
    #[inline]
    pub(super) fn remove(&mut self, backend: &mut impl Backend, fd: BorrowedFd<'_>) -> io::Result<()> {
        if let Some(&(tag, interest, mode)) = self.watches.get(&fd.as_raw_fd()) {
            backend.remove(&Source::new(fd, tag, interest, mode))?;
            self.watches.remove(&fd.as_raw_fd());
        }
        Ok(())
    }
}
