//! The suite: every scenario on every back end of this platform.

use conformance::{NotRun, Scenario};
use libtest_mimic::{Arguments, Completion, Trial};
use selectors::backend::{AnyBackend, DefaultBackend, Epoll, Poll, Select};

mod scenarios;

fn main() {
    let mut arguments = Arguments::from_args();
    // Scenarios use what a process has but once: signals, limits, the numbers of descriptors.
    arguments.test_threads = Some(1);
    let trials = all().into_iter().map(trial).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn all() -> Vec<Scenario> {
    [
        scenarios::scenarios::<Select>("select"),
        scenarios::scenarios::<Poll>("poll"),
        scenarios::scenarios::<Epoll>("epoll"),
        scenarios::scenarios::<DefaultBackend>("default"),
        scenarios::scenarios::<AnyBackend>("any"),
    ]
    .concat()
}

fn trial(scenario: Scenario) -> Trial {
    let Scenario { backend, topic, name, run } = scenario;
    Trial::ignorable_test(format!("{backend}::{topic}::{name}"), move || match run() {
        Ok(()) => Ok(Completion::Completed),
        Err(NotRun(reason)) => Ok(Completion::ignored_with(reason)),
    })
}
