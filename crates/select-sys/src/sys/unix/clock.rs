//! The clock that waits are measured by.

#[cfg(linux_like)]
mod linux;

#[cfg(linux_like)]
pub(crate) use linux::Start;
#[cfg(not(linux_like))]
pub(crate) use std::time::Instant as Start;

/// Whether a wait that found nothing may have ended before its time.
// Linux sleeps by the clock of `Instant`. NetBSD sleeps for a number of ticks (gettimeleft in sys/kern/sys_select.c), FreeBSD
// starts longer waits at the time of the last tick (TIMESEL in sys/sys/time.h); and on emulated machines ticks come late,
// then in quick succession.
pub(crate) const MAY_WAKE_EARLY: bool = !cfg!(linux_like);
