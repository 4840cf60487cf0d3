//! Scenarios that every back end must pass, a file for each topic.

use conformance::Scenario;
use selectors::backend::Backend;

mod always_ready;
mod always_ready_modes;
mod changing_fd;
mod close;
mod connect;
mod duplicates;
mod ends;
mod errors;
mod failed_waits;
mod files;
mod forged_tags;
mod fork;
mod hangup;
mod keys;
mod limits;
mod lookup;
mod many_keys;
mod modes;
mod modify;
mod nested;
mod oneshot;
mod ownership;
mod parts;
mod pause;
mod priority;
mod ready;
mod refused_calls;
mod register;
mod replaced_files;
mod replaced_objects;
mod reuse;
mod scale;
mod select;
mod shared;
mod shared_backends;
mod shared_soak;
mod shared_waits;
mod signals;
mod threads;
mod timeout;
mod tokens;
mod unregister;
mod wake;
mod wake_handlers;
mod wake_threads;

/// Returns all scenarios for one back end.
pub(crate) fn scenarios<B: Backend + Send + 'static>(backend: &'static str) -> Vec<Scenario> {
    [
        always_ready::scenarios::<B>(backend),
        always_ready_modes::scenarios::<B>(backend),
        changing_fd::scenarios::<B>(backend),
        close::scenarios::<B>(backend),
        connect::scenarios::<B>(backend),
        duplicates::scenarios::<B>(backend),
        ends::scenarios::<B>(backend),
        errors::scenarios::<B>(backend),
        failed_waits::scenarios::<B>(backend),
        files::scenarios::<B>(backend),
        forged_tags::scenarios::<B>(backend),
        fork::scenarios::<B>(backend),
        hangup::scenarios::<B>(backend),
        keys::scenarios::<B>(backend),
        limits::scenarios::<B>(backend),
        lookup::scenarios::<B>(backend),
        many_keys::scenarios::<B>(backend),
        modes::scenarios::<B>(backend),
        modify::scenarios::<B>(backend),
        nested::scenarios::<B>(backend),
        oneshot::scenarios::<B>(backend),
        ownership::scenarios::<B>(backend),
        parts::scenarios::<B>(backend),
        pause::scenarios::<B>(backend),
        priority::scenarios::<B>(backend),
        ready::scenarios::<B>(backend),
        refused_calls::scenarios::<B>(backend),
        register::scenarios::<B>(backend),
        replaced_files::scenarios::<B>(backend),
        replaced_objects::scenarios::<B>(backend),
        reuse::scenarios::<B>(backend),
        scale::scenarios::<B>(backend),
        select::scenarios::<B>(backend),
        shared::scenarios::<B>(backend),
        shared_backends::scenarios::<B>(backend),
        shared_soak::scenarios::<B>(backend),
        shared_waits::scenarios::<B>(backend),
        signals::scenarios::<B>(backend),
        threads::scenarios::<B>(backend),
        timeout::scenarios::<B>(backend),
        tokens::scenarios::<B>(backend),
        unregister::scenarios::<B>(backend),
        wake::scenarios::<B>(backend),
        wake_handlers::scenarios::<B>(backend),
        wake_threads::scenarios::<B>(backend),
    ]
    .concat()
}
