//! Scenarios over all back ends at once.

use conformance::Scenario;

pub(crate) fn scenarios() -> Vec<Scenario> {
    Vec::new()
}
