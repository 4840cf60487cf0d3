//! Scenarios that do not know which back end they run on, a file for each topic.

use conformance::Scenario;
use selectors::backend::Backend;

mod close;
mod connect;
mod errors;
mod files;
mod guarantee;
mod hangup;
mod interrupt;
mod keys;
mod lookup;
mod modes;
mod modify;
mod oneshot;
mod ownership;
mod pause;
mod priority;
mod ready;
mod register;
mod select;
mod timeout;
mod tokens;
mod unregister;
mod wake;
mod wake_threads;

pub(crate) fn scenarios<B: Backend + Send + 'static>(backend: &'static str) -> Vec<Scenario> {
    [
        close::scenarios::<B>(backend),
        connect::scenarios::<B>(backend),
        errors::scenarios::<B>(backend),
        files::scenarios::<B>(backend),
        guarantee::scenarios::<B>(backend),
        hangup::scenarios::<B>(backend),
        interrupt::scenarios::<B>(backend),
        keys::scenarios::<B>(backend),
        lookup::scenarios::<B>(backend),
        modes::scenarios::<B>(backend),
        modify::scenarios::<B>(backend),
        oneshot::scenarios::<B>(backend),
        ownership::scenarios::<B>(backend),
        pause::scenarios::<B>(backend),
        priority::scenarios::<B>(backend),
        ready::scenarios::<B>(backend),
        register::scenarios::<B>(backend),
        select::scenarios::<B>(backend),
        timeout::scenarios::<B>(backend),
        tokens::scenarios::<B>(backend),
        unregister::scenarios::<B>(backend),
        wake::scenarios::<B>(backend),
        wake_threads::scenarios::<B>(backend),
    ]
    .concat()
}
