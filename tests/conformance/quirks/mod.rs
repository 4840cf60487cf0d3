//! Scenarios of one back end each.

use conformance::Scenario;

pub(crate) fn scenarios() -> Vec<Scenario> {
    Vec::new()
}
