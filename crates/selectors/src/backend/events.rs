//! Events of a kernel, between a wait without the selector and their report.

use std::any::Any;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

#[cfg(epoll)]
use select_sys::epoll::Event;

/// The events of one wait, in a form that only their back end knows.
///
/// [`Wait::wait`](super::Wait::wait) fills it, without the selector, and [`Backend::report`](super::Backend::report)
/// translates the events. A [`Ready`](crate::Ready) keeps it, so its memory is reused.
///
/// # Examples
///
/// A back end keeps a list of numbers in it:
///
/// ```
/// use selectors::backend::Events;
///
/// let mut events = Events::default();
/// events.get::<Vec<u64>>().push(7);
/// assert_eq!(events.get::<Vec<u64>>(), &[7]);
/// ```
#[derive(Default)]
pub struct Events(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    None,
    /// See `Waiter`.
    #[cfg(epoll)]
    Epoll(Box<EventBuffer<Event>>),
    Other(Box<Buffer>),
}

const CHECKED: &str = "the kind of buffer has been checked";

/// A [`Ready`](crate::Ready) is `Send`, `Sync` and unwind-safe, so its buffer must be, too.
type Buffer = dyn Any + Send + Sync + UnwindSafe + RefUnwindSafe;

impl Events {
    /// Returns the buffer. Makes a new one if there is none of this type: another back end may have used these events last.
    #[allow(clippy::missing_panics_doc, reason = "the type has been checked")]
    pub fn get<T: Any + Default + Send + Sync + UnwindSafe + RefUnwindSafe>(&mut self) -> &mut T {
        let is_of_this_type = matches!(&self.0, Kind::Other(buffer) if (&**buffer as &dyn Any).is::<T>());
        if !is_of_this_type {
            self.0 = Kind::Other(Box::new(T::default()));
        }
        match &mut self.0 {
            Kind::Other(buffer) => (&mut **buffer as &mut dyn Any).downcast_mut().expect(CHECKED),
            _ => unreachable!("{CHECKED}"),
        }
    }

    /// The buffer of the epoll back end.
    #[cfg(epoll)]
    #[inline(always)]
    pub(super) fn of_epoll(&mut self) -> &mut EventBuffer<Event> {
        if !matches!(self.0, Kind::Epoll(_)) {
            self.0 = Kind::Epoll(Box::default());
        }
        match &mut self.0 {
            Kind::Epoll(found) => found,
            _ => unreachable!("{CHECKED}"),
        }
    }
}

/// A clone is empty: events are reported once.
impl Clone for Events {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

/// The buffer of a kernel that keeps the set, and the number of events in it.
#[cfg(any(epoll, kqueue))]
pub(super) struct EventBuffer<E> {
    buffer: Vec<E>,
    found: usize,
}

#[cfg(any(epoll, kqueue))]
impl<E: Clone + Default> Default for EventBuffer<E> {
    fn default() -> Self {
        Self { buffer: vec![E::default(); 64], found: 0 }
    }
}

#[cfg(any(epoll, kqueue))]
impl<E: Clone + Default> EventBuffer<E> {
    /// Returns the buffer for a wait, which is empty until [`finish`](Self::finish).
    #[inline]
    pub(super) fn start(&mut self) -> &mut [E] {
        self.found = 0;
        &mut self.buffer
    }

    /// Sets the number of events that a wait wrote to the buffer, and returns it.
    #[inline]
    pub(super) fn finish(&mut self, found: usize) -> usize {
        self.found = found;
        found
    }

    #[inline]
    pub(super) fn events(&self) -> &[E] {
        &self.buffer[..self.found]
    }

    /// Whether the kernel may have more events than the buffer has room for.
    ///
    /// A wait does not know how many descriptors there are, as others add some meanwhile.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.found == self.buffer.len()
    }

    /// Makes room for `least` events, and for more than there was.
    pub(super) fn grow(&mut self, least: usize) {
        self.buffer.resize((2 * self.buffer.len()).max(least), E::default());
    }
}
