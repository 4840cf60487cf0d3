//! Scenarios for select-sys only.

use conformance::Scenario;

mod common;
mod constants;
#[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
mod devpoll;
#[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
mod devpoll_errors;
#[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
mod devpoll_stored;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod epoll;
mod interrupts;
#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple",
    all(target_os = "linux", feature = "libkqueue"),
))]
pub(crate) mod kqueue;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod linux;
mod long_handlers;
#[cfg(unix)]
mod pipe_buf;
mod poll;
mod poll_object;
mod poll_stored;
mod select;
mod select_sets;
mod select_stored;
mod send_sync;
mod stored;
mod timeouts;
mod waits;

#[cfg(any(target_os = "android", target_os = "linux"))]
pub(crate) use linux::{observed, seccomp};

pub(crate) fn scenarios() -> Vec<Scenario> {
    [
        constants::scenarios(),
        #[cfg(unix)]
        pipe_buf::scenarios(),
        send_sync::scenarios(),
        select_sets::scenarios(),
        select::scenarios(),
        select_stored::scenarios(),
        poll::scenarios(),
        poll_object::scenarios(),
        poll_stored::scenarios(),
        #[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
        devpoll::scenarios(),
        #[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
        devpoll_errors::scenarios(),
        #[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
        devpoll_stored::scenarios(),
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
        kqueue::all(),
        interrupts::scenarios(),
        long_handlers::scenarios(),
        timeouts::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        linux::scenarios(),
    ]
    .concat()
}
