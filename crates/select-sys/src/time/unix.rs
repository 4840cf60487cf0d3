//! What `errno` and the C library have to do with time.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::Timeout;
use crate::time::LONGEST;

/// Whether a wait may end before its time.
// Linux counts with the clock of `Instant`. NetBSD sleeps for a number of ticks (gettimeleft in sys/kern/sys_select.c),
// FreeBSD begins longer waits at the time of the last tick (TIMESEL in sys/sys/time.h); and ticks come late, and then soon
// after one another, where a machine is emulated.
pub(crate) const MAY_BE_EARLY: bool = !cfg!(any(target_os = "android", target_os = "linux"));

/// Calls `exact`, which takes nanoseconds; where the system has no such call, `rounded`, from then on at once.
///
/// `missing` remembers: a kernel does not get a new call while the process lives.
pub(crate) fn exact_or_rounded(
    missing: &AtomicBool,
    exact: impl FnOnce() -> io::Result<usize>,
    rounded: impl FnOnce() -> io::Result<usize>,
) -> io::Result<usize> {
    if missing.load(Ordering::Relaxed) {
        return rounded();
    }
    match exact() {
        // ENOSYS: a kernel that is older than the call. EPERM: how seccomp filters that are older than the call refuse it
        // (container runtimes did so by default); none of the waits has this error of its own.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
            missing.store(true, Ordering::Relaxed);
            rounded()
        }
        result => result,
    }
}

/// Seconds and nanoseconds, exact, of a time that [`wait`](crate::time::wait) passed.
pub(crate) fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos() as _, // below 1e9, fits every target's type (i32 or i64)
    }
}

/// What a call found, or the error that `errno` holds when it gave -1.
#[inline]
pub(crate) fn count(result: impl TryInto<usize>) -> io::Result<usize> {
    result.try_into().map_err(|_| io::Error::last_os_error())
}

/// Whether a wait may have to call again after a call that ended with nothing.
pub(crate) fn in_pieces(timeout: Timeout) -> bool {
    timeout.limit().is_some_and(|limit| limit > LONGEST || (MAY_BE_EARLY && !limit.is_zero()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fd::AsFd;
    use crate::poll::{PollFd, PollFlags};
    use crate::select::{Cache, FdSet, Sets};
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::time::Instant;

    /// Waits for a socket that becomes readable after several pieces, as 24.8 days are too long for a test.
    fn after_some_pieces(wait: impl FnOnce(&UnixStream, Timeout)) {
        let (reader, mut writer) = UnixStream::pair().unwrap();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(8 * LONGEST);
            writer.write_all(b"x").unwrap();
            writer
        });
        let start = Instant::now();
        wait(&reader, Timeout::after(Duration::from_secs(600)));
        assert!(start.elapsed() < Duration::from_secs(300), "it was not seen");
        drop(thread.join().unwrap());
    }

    #[test]
    fn select_goes_on_after_a_piece() {
        after_some_pieces(|reader, timeout| {
            let mut set: FdSet<'_> = [reader.as_fd()].into_iter().collect();
            assert_eq!(crate::select::select(Some(&mut set), None, None, timeout).unwrap(), 1);
            assert!(set.contains(reader.as_fd()));
        });
        after_some_pieces(|reader, timeout| {
            let mut cache = Cache::new();
            let loaded = cache.load([Ok((reader.as_fd(), Sets::READ))]).unwrap();
            assert_eq!(loaded.select(timeout).unwrap().count(), 1);
        });
    }

    #[test]
    fn poll_goes_on_after_a_piece() {
        after_some_pieces(|reader, timeout| {
            let mut fds = [PollFd::new(reader.as_fd(), PollFlags::IN)];
            assert_eq!(crate::poll::poll(&mut fds, timeout).unwrap(), 1);
        });
    }
}
