//! Scenarios of the low crate alone.

use conformance::Scenario;

mod constants;
mod descriptors;
mod epoll;
mod epoll_control;
mod epoll_threads;
mod fallback;
mod interrupts;
mod poll;
mod poll_cache;
mod poll_object;
pub(crate) mod seccomp;
mod select;
mod select_cache;
mod select_sets;
mod timeouts;
mod waits;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [
        constants::scenarios(),
        descriptors::scenarios(),
        select_sets::scenarios(),
        select::scenarios(),
        select_cache::scenarios(),
        poll::scenarios(),
        poll_object::scenarios(),
        poll_cache::scenarios(),
        epoll_control::scenarios(),
        epoll::scenarios(),
        epoll_threads::scenarios(),
        interrupts::scenarios(),
        timeouts::scenarios(),
        fallback::scenarios(),
    ]
    .concat()
}
