//! The list of events.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;

use selectors::Ready;

use crate::event::Event;

const CAPACITY: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// A list of events, to which waits append.
pub struct Events {
    pub(crate) list: Vec<Event>,
    /// The results of the last wait, kept for its memory.
    pub(crate) ready: Ready,
    capacity: NonZeroUsize,
    /// As in polling, a list is for one thread at a time.
    _not_sync: PhantomData<Cell<()>>,
}

impl Events {
    /// Makes an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    /// Makes an empty list with room for so many events.
    #[must_use]
    pub fn with_capacity(capacity: NonZeroUsize) -> Self {
        Self { list: Vec::new(), ready: Ready::new(), capacity, _not_sync: PhantomData }
    }

    /// Iterates over the events.
    pub fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        self.list.iter().copied()
    }

    /// Removes all events.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// Returns the number of events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns whether there are no events.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the capacity that it was made with, or the number of events if there are more.
    #[must_use]
    pub fn capacity(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.list.len()).map_or(self.capacity, |len| len.max(self.capacity))
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.list).finish()
    }
}
