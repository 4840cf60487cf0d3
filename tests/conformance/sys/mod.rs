//! Scenarios of the low crate alone.

use conformance::Scenario;

pub(crate) fn scenarios() -> Vec<Scenario> {
    Vec::new()
}
