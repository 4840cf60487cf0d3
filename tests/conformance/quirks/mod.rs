//! What one back end alone does, or cannot do.

use conformance::Scenario;

mod epoll;
mod epoll_edge;
mod epoll_replaced;
mod poll;
mod select;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [
        select::scenarios(),
        poll::scenarios(),
        epoll::scenarios(),
        epoll_edge::scenarios(),
        epoll_replaced::scenarios(),
    ]
    .concat()
}
