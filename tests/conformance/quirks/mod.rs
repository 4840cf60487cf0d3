//! What one back end alone does, or cannot do.

use conformance::Scenario;

#[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
mod devpoll;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod epoll;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod epoll_edge;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod epoll_replaced;
mod poll;
mod select;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [
        select::scenarios(),
        poll::scenarios(),
        #[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
        devpoll::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        epoll::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        epoll_edge::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        epoll_replaced::scenarios(),
    ]
    .concat()
}
