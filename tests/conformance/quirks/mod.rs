//! Scenarios for one back end only.

use conformance::Scenario;

mod common;
#[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
mod devpoll;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod epoll;
#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple",
    all(target_os = "linux", feature = "libkqueue"),
))]
mod kqueue;
mod poll;
mod select;
#[cfg(windows)]
mod winsock;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [
        select::scenarios(),
        poll::scenarios(),
        #[cfg(windows)]
        winsock::scenarios(),
        #[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
        devpoll::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        epoll::all(),
        #[cfg(any(
            target_os = "dragonfly",
            target_os = "freebsd",
            target_os = "netbsd",
            target_os = "openbsd",
            target_vendor = "apple",
            all(target_os = "linux", feature = "libkqueue"),
        ))]
        kqueue::scenarios(),
    ]
    .concat()
}
