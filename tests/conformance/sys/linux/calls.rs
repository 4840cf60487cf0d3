//! Each wait is one system call, with the requested time.

use super::super::timeouts::KERNEL_MAXIMUM;
use super::super::waits::{self, Wait};
use super::fallback::EXACT;
use super::observed::{begin, calls};
use super::seccomp::{self, PPOLL, PSELECT};
use conformance::{Run, WAIT, in_child, pairs};
use selectors::Timeout;
use selectors::sys::epoll::{Epoll, Event, EventFlags};
use selectors::sys::poll::{PollFd, PollFlags, poll};
use selectors::sys::select::{FdSet, select};
use std::ffi::c_long;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, calls:
    select_passes_nanoseconds,
    poll_passes_nanoseconds,
    epoll_passes_nanoseconds,
    epoll_passes_whole_milliseconds,
    limits_beyond_the_kernel_maximum_are_split,
    select_waits_with_one_call,
    poll_waits_with_one_call,
    epoll_waits_with_one_call,
);

/// Checks that the first waiting call is one of `expected`, with exactly the requested time.
fn assert_time_passed(wait: Wait, expected: &[c_long]) -> Run {
    in_child("nanoseconds", &[], || {
        begin()?;
        for limit in EXACT {
            let (result, calls) = calls(|| wait(None, limit.into()));
            assert_eq!(result.unwrap(), 0);
            let first = calls.iter().find(|call| seccomp::waits().contains(&call.number)).unwrap();
            assert!(expected.contains(&first.number), "{first:?}");
            assert_eq!(first.time, Some(limit));
        }
        Ok(())
    })
}

fn select_passes_nanoseconds() -> Run {
    assert_time_passed(waits::select, PSELECT)
}

fn poll_passes_nanoseconds() -> Run {
    assert_time_passed(waits::poll, PPOLL)
}

fn epoll_passes_nanoseconds() -> Run {
    if cfg!(target_os = "android") {
        return Err(conformance::NotRun::because("on Android epoll waits in milliseconds"));
    }
    assert_time_passed(waits::epoll, &[libc::SYS_epoll_pwait2])
}

fn epoll_passes_whole_milliseconds() -> Run {
    in_child("milliseconds", &[], || {
        begin()?;
        for limit in [0, 1, 7] {
            let (result, calls) = calls(|| waits::epoll(None, Duration::from_millis(limit).into()));
            assert_eq!(result.unwrap(), 0);
            let first = calls.iter().find(|call| seccomp::waits().contains(&call.number)).unwrap();
            assert_ne!(first.number, libc::SYS_epoll_pwait2);
            assert_eq!(first.arguments[3], limit);
        }
        Ok(())
    })
}

/// A wait beyond 24.8 days would take too long, but a filter can make the kernel return 0 at once, as if the time were over.
/// The wait must go on until the kernel can count the rest.
fn limits_beyond_the_kernel_maximum_are_split() -> Run {
    let rest = Duration::from_millis(20);
    for limit in [KERNEL_MAXIMUM + rest, KERNEL_MAXIMUM + rest + Duration::from_nanos(1)] {
        for &(name, wait) in waits::ALL {
            seccomp::in_a_thread_where(&seccomp::waits(), 0, || {
                let start = Instant::now();
                assert_eq!(wait(None, limit.into()).unwrap(), 0);
                let elapsed = start.elapsed();
                assert!((rest..WAIT).contains(&elapsed), "{name} took {elapsed:?}");
            })?;
        }
    }
    Ok(())
}

/// Checks that `wait` makes one system call, with and without a ready descriptor. The first waits may allocate memory, so
/// they are not observed.
fn assert_one_call(mut wait: impl FnMut(bool, Timeout) -> io::Result<usize>, exact: &[Duration]) -> Run {
    in_child("one", &[], || {
        for ready in [false, true] {
            wait(ready, Timeout::ZERO).unwrap();
        }
        begin()?;
        let limits = [Duration::ZERO, Duration::from_millis(1)];
        let short = limits.iter().chain(exact).map(|limit| (false, Timeout::after(*limit)));
        let long = [Timeout::NEVER, Timeout::ZERO, WAIT.into()].map(|timeout| (true, timeout));
        for (ready, timeout) in short.chain(long) {
            for timeout in [timeout, timeout.interruptible()] {
                let (result, calls) = calls(|| wait(ready, timeout));
                assert_eq!(result.unwrap(), usize::from(ready));
                assert!(matches!(calls[..], [call] if seccomp::waits().contains(&call.number)), "{calls:?}");
            }
        }
        Ok(())
    })
}

fn select_waits_with_one_call() -> Run {
    let ((a, _b), (c, mut d)) = (pairs::streams(), pairs::streams());
    d.write_all(b"x").unwrap();
    let sets = [&a, &c].map(|end| FdSet::from_iter([end.as_fd()]));
    let mut set = FdSet::new();
    let wait = |ready, timeout| {
        set.clone_from(&sets[usize::from(ready)]);
        select(Some(&mut set), None, None, timeout)
    };
    assert_one_call(wait, &EXACT)
}

fn poll_waits_with_one_call() -> Run {
    let ((a, _b), (c, mut d)) = (pairs::streams(), pairs::streams());
    d.write_all(b"x").unwrap();
    let mut lists = [&a, &c].map(|end| [PollFd::new(end.as_fd(), PollFlags::IN)]);
    assert_one_call(|ready, timeout| poll(&mut lists[usize::from(ready)], timeout), &EXACT)
}

/// A time that is not a whole number of milliseconds needs a second call where `epoll_pwait2` is missing.
fn epoll_waits_with_one_call() -> Run {
    let ((a, _b), (c, mut d)) = (pairs::streams(), pairs::streams());
    d.write_all(b"x").unwrap();
    let sets = [&a, &c].map(|end| {
        let epoll = Epoll::new().unwrap();
        epoll.register(end, EventFlags::IN, 0).unwrap();
        epoll
    });
    let mut buffer = [Event::default(); 4];
    assert_one_call(|ready, timeout| Ok(sets[usize::from(ready)].wait(&mut buffer, timeout)?.len()), &[])
}
