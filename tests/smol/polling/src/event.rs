//! Events: interests in a source, and reports of it.

use selectors::{Interest, Mode, Readiness};

/// An interest in a source, or a report of it, with the source's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The key of the source.
    pub key: usize,
    /// Whether a read does not block.
    pub readable: bool,
    /// Whether a write does not block.
    pub writable: bool,
    /// Nothing but `PRIORITY`, `WRITE_CLOSED` (an interrupt) and `ERROR`.
    extra: Readiness,
}

const INTERRUPT: Readiness = Readiness::WRITE_CLOSED;

impl Event {
    /// Makes an event.
    #[must_use]
    pub const fn new(key: usize, readable: bool, writable: bool) -> Self {
        Self { key, readable, writable, extra: Readiness::empty() }
    }

    /// Makes an event that is readable and writable.
    #[must_use]
    pub const fn all(key: usize) -> Self {
        Self::new(key, true, true)
    }

    /// Makes an event that is readable.
    #[must_use]
    pub const fn readable(key: usize) -> Self {
        Self::new(key, true, false)
    }

    /// Makes an event that is writable.
    #[must_use]
    pub const fn writable(key: usize) -> Self {
        Self::new(key, false, true)
    }

    /// Makes an event that is neither.
    #[must_use]
    pub const fn none(key: usize) -> Self {
        Self::new(key, false, false)
    }

    /// Sets or removes the interest in hang-ups. Except on select, any other interest includes it.
    pub fn set_interrupt(&mut self, active: bool) {
        self.extra.set(INTERRUPT, active);
    }

    /// Adds the interest in hang-ups.
    #[must_use]
    pub fn with_interrupt(mut self) -> Self {
        self.set_interrupt(true);
        self
    }

    /// Sets or removes the interest in urgent data.
    pub fn set_priority(&mut self, active: bool) {
        self.extra.set(Readiness::PRIORITY, active);
    }

    /// Adds the interest in urgent data.
    #[must_use]
    pub fn with_priority(mut self) -> Self {
        self.set_priority(true);
        self
    }

    /// Returns whether the source is hung up.
    #[must_use]
    pub fn is_interrupt(&self) -> bool {
        self.extra.contains(INTERRUPT)
    }

    /// Returns whether there is urgent data.
    #[must_use]
    pub fn is_priority(&self) -> bool {
        self.extra.contains(Readiness::PRIORITY)
    }

    /// Returns whether a connection attempt has failed.
    #[must_use]
    #[deprecated = "a socket that was never connected is hung up on Linux; use `is_err`"]
    pub fn is_connect_failed(&self) -> Option<bool> {
        Some(self.extra.contains(INTERRUPT.union(Readiness::ERROR)))
    }

    /// Returns whether an error is pending. On select it is not known, and this is `Some(false)`.
    #[must_use]
    pub fn is_err(&self) -> Option<bool> {
        Some(self.extra.contains(Readiness::ERROR))
    }

    /// Removes all but the key, readable and writable.
    pub fn clear_extra(&mut self) {
        self.extra = Readiness::empty();
    }

    /// Removes all but the key, readable and writable.
    #[must_use]
    pub fn with_no_extra(mut self) -> Self {
        self.clear_extra();
        self
    }

    /// Makes the report of a source.
    pub(crate) fn report(key: usize, readiness: Readiness) -> Self {
        let has_ended = readiness.intersects(INTERRUPT | Readiness::ERROR);
        Self {
            key,
            readable: has_ended || readiness.intersects(Readiness::READ | Readiness::PRIORITY),
            writable: has_ended || readiness.is_writable(),
            extra: readiness & (Readiness::PRIORITY | INTERRUPT | Readiness::ERROR),
        }
    }

    /// Returns the interest, which may be empty.
    pub(crate) fn interest(self) -> Interest {
        let mut interest = Interest::empty();
        interest.set(Interest::READ, self.readable);
        interest.set(Interest::WRITE, self.writable);
        interest.set(Interest::PRIORITY, self.is_priority());
        interest
    }
}

/// How often a source is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PollMode {
    /// Once, until it is modified.
    Oneshot,
    /// In each wait while it is ready.
    Level,
    /// When it becomes ready.
    Edge,
    /// Once, until it is modified, where there are edges. A source that is ready when it is modified is reported at once,
    /// as it is in the mode `Oneshot`.
    EdgeOneshot,
}

impl PollMode {
    pub(crate) fn has_edges(self) -> bool {
        matches!(self, Self::Edge | Self::EdgeOneshot)
    }

    pub(crate) fn mode(self) -> Mode {
        match self {
            Self::Oneshot | Self::EdgeOneshot => Mode::Oneshot,
            Self::Level => Mode::Level,
            Self::Edge => Mode::Edge,
        }
    }
}
