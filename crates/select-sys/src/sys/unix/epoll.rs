//! `epoll_wait` and `epoll_pwait2`.

#![expect(unsafe_code, reason = "the calls write into a buffer given by address")]

use std::io;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::errno::cvt;
use super::fallback::with_fallback;
use super::fd::{AsRawFd, BorrowedFd, RawFd};
use crate::sys::millis;

/// Waits once; in nanoseconds if the limit is not in whole milliseconds.
#[inline(always)]
pub(crate) fn wait(
    fd: RawFd,
    buffer: &mut [libc::epoll_event],
    limit: Option<Duration>,
) -> io::Result<usize> {
    match limit {
        None => wait_millis(fd, buffer, -1),
        Some(Duration::ZERO) => wait_millis(fd, buffer, 0),
        Some(limit) if limit.subsec_nanos() % 1_000_000 == 0 => wait_millis(fd, buffer, millis::ceil(limit)),
        Some(limit) => wait_exact(fd, buffer, limit),
    }
}

/// The number of events that the kernel may write.
///
/// It refuses buffers of more than `INT_MAX` bytes with `EINVAL` (`EP_MAX_EVENTS` in fs/eventpoll.c), so the rest of a longer
/// one stays unused.
#[inline]
fn capacity(buffer: &[libc::epoll_event]) -> libc::c_int {
    const MAX: usize = libc::c_int::MAX as usize / size_of::<libc::epoll_event>();
    buffer.len().min(MAX) as libc::c_int // MAX fits
}

/// `epoll_wait`; a negative limit is none.
#[inline]
fn wait_millis(fd: RawFd, buffer: &mut [libc::epoll_event], millis: libc::c_int) -> io::Result<usize> {
    let (address, capacity) = (buffer.as_mut_ptr(), capacity(buffer));
    // SAFETY: `buffer` has room for at least `capacity` events and is mutably borrowed for the call. The kernel writes whole
    // events.
    cvt(unsafe { libc::epoll_wait(fd, address, capacity, millis) })
}

/// `dup3`: the open file of `other` replaces that of `fd`, atomically.
pub(crate) fn replace(fd: BorrowedFd<'_>, other: BorrowedFd<'_>) -> io::Result<()> {
    // By its number, as the crate `libc` has no `dup3` for Android.
    // SAFETY: no address is passed. The number `fd` stays open throughout, so every borrow of it stays valid; afterwards it
    // refers to the other set.
    let result = unsafe { libc::syscall(libc::SYS_dup3, other.as_raw_fd(), fd.as_raw_fd(), libc::O_CLOEXEC) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `epoll_pwait2`, or `epoll_wait` where the system lacks it.
fn wait_exact(fd: RawFd, buffer: &mut [libc::epoll_event], limit: Duration) -> io::Result<usize> {
    /// Before Android 15 the seccomp filter of apps answers calls that bionic does not make with SIGSYS, which ends the app
    /// (`SECCOMP_RET_TRAP`).
    const FORBIDDEN: bool = cfg!(target_os = "android");

    /// Linux before 5.11 has no `epoll_pwait2`.
    static MISSING: AtomicBool = AtomicBool::new(FORBIDDEN);

    /// `struct __kernel_timespec`, which this call takes on 32-bit machines too.
    #[repr(C)]
    struct KernelTimespec {
        seconds: i64,
        nanoseconds: i64,
    }

    let exact = |buffer: &mut [libc::epoll_event]| {
        let time = KernelTimespec {
            seconds: limit.as_secs().try_into().unwrap_or(i64::MAX),
            nanoseconds: limit.subsec_nanos().into(),
        };
        // By system call number: glibc has a wrapper since 2.35 only.
        // SAFETY: arguments as in `wait_millis`, but for the time, which outlives the call and has the kernel's layout. There
        // is no signal mask, so its size is ignored.
        cvt(unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                fd,
                buffer.as_mut_ptr(),
                capacity(buffer),
                &raw const time,
                std::ptr::null::<libc::sigset_t>(),
                0_usize,
            )
        })
    };
    with_fallback(&MISSING, buffer, exact, |buffer| wait_millis(fd, buffer, millis::ceil(limit)))
}
