//! The `EVFILT_USER` entry of a waker.

use std::io;
use std::sync::{Arc, Weak};

use select_sys::Timeout;
use select_sys::kqueue::{Filter, Flags, Kevent, Kqueue, Notes};

use crate::backend::interface::Wake;
use crate::token::Tag;

/// Triggers the entry of a waker, until the queue is closed.
#[derive(Debug)]
pub(super) struct Trigger {
    queue: Weak<Kqueue>,
    // Every change contains it: a change overwrites the `udata` of its entry (`kqueue_register` of FreeBSD and NetBSD).
    tag: Tag,
}

impl Trigger {
    pub(super) fn new(queue: &Arc<Kqueue>, tag: Tag) -> Self {
        Self { queue: Arc::downgrade(queue), tag }
    }

    /// The change that adds the entry.
    pub(super) fn added(&self) -> Kevent {
        self.entry(Flags::ADD | Flags::CLEAR, Notes::empty())
    }

    fn entry(&self, flags: Flags, fflags: Notes) -> Kevent {
        // The queue has no other entry with this filter.
        Kevent { fflags, udata: self.tag.to_u64() as usize, ..Kevent::new(0, Filter::USER, flags) }
    }
}

impl Wake for Trigger {
    fn wake(&self) -> io::Result<()> {
        let Some(queue) = self.queue.upgrade() else { return Ok(()) };
        queue.control(&[self.entry(Flags::empty(), Notes::TRIGGER)], &mut [], Timeout::ZERO).map(drop)
    }
}
