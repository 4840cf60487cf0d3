//! Scenarios that do not know which back end they run on, a file for each topic.

use conformance::Scenario;
use selectors::backend::Backend;

mod close;
mod errors;
mod guarantee;
mod keys;
mod lookup;
mod modify;
mod ownership;
mod pause;
mod register;
mod tokens;
mod unregister;

pub(crate) fn scenarios<B: Backend + Send + 'static>(backend: &'static str) -> Vec<Scenario> {
    [
        close::scenarios::<B>(backend),
        errors::scenarios::<B>(backend),
        guarantee::scenarios::<B>(backend),
        keys::scenarios::<B>(backend),
        lookup::scenarios::<B>(backend),
        modify::scenarios::<B>(backend),
        ownership::scenarios::<B>(backend),
        pause::scenarios::<B>(backend),
        register::scenarios::<B>(backend),
        tokens::scenarios::<B>(backend),
        unregister::scenarios::<B>(backend),
    ]
    .concat()
}
