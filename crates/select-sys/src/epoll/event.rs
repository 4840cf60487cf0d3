//! `struct epoll_event`.

#![expect(unsafe_code, reason = "a buffer is passed as the system's structs")]

use std::fmt;

use super::flags::EventFlags;

/// `struct epoll_event`: the events of a registration, and its 64 bits.
///
/// The buffer of `Epoll::wait` consists of these; `Event::default()` is an empty one.
///
/// # Examples
///
/// A buffer on the stack, one on the heap:
///
/// ```
/// use select_sys::epoll::Event;
///
/// let small = [Event::default(); 16];
/// let large = vec![Event::default(); 1024];
/// assert!(small[0].flags().is_empty() && large[0].data() == 0);
/// ```
#[doc(alias = "epoll_event")]
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Event(libc::epoll_event);

impl Event {
    /// The events that occurred: the requested ones, and always `ERR` and `HUP`.
    #[doc(alias = "events")]
    #[must_use]
    #[inline]
    pub fn flags(&self) -> EventFlags {
        EventFlags::from_bits_retain(self.0.events)
    }

    /// The 64 bits of the registration.
    #[doc(alias = "epoll_data")]
    #[must_use]
    #[inline]
    pub fn data(&self) -> u64 {
        self.0.u64
    }

    /// The same buffer as the system's structs.
    #[inline]
    pub(super) fn as_raw_slice(buffer: &mut [Self]) -> &mut [libc::epoll_event] {
        // SAFETY: `Event` is `repr(transparent)` over `epoll_event`, so this is the same slice, borrowed for as long. Any bits
        // are valid in both.
        unsafe { std::slice::from_raw_parts_mut(buffer.as_mut_ptr().cast(), buffer.len()) }
    }
}

impl Default for Event {
    fn default() -> Self {
        Self(libc::epoll_event { events: 0, u64: 0 })
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        (self.flags(), self.data()) == (other.flags(), other.data())
    }
}

impl Eq for Event {}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("flags", &self.flags()).field("data", &self.data()).finish()
    }
}
