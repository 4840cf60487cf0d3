//! `struct timespec`.

#![expect(unsafe_code, reason = "a struct that may have private fields is zeroed")]

use std::time::Duration;

/// The same time as a `timespec`; the longest that there is for longer times.
#[inline]
pub(crate) fn timespec(time: Duration) -> libc::timespec {
    // Not a literal: with a 64-bit `time_t` on a 32-bit system, libc's struct has private padding.
    // SAFETY: the struct has integers only, for which zeroes are a value.
    let mut timespec: libc::timespec = unsafe { std::mem::zeroed() };
    timespec.tv_sec = time.as_secs().try_into().unwrap_or(libc::time_t::MAX);
    timespec.tv_nsec = time.subsec_nanos() as _; // below 1e9: fits `i32` and `i64`
    timespec
}
