//! What the scenarios have in common: how one is written down, and the files and signals they use.

use std::fmt;

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
    /// `select`, `poll`, `epoll`, `default`, `any`; `sys` for the low crate alone, `all` for all back ends at once.
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
/// Each is a `fn name<B: Backend>() -> Run`, which does not know its back end.
#[macro_export]
macro_rules! scenarios {
    ($topic:ident: $($name:ident),+ $(,)?) => {
        /// The scenarios of this topic, for one back end.
        pub(crate) fn scenarios<B: selectors::backend::Backend + 'static>(backend: &'static str) -> Vec<$crate::Scenario> {
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
