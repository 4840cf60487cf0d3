//! Time in milliseconds.

use std::ffi::c_int;
use std::time::Duration;

/// Whole milliseconds, rounded up; `c_int::MAX` for longer times.
#[inline]
pub(crate) fn ceil(time: Duration) -> c_int {
    let millis = time.as_secs().saturating_mul(1000);
    let millis = millis.saturating_add(time.subsec_nanos().div_ceil(1_000_000).into());
    millis.try_into().unwrap_or(c_int::MAX)
}

/// Whole milliseconds, rounded up; -1, which waits for ever, for no limit.
#[inline]
pub(crate) fn or_forever(time: Option<Duration>) -> c_int {
    time.map_or(-1, ceil)
}
