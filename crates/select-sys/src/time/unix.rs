//! What `errno` and the C library have to do with time.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::Timeout;
use crate::time::{LONGEST, wait};

/// Whether a wait may end before its time.
// Linux counts with the clock of `Instant`. NetBSD sleeps for a number of ticks (gettimeleft in sys/kern/sys_select.c),
// FreeBSD begins longer waits at the time of the last tick (TIMESEL in sys/sys/time.h); and ticks come late, and then soon
// after one another, where a machine is emulated.
pub(crate) const MAY_BE_EARLY: bool = !cfg!(any(target_os = "android", target_os = "linux"));

/// Whether `ppoll` and `pselect` write over the time that they are passed what is left of it when they are interrupted.
// Linux's own calls do; on machines of 64 bits these are the calls in poll/linux.rs and select/linux.rs.
const TELLS_WHAT_IS_LEFT: bool =
    cfg!(all(any(target_os = "android", target_os = "linux"), target_pointer_width = "64"));

/// As [`wait`], for a `call` that takes a timespec; null is for ever.
///
/// Where the call tells what is left, the clock is read only after an interruption, or for a time of which [`wait`] makes
/// pieces.
pub(crate) fn wait_timespec(
    timeout: Timeout,
    mut call: impl FnMut(*mut libc::timespec) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut call = |time: &mut Option<libc::timespec>| {
        call(time.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut))
    };
    let in_one = timeout.limit().filter(|limit| timeout.is_finite() && *limit <= LONGEST);
    let Some(limit) = in_one.filter(|_| TELLS_WHAT_IS_LEFT) else {
        return wait(timeout, |left| call(&mut left.map(timespec)));
    };
    let mut left = Some(timespec(limit));
    match (call(&mut left), left) {
        (Err(error), Some(left)) if timeout.goes_on_after(&error) => {
            // By the clock from here on, because not every system writes (QEMU's emulation of Linux; a program under
            // STICKY_TIMEOUTS, see personality(2)): there, the time before the first interruption is waited for again.
            wait(Timeout::after(duration(left)), |left| call(&mut left.map(timespec)))
        }
        (result, _) => result,
    }
}

/// Calls `exact`, which takes nanoseconds; where the system has no such call, `rounded`, from then on at once. Both get
/// `list`, one after the other.
///
/// `missing` remembers: a kernel does not get a new call while the process lives.
pub(crate) fn exact_or_rounded<T>(
    missing: &AtomicBool,
    list: &mut [T],
    exact: impl FnOnce(&mut [T]) -> io::Result<usize>,
    rounded: impl FnOnce(&mut [T]) -> io::Result<usize>,
) -> io::Result<usize> {
    if missing.load(Ordering::Relaxed) {
        return rounded(list);
    }
    match exact(list) {
        // ENOSYS: a kernel that is older than the call. EPERM: how seccomp filters that are older than the call refuse it
        // (container runtimes did so by default); none of the waits has this error of its own.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
            missing.store(true, Ordering::Relaxed);
            rounded(list)
        }
        result => result,
    }
}

/// Seconds and nanoseconds, exact, of a time that [`wait`] passed.
pub(crate) fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos() as _, // below 1e9, fits every target's type (i32 or i64)
    }
}

fn duration(time: libc::timespec) -> Duration {
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32) // none of the two is negative, and the second below 1e9
}

/// What a call found, or the error that `errno` holds when it gave -1.
#[inline]
pub(crate) fn count(result: impl TryInto<usize>) -> io::Result<usize> {
    result.try_into().map_err(|_| io::Error::last_os_error())
}

#[cfg(test)]
#[expect(unsafe_code, reason = "what stands in for the kernel is passed an address")]
mod tests {
    use super::*;
    use crate::fd::AsFd;
    use crate::poll::{PollFd, PollFlags};
    use crate::select::{FdSet, SetFlags, StoredFds};
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
            let mut cache = StoredFds::new();
            let loaded = cache.fill([Ok((reader.as_fd(), SetFlags::READ))]).unwrap();
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

    /// Waits with a call that is interrupted once, `left` before its end; gives back what it was asked for each time.
    fn interrupted(timeout: Timeout, left: Duration) -> (io::Result<usize>, Vec<Duration>) {
        let mut asked = Vec::new();
        let result = wait_timespec(timeout, |time| {
            // SAFETY: null is for ever only; otherwise it is a timespec that outlives this call.
            let time = unsafe { &mut *time };
            asked.push(duration(*time));
            if asked.len() == 1 {
                *time = timespec(left);
                return Err(io::ErrorKind::Interrupted.into());
            }
            Ok(7)
        });
        (result, asked)
    }

    #[test]
    fn a_wait_goes_on_with_what_the_kernel_says_is_left() {
        let (limit, left) = (Duration::from_millis(4), Duration::from_nanos(1));
        for left in [left, Duration::ZERO] {
            let (result, asked) = interrupted(limit.into(), left);
            assert_eq!((result.unwrap(), asked.len(), asked[0]), (7, 2, limit));
            assert!(if TELLS_WHAT_IS_LEFT { asked[1] == left } else { asked[1] <= limit }, "{asked:?}");
        }

        let (result, asked) = interrupted(Timeout::after(limit).interruptible(), left);
        assert_eq!((result.unwrap_err().kind(), asked.len()), (io::ErrorKind::Interrupted, 1));
    }
}
