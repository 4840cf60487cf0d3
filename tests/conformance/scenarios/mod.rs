//! Scenarios that do not know which back end they run on, a file for each topic.

use conformance::Scenario;
use selectors::backend::Backend;

mod register;

pub(crate) fn scenarios<B: Backend + Send + 'static>(backend: &'static str) -> Vec<Scenario> {
    [register::scenarios::<B>(backend)].concat()
}
