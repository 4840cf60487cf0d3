//! Kernels and sandboxes that lack the calls with nanoseconds.
//!
//! Each part is a process of its own, because a process remembers which calls are missing.

use super::super::waits::{self, Wait, assert_never_early};
use super::seccomp::{self, answer};
use conformance::{NotRun, Run, WAIT, in_child, pairs};
use selectors::Timeout;
use selectors::sys::select::{FdSet, select};
use std::ffi::{c_int, c_long};
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

conformance::scenarios_of!(sys, fallback:
    select_uses_pselect,
    poll_uses_ppoll,
    epoll_uses_epoll_pwait2,
    epoll_falls_back_when_the_call_is_missing,
    epoll_falls_back_when_the_call_is_forbidden,
    poll_falls_back_when_the_call_is_missing,
    poll_falls_back_when_the_call_is_forbidden,
    select_has_no_fallback,
    other_errors_are_returned,
    errors_leave_the_sets_unchanged,
);

/// An error that no kernel returns here. It shows whether a call was made.
const TELLTALE: c_int = libc::ECANCELED;

/// Limits that are not a whole number of milliseconds.
pub(super) const EXACT: [Duration; 5] = [
    Duration::from_nanos(1),
    Duration::from_micros(100),
    Duration::from_nanos(999_999),
    Duration::from_nanos(1_000_001),
    Duration::from_micros(2500),
];

/// The same limits, and one that is a whole number of milliseconds.
const LIMITS: [Duration; 6] = [EXACT[0], EXACT[1], EXACT[2], EXACT[3], EXACT[4], Duration::from_millis(2)];

/// Checks that waits with each of `limits` make one of `calls`, and runs `others` in the same process.
fn assert_uses(
    name: &'static str,
    wait: Wait,
    calls: &[c_long],
    limits: &[Duration],
    others: impl FnOnce(),
) -> Run {
    in_child(name, &[], || {
        answer(calls, TELLTALE)?;
        for &limit in limits {
            let error = wait(None, limit.into()).expect_err(name);
            assert_eq!(error.raw_os_error(), Some(TELLTALE), "{name} {limit:?}");
        }
        others();
        Ok(())
    })
}

/// All other waits make the same call.
fn select_uses_pselect() -> Run {
    assert_uses("select", waits::select, seccomp::PSELECT, &LIMITS, || {
        for timeout in [Timeout::ZERO, Timeout::NEVER] {
            let error = waits::select(None, timeout).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(TELLTALE));
        }
    })
}

/// Waits without a time to count can use the older call.
fn poll_uses_ppoll() -> Run {
    assert_uses("poll", waits::poll, seccomp::PPOLL, &LIMITS, || {
        if seccomp::OLD_CALLS {
            assert_zero_and_never_work(waits::poll);
        }
    })
}

/// Whole milliseconds, and on Android all limits, use a call that every kernel has.
fn epoll_uses_epoll_pwait2() -> Run {
    let exact = if cfg!(target_os = "android") { 0 } else { EXACT.len() };
    let (exact, rounded) = LIMITS.split_at(exact);
    assert_uses("epoll", waits::epoll, &[libc::SYS_epoll_pwait2], exact, || {
        assert_never_early("epoll", waits::epoll, rounded);
        assert_never_early("epoll", waits::epoll, &[Duration::from_millis(7)]);
        assert_zero_and_never_work(waits::epoll);
    })
}

fn assert_zero_and_never_work(wait: Wait) {
    let (a, mut b) = pairs::streams();
    assert_eq!(wait(Some(a.as_fd()), Timeout::ZERO).unwrap(), 0);
    b.write_all(b"x").unwrap();
    assert_eq!(wait(Some(a.as_fd()), Timeout::NEVER).unwrap(), 1);
}

/// Checks that waits work without `calls`, and that these are tried only once.
fn assert_falls_back(name: &'static str, wait: Wait, calls: &[c_long], errno: c_int) -> Run {
    in_child(name, &[], || {
        let (a, mut b) = pairs::streams();
        answer(calls, errno)?;
        assert_never_early(name, wait, &LIMITS[..1]);
        answer(calls, TELLTALE)?;
        assert_never_early(name, wait, &LIMITS);
        assert_eq!(wait(Some(a.as_fd()), LIMITS[1].into()).unwrap(), 0);
        b.write_all(b"x").unwrap();
        for timeout in [
            Timeout::from(WAIT + LIMITS[0]),
            WAIT.into(),
            Timeout::ZERO,
            Timeout::NEVER,
            Duration::MAX.into(),
        ] {
            assert_eq!(wait(Some(a.as_fd()), timeout).unwrap(), 1);
        }
        Ok(())
    })
}

fn epoll_falls_back_when_the_call_is_missing() -> Run {
    assert_falls_back("epoll", waits::epoll, &[libc::SYS_epoll_pwait2], libc::ENOSYS)
}

fn epoll_falls_back_when_the_call_is_forbidden() -> Run {
    assert_falls_back("epoll", waits::epoll, &[libc::SYS_epoll_pwait2], libc::EPERM)
}

fn poll_falls_back_when_the_call_is_missing() -> Run {
    without_ppoll(libc::ENOSYS)
}

fn poll_falls_back_when_the_call_is_forbidden() -> Run {
    without_ppoll(libc::EPERM)
}

fn without_ppoll(errno: c_int) -> Run {
    if !seccomp::OLD_CALLS {
        return Err(NotRun::because("this machine has no poll call but ppoll"));
    }
    assert_falls_back("poll", waits::poll, seccomp::PPOLL, errno)
}

/// The C library's `select` makes the same call, so no fallback exists.
fn select_has_no_fallback() -> Run {
    for errno in [libc::ENOSYS, libc::EPERM] {
        seccomp::in_a_thread_where(&seccomp::waits(), errno, || {
            for timeout in [Timeout::ZERO, LIMITS[1].into()] {
                assert_eq!(waits::select(None, timeout).unwrap_err().raw_os_error(), Some(errno));
            }
        })?;
    }
    assert_never_early("select", waits::select, &LIMITS);
    Ok(())
}

/// Only the errors of a missing call start the fallback.
fn other_errors_are_returned() -> Run {
    for &(name, wait) in waits::ALL {
        seccomp::in_a_thread_where(&seccomp::waits(), libc::ENOMEM, || {
            for timeout in [Timeout::NEVER, Timeout::ZERO, LIMITS[1].into(), LIMITS[5].into()] {
                assert_eq!(wait(None, timeout).expect_err(name).raw_os_error(), Some(libc::ENOMEM));
            }
        })?;
    }
    assert_never_early("epoll", waits::epoll, &LIMITS);
    Ok(())
}

/// The sets are unchanged for every error, timeout and length of the sets.
fn errors_leave_the_sets_unchanged() -> Run {
    let ((a, mut b), (c, _d)) = (pairs::streams(), pairs::streams());
    let high = pairs::numbered(&a, 200)?;
    b.write_all(b"x").unwrap();
    let before = [
        FdSet::from_iter([a.as_fd(), c.as_fd()]),
        FdSet::from_iter([high.as_fd()]),
        FdSet::from_iter([c.as_fd()]),
    ];
    let numbers = |set: &FdSet<'_>| set.iter().map(|fd| fd.as_raw_fd()).collect::<Vec<_>>();
    for errno in [libc::ENOMEM, libc::ENOSYS, libc::EINTR] {
        seccomp::in_a_thread_where(&seccomp::waits(), errno, || {
            for timeout in
                [Timeout::NEVER, Timeout::ZERO, LIMITS[1].into(), WAIT.into(), Duration::MAX.into()]
            {
                let mut sets = before.clone();
                let [read, write, except] = sets.each_mut().map(Some);
                let error = select(read, write, except, timeout.interruptible()).unwrap_err();
                assert_eq!(error.raw_os_error(), Some(errno));
                assert_eq!(sets.each_ref().map(numbers), before.each_ref().map(numbers));
            }
        })?;
    }
    Ok(())
}
