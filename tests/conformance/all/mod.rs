//! All back ends at once, on the same files.

use conformance::Scenario;

mod agreement;
mod ends;
mod model;
mod sides;
mod third_party;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [agreement::scenarios(), model::scenarios(), third_party::scenarios()].concat()
}
