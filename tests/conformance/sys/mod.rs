//! Scenarios of the low crate alone.

use conformance::Scenario;

#[cfg(any(target_os = "android", target_os = "linux"))]
mod calls;
mod common;
mod constants;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod descriptors;
#[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
mod devpoll;
#[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
mod devpoll_errors;
#[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
mod devpoll_stored;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod epoll;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod epoll_constants;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod epoll_control;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod epoll_threads;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod fallback;
mod held;
mod interrupts;
#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple",
    all(target_os = "linux", feature = "libkqueue"),
))]
mod kqueue;
#[cfg(any(target_os = "android", target_os = "linux"))]
pub(crate) mod observed;
#[cfg(unix)]
mod pipe_buf;
mod poll;
mod poll_cache;
mod poll_object;
#[cfg(any(target_os = "android", target_os = "linux"))]
pub(crate) mod seccomp;
#[cfg(not(any(target_os = "android", target_os = "linux")))]
#[path = "no_seccomp.rs"]
mod seccomp;
mod select;
mod select_cache;
mod select_sets;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod stopped;
mod timeouts;
mod types;
mod waits;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [
        constants::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        epoll_constants::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        descriptors::scenarios(),
        #[cfg(unix)]
        pipe_buf::scenarios(),
        types::scenarios(),
        select_sets::scenarios(),
        select::scenarios(),
        select_cache::scenarios(),
        poll::scenarios(),
        poll_object::scenarios(),
        poll_cache::scenarios(),
        #[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
        devpoll::scenarios(),
        #[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
        devpoll_errors::scenarios(),
        #[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
        devpoll_stored::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        epoll_control::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        epoll::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        epoll_threads::scenarios(),
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
        held::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        stopped::scenarios(),
        timeouts::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        calls::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        fallback::scenarios(),
    ]
    .concat()
}
