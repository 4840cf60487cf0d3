//! The three calls, each as a function that waits for something to read on one descriptor, or on none at all.

use std::fs;
use std::io;
use std::time::{Duration, Instant};

use rustix::thread::Pid;
use selectors::Timeout;
use selectors::sys::epoll::{Epoll, Event, EventFlags};
use selectors::sys::fd::BorrowedFd;
use selectors::sys::poll::{self, PollFd, PollFlags};
use selectors::sys::select::{self, FdSet};

/// Gives back how many are ready.
pub(super) type Wait = fn(Option<BorrowedFd<'_>>, Timeout) -> io::Result<usize>;

pub(super) const ALL: [(&str, Wait); 3] = [("select", select), ("poll", poll), ("epoll", epoll)];

pub(super) fn select(fd: Option<BorrowedFd<'_>>, timeout: Timeout) -> io::Result<usize> {
    let mut set = fd.map(|fd| FdSet::from_iter([fd]));
    select::select(set.as_mut(), None, None, timeout)
}

pub(super) fn poll(fd: Option<BorrowedFd<'_>>, timeout: Timeout) -> io::Result<usize> {
    let mut fds: Vec<_> = fd.into_iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    poll::poll(&mut fds, timeout)
}

pub(super) fn epoll(fd: Option<BorrowedFd<'_>>, timeout: Timeout) -> io::Result<usize> {
    let epoll = Epoll::new()?;
    if let Some(fd) = fd {
        epoll.register(fd, EventFlags::IN, 0)?;
    }
    Ok(epoll.wait(&mut [Event::default(); 4], timeout)?.len())
}

/// Waits on nothing for each of `limits`, and looks at the clock.
pub(super) fn assert_never_early(name: &str, wait: Wait, limits: &[Duration]) {
    for &limit in limits {
        let start = Instant::now();
        let found = wait(None, limit.into()).unwrap();
        let elapsed = start.elapsed();
        assert_eq!(found, 0);
        assert!(elapsed >= limit, "{name} was to wait for {limit:?}, and came back after {elapsed:?}");
    }
}

/// Comes back when this thread of the process sleeps, or at once where that cannot be seen.
pub(super) fn until_asleep(thread: Pid) {
    let path = format!("/proc/self/task/{}/stat", thread.as_raw_nonzero());
    // proc_pid_stat(5): the state is the first word after the name, which is in parentheses.
    let asleep =
        |stat: String| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'));
    while fs::read_to_string(&path).is_ok_and(|stat| !asleep(stat)) {
        std::thread::yield_now();
    }
}
