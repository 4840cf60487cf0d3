//! The clock that waits are measured by.

pub(crate) use std::time::Instant as Start;

/// Whether a wait that found nothing may have ended before its time.
// The kernel counts ticks of up to 16 ms, and the first one is not always whole.
pub(crate) const MAY_WAKE_EARLY: bool = true;
