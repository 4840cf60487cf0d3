//! What the scenarios have in common: how one is written down, and the files and signals they use.

#![allow(
    clippy::missing_panics_doc,
    reason = "a fixture that cannot do its work panics, and the scenario has failed"
)]

#[cfg(feature = "freestanding")]
use freestanding as _; // for its symbols

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use selectors::backend::Backend;
use selectors::sys::fd::AsFd;
use selectors::{BackendKind, Error, Interest, Mode, Ready, Selector, Token};

mod asleep;
mod child;
mod fickle;
pub mod kernel;
#[cfg(all(target_os = "linux", feature = "libkqueue"))]
mod libkqueue;
mod outcome;
pub mod pairs;
mod puppet;

// The table of platforms: what they have that scenarios use. Single items aside, nothing else in these fixtures names any.

#[cfg(unix)]
pub mod errno;
#[cfg(windows)]
#[path = "errno/windows.rs"]
pub mod errno;
#[cfg(unix)]
mod files;
#[cfg(windows)]
#[path = "files/windows.rs"]
mod files;
#[cfg(unix)]
mod fork;
#[cfg(unix)]
mod limits;
#[cfg(windows)]
#[path = "limits/windows.rs"]
mod limits;
#[cfg(unix)]
pub mod signals;
#[cfg(windows)]
#[path = "signals/windows.rs"]
pub mod signals;
#[cfg(unix)]
pub mod stdin;
#[cfg(windows)]
#[path = "stdin/windows.rs"]
pub mod stdin;
pub mod storms;
mod worker;

pub use asleep::{this_thread, until_asleep, when_asleep};
pub use child::{echo, in_child, is_part, not_run, part, run as run_as_child};
pub use fickle::Fickle;
pub use files::{File, POLL_PRIORITY, POLL_READ, Stream, unless_wine, unless_winsock};
#[cfg(unix)]
pub use fork::in_a_fork;
#[cfg(all(target_os = "linux", feature = "libkqueue"))]
pub use libkqueue::{LibKqueue, check_list};
pub use limits::Descriptors;
pub use outcome::Outcome;
pub use puppet::{Call, Puppet, Strings};
pub use worker::{Worker, run as run_as_worker};

/// The limit of a wait that must find something: far more than it takes on a machine that does a lot beside.
pub const WAIT: Duration = Duration::from_secs(30);

/// The back ends that do the same, which can be compared: all of this platform, but not the emulation of libkqueue.
pub fn comparable() -> impl Iterator<Item = BackendKind> + Clone {
    BackendKind::available().filter(|kind| !cfg!(target_os = "linux") || *kind != BackendKind::Kqueue)
}

/// What is ready now.
pub fn now<B: Backend, F: AsFd, D>(selector: &mut Selector<B, F, D>) -> Ready {
    selector.select(Duration::ZERO).unwrap()
}

/// What is ready as soon as something is.
///
/// # Panics
///
/// Nothing was ready, and nobody woke the selector, within [`WAIT`].
pub fn soon<B: Backend, F: AsFd, D>(selector: &mut Selector<B, F, D>) -> Ready {
    let ready = selector.select(WAIT).unwrap();
    assert!(!ready.is_empty() || ready.woken(), "nothing became ready within {WAIT:?}");
    ready
}

/// What there is to do on each key: the token, and the interest part of its readiness.
///
/// # Panics
///
/// A key is listed twice.
pub fn interests(ready: &Ready) -> BTreeMap<Token, Interest> {
    let interests: BTreeMap<_, _> = ready.iter().map(|(token, seen)| (token, seen.interest())).collect();
    assert_eq!(interests.len(), ready.len(), "a key is listed twice: {ready:?}");
    interests
}

/// Sees that `error` is what a back end has to say of something that it cannot do, and that it does not claim to do it.
///
/// # Panics
///
/// It is something else.
pub fn assert_unsupported<B: Backend, F: AsFd, D>(
    selector: &Selector<B, F, D>,
    error: &Error,
    interest: Interest,
    mode: Mode,
) {
    let (asked, name) = ((interest, mode), selector.backend().name());
    assert!(
        matches!(*error, Error::Unsupported { backend, interest, mode, .. } if (interest, mode) == asked && backend == name),
        "{error:?}"
    );
    assert!(!selector.backend().supports(interest, mode), "{name} says that it supports {interest:?} {mode}");
}

/// Whether a back end says that it can do this.
///
/// # Panics
///
/// It does not say so of what every back end has.
pub fn supports<B: Backend, F: AsFd, D>(
    selector: &Selector<B, F, D>,
    interest: Interest,
    mode: Mode,
) -> bool {
    let (backend, supported) = (selector.backend(), selector.backend().supports(interest, mode));
    let optional = mode == Mode::Edge || interest.contains(Interest::PRIORITY);
    assert!(supported || optional, "{} has no {interest:?} {mode}", backend.name());
    supported
}

/// For scenarios about what a back end need not have: edges, and priority.
///
/// # Errors
///
/// It says that it has not.
pub fn need<B: Backend, F: AsFd, D>(selector: &Selector<B, F, D>, interest: Interest, mode: Mode) -> Run {
    if supports(selector, interest, mode) {
        return Ok(());
    }
    let edges = supports(selector, interest, Mode::Level);
    Err(NotRun::because(if edges { "this back end has no edges" } else { "this back end has no priority" }))
}

/// How a scenario ended early: it cannot be run here. (One that is wrong panics.)
#[derive(Clone, Debug)]
pub struct NotRun(pub String);

impl NotRun {
    /// The reason why it cannot be run.
    pub fn because(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

/// What a scenario gives back.
pub type Run = Result<(), NotRun>;

/// One scenario for one back end.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// `select`, `poll`, `epoll`, `kqueue`, `devpoll` (`kqueue-emulated` and `devpoll-emulated` over an emulation), `default`,
    /// `any`; `sys` for the low crate alone, `all` for all back ends at once.
    pub backend: &'static str,
    /// The file that it is in.
    pub topic: &'static str,
    /// The function's name.
    pub name: &'static str,
    /// The function.
    pub run: fn() -> Run,
}

/// The functions of this module as scenarios of one topic, for each back end: `scenarios!(register: fields, twice)`.
///
/// Each is a `fn name<B: Backend>() -> Run`, which does not know its back end; it may ask for `B: Send + 'static` too.
#[macro_export]
macro_rules! scenarios {
    ($topic:ident: $($name:ident),+ $(,)?) => {
        /// The scenarios of this topic, for one back end.
        pub(crate) fn scenarios<B: selectors::backend::Backend + Send + 'static>(
            backend: &'static str,
        ) -> Vec<$crate::Scenario> {
            vec![$($crate::Scenario { backend, topic: stringify!($topic), name: stringify!($name), run: $name::<B> }),+]
        }
    };
}

/// The functions of this module as scenarios of one topic that are about one thing alone: `sys`, `all` or a back end.
#[macro_export]
macro_rules! scenarios_of {
    ($backend:ident, $topic:ident: $($name:ident),+ $(,)?) => {
        /// The scenarios of this topic.
        pub(crate) fn scenarios() -> Vec<$crate::Scenario> {
            let (backend, topic) = (stringify!($backend), stringify!($topic));
            vec![$($crate::Scenario { backend, topic, name: stringify!($name), run: $name }),+]
        }
    };
}
