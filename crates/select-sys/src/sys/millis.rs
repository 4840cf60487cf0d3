//! Time in milliseconds.

use std::ffi::c_int;
use std::time::Duration;

/// Whole milliseconds, rounded up; `c_int::MAX` for longer times.
#[inline]
pub(crate) fn ceil(time: Duration) -> c_int {
    const MAX: u64 = c_int::MAX as u64;
    let millis = time.as_secs().min(MAX) * 1000 + u64::from(time.subsec_nanos().div_ceil(1_000_000));
    millis.min(MAX) as c_int // MAX fits
}

/// Whole milliseconds, rounded up; -1, which waits for ever, for no limit.
#[inline]
pub(crate) fn or_forever(time: Option<Duration>) -> c_int {
    time.map_or(-1, ceil)
}
