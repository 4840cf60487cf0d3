//! Scenarios that do not know which back end they run on, a file for each topic.

use conformance::Scenario;
use selectors::backend::Backend;

mod close;
mod connect;
mod dup;
mod errors;
mod fickle;
mod files;
mod guarantee;
mod hangup;
mod interrupt;
mod keys;
mod limits;
mod lookup;
mod modes;
mod modify;
mod nested;
mod oneshot;
mod ownership;
mod pause;
mod priority;
mod ready;
mod register;
mod replaced;
mod reuse;
mod scale;
mod select;
mod threads;
mod timeout;
mod tokens;
mod traps;
mod unregister;
mod unseen;
mod wake;
mod wake_threads;

pub(crate) fn scenarios<B: Backend + Send + 'static>(backend: &'static str) -> Vec<Scenario> {
    [
        close::scenarios::<B>(backend),
        connect::scenarios::<B>(backend),
        dup::scenarios::<B>(backend),
        errors::scenarios::<B>(backend),
        fickle::scenarios::<B>(backend),
        files::scenarios::<B>(backend),
        guarantee::scenarios::<B>(backend),
        hangup::scenarios::<B>(backend),
        interrupt::scenarios::<B>(backend),
        keys::scenarios::<B>(backend),
        limits::scenarios::<B>(backend),
        lookup::scenarios::<B>(backend),
        modes::scenarios::<B>(backend),
        modify::scenarios::<B>(backend),
        nested::scenarios::<B>(backend),
        oneshot::scenarios::<B>(backend),
        ownership::scenarios::<B>(backend),
        pause::scenarios::<B>(backend),
        priority::scenarios::<B>(backend),
        ready::scenarios::<B>(backend),
        register::scenarios::<B>(backend),
        replaced::scenarios::<B>(backend),
        reuse::scenarios::<B>(backend),
        scale::scenarios::<B>(backend),
        select::scenarios::<B>(backend),
        threads::scenarios::<B>(backend),
        timeout::scenarios::<B>(backend),
        tokens::scenarios::<B>(backend),
        traps::scenarios::<B>(backend),
        unregister::scenarios::<B>(backend),
        unseen::scenarios::<B>(backend),
        wake::scenarios::<B>(backend),
        wake_threads::scenarios::<B>(backend),
    ]
    .concat()
}
