//! The waiting calls of this platform, each as a function that waits until one descriptor, or none, is readable.

use std::io;
use std::time::{Duration, Instant};

use selectors::Timeout;
use selectors::sys::fd::BorrowedFd;
use selectors::sys::poll::{self, PollFd, PollFlags};
use selectors::sys::select::{self, FdSet};

/// Returns the number of ready descriptors.
pub(super) type Wait = fn(Option<BorrowedFd<'_>>, Timeout) -> io::Result<usize>;

pub(super) const ALL: &[(&str, Wait)] = &[
    ("select", select),
    ("poll", poll),
    #[cfg(any(target_os = "android", target_os = "linux"))]
    ("epoll", epoll),
    #[cfg(any(
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd",
        target_vendor = "apple",
    ))]
    ("kqueue", kqueue),
    #[cfg(any(target_os = "illumos", target_os = "solaris"))]
    ("devpoll", devpoll),
];

pub(super) fn select(fd: Option<BorrowedFd<'_>>, timeout: Timeout) -> io::Result<usize> {
    let mut set = fd.map(|fd| FdSet::from_iter([fd]));
    select::select(set.as_mut(), None, None, timeout)
}

pub(super) fn poll(fd: Option<BorrowedFd<'_>>, timeout: Timeout) -> io::Result<usize> {
    let mut fds: Vec<_> = fd.into_iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    poll::poll(&mut fds, timeout)
}

#[cfg(any(target_os = "android", target_os = "linux"))]
pub(super) fn epoll(fd: Option<BorrowedFd<'_>>, timeout: Timeout) -> io::Result<usize> {
    use selectors::sys::epoll::{Epoll, Event, EventFlags};

    let epoll = Epoll::new()?;
    if let Some(fd) = fd {
        epoll.register(&fd, EventFlags::IN, 0)?;
    }
    Ok(epoll.wait(&mut [Event::default(); 4], timeout)?.len())
}

#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple",
))]
fn kqueue(fd: Option<BorrowedFd<'_>>, timeout: Timeout) -> io::Result<usize> {
    use selectors::sys::kqueue::{Filter, Flags, Kevent, Kqueue};

    let kqueue = Kqueue::new()?;
    let changes: Vec<_> = fd.into_iter().map(|fd| Kevent::for_fd(fd, Filter::READ, Flags::ADD)).collect();
    Ok(kqueue.control(&changes, &mut [Kevent::default(); 4], timeout)?.len())
}

#[cfg(any(target_os = "illumos", target_os = "solaris"))]
fn devpoll(fd: Option<BorrowedFd<'_>>, timeout: Timeout) -> io::Result<usize> {
    let mut devpoll = selectors::sys::devpoll::DevPoll::new()?;
    if let Some(fd) = fd {
        devpoll.register(fd, PollFlags::IN);
    }
    Ok(devpoll.poll(timeout)?.count())
}

/// Waits for no descriptor with each of these limits, and checks the clock.
pub(super) fn assert_never_early(name: &str, wait: Wait, limits: &[Duration]) {
    for &limit in limits {
        let start = Instant::now();
        let found = wait(None, limit.into()).unwrap();
        let elapsed = start.elapsed();
        assert_eq!(found, 0);
        assert!(elapsed >= limit, "{name} waited {elapsed:?} instead of {limit:?}");
    }
}
