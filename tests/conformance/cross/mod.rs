//! All back ends at once, on the same files.

use conformance::Scenario;

#[cfg(any(target_os = "android", target_os = "linux"))]
mod absent;
mod agreement;
mod any;
#[cfg(any(target_os = "android", target_os = "linux"))]
mod calls;
#[cfg(unix)]
mod differential;
mod model;
mod registry_model;
mod socket_model;
mod third_party;

pub(crate) fn scenarios() -> Vec<Scenario> {
    [
        agreement::scenarios(),
        model::scenarios(),
        #[cfg(unix)]
        differential::scenarios(),
        any::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        absent::scenarios(),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        calls::scenarios(),
        third_party::scenarios(),
    ]
    .concat()
}
