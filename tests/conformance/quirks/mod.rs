//! What one back end alone does, or cannot do.

use conformance::Scenario;

#[cfg(feature = "devpoll-emulation")]
mod devpoll;
mod epoll;
mod epoll_edge;
mod epoll_replaced;
mod poll;
mod select;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [
        select::scenarios(),
        poll::scenarios(),
        #[cfg(feature = "devpoll-emulation")]
        devpoll::scenarios(),
        epoll::scenarios(),
        epoll_edge::scenarios(),
        epoll_replaced::scenarios(),
    ]
    .concat()
}
