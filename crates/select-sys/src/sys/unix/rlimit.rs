//! Limits of the process.

#![expect(unsafe_code, reason = "getrlimit writes to an address")]

/// The number of descriptors that the process may have (`RLIMIT_NOFILE`).
pub(crate) fn descriptors() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a struct to write to. The call does not fail for a limit that exists.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    limit.rlim_cur.try_into().unwrap_or(usize::MAX)
}
