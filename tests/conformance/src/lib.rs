//! The fixtures of the scenarios: their form and their assertions, files, signals, and the process that runs them.

#![allow(clippy::missing_panics_doc, reason = "a fixture that fails panics, and so does its scenario")]

#[cfg(feature = "freestanding")]
use freestanding as _; // for its symbols

use std::fmt;
use std::time::Duration;

use selectors::BackendKind;

mod assert;
mod changing_fd;
mod child;
pub mod darwin;
pub mod kernel;
#[cfg(all(target_os = "linux", feature = "libkqueue"))]
mod libkqueue;
mod mock_backend;
mod os;
mod outcome;
pub mod pairs;
pub mod storms;
mod threads;
mod worker;

pub use assert::{
    ACTIONS, BOTH, HANG_UP, PRIORITY, READ, READ_CLOSED, WRITE, assert_idle, assert_list,
    assert_not_registered, assert_ready, assert_times_out, assert_unsupported, interests, need, now, soon,
    supports, wait_ready, wait_woken,
};
pub use changing_fd::ChangingFd;
pub use child::{RUNNER, echo, in_child, is_part, not_run, part, run as run_as_child};
#[cfg(all(target_os = "linux", feature = "libkqueue"))]
pub use libkqueue::{LibKqueue, check_list};
pub use mock_backend::{Call, Control, MockBackend};
pub use os::files::{File, POLL_PRIORITY, POLL_READ, Stream, unless_wine, unless_winsock};
#[cfg(unix)]
pub use os::fork::in_a_fork;
pub use os::fork::in_a_fork_within;
pub use os::limits::Descriptors;
pub use os::{errno, signals, stdin};
pub use outcome::Outcome;
pub use threads::{StopAtEnd, Thread, this_thread, until_asleep, when_asleep};
pub use worker::{Worker, run as run_as_worker};

/// The limit of a wait that must find something: far more than it takes on a busy machine.
pub const WAIT: Duration = Duration::from_secs(30);

/// Returns the back ends that can be compared: all of this platform, without kqueue over libkqueue, an emulation.
pub fn comparable() -> impl Iterator<Item = BackendKind> + Clone {
    BackendKind::available().filter(|kind| !cfg!(target_os = "linux") || *kind != BackendKind::Kqueue)
}

/// The reason why a scenario cannot run here. (A scenario that fails panics.)
#[derive(Clone, Debug)]
pub struct NotRun(pub String);

impl NotRun {
    /// Makes a reason of this text.
    pub fn because(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

/// The result of a scenario.
pub type Run = Result<(), NotRun>;

/// One scenario for one back end.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// `select`, `poll`, `epoll`, `kqueue`, `devpoll` (`kqueue-emulated` and `devpoll-emulated` over an emulation), `default`,
    /// `any`; `sys` for select-sys alone, `cross` for all back ends at once.
    pub backend: &'static str,
    /// The name of its file.
    pub topic: &'static str,
    /// The name of the function.
    pub name: &'static str,
    /// The function.
    pub run: fn() -> Run,
}

/// Declares functions of a module as the scenarios of a topic, for every back end: `scenarios!(register: fields, twice)`.
///
/// Each is a `fn name<B: Backend>() -> Run`. It may require `B: Send + 'static`, too.
#[macro_export]
macro_rules! scenarios {
    ($topic:ident: $($name:ident),+ $(,)?) => {
        /// Returns the scenarios of this topic, for one back end.
        pub(crate) fn scenarios<B: selectors::backend::Backend + Send + 'static>(
            backend: &'static str,
        ) -> Vec<$crate::Scenario> {
            vec![$($crate::Scenario { backend, topic: stringify!($topic), name: stringify!($name), run: $name::<B> }),+]
        }
    };
}

/// Declares functions of a module as the scenarios of a topic, for one column alone: `sys`, `cross` or a back end.
#[macro_export]
macro_rules! scenarios_of {
    ($backend:ident, $topic:ident: $($name:ident),+ $(,)?) => {
        /// Returns the scenarios of this topic.
        pub(crate) fn scenarios() -> Vec<$crate::Scenario> {
            let (backend, topic) = (stringify!($backend), stringify!($topic));
            vec![$($crate::Scenario { backend, topic, name: stringify!($name), run: $name }),+]
        }
    };
}
