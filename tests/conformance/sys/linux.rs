//! System calls as Linux sees them: which call a wait makes, and the fallbacks for kernels that lack one.

use conformance::Scenario;

mod calls;
mod fallback;
pub(crate) mod observed;
pub(crate) mod seccomp;
mod stopped;

pub(super) fn scenarios() -> Vec<Scenario> {
    [stopped::scenarios(), calls::scenarios(), fallback::scenarios()].concat()
}
