//! Scenarios of the low crate alone.

use conformance::Scenario;

mod constants;
mod descriptors;
#[cfg(feature = "devpoll-emulation")]
mod devpoll;
#[cfg(feature = "devpoll-emulation")]
mod devpoll_cache;
#[cfg(feature = "devpoll-emulation")]
mod devpoll_device;
#[cfg(feature = "devpoll-emulation")]
mod devpoll_errors;
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
        #[cfg(feature = "devpoll-emulation")]
        devpoll_device::scenarios(),
        #[cfg(feature = "devpoll-emulation")]
        devpoll::scenarios(),
        #[cfg(feature = "devpoll-emulation")]
        devpoll_errors::scenarios(),
        #[cfg(feature = "devpoll-emulation")]
        devpoll_cache::scenarios(),
        epoll_control::scenarios(),
        epoll::scenarios(),
        epoll_threads::scenarios(),
        interrupts::scenarios(),
        timeouts::scenarios(),
        fallback::scenarios(),
    ]
    .concat()
}
