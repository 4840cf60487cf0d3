//! The conformance suite: every scenario on every back end of this platform.

use std::collections::HashSet;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use conformance::{Outcome, Scenario, Worker};
use libtest_mimic::{Arguments, Completion, Trial};
use selectors::backend::{AnyBackend, DefaultBackend, Poll, Select};

mod cross;
mod quirks;
mod scenarios;
mod sys;

fn main() -> ExitCode {
    let scenarios = scenarios();
    #[cfg(all(target_os = "linux", feature = "libkqueue"))]
    conformance::check_list(&scenarios);
    let code = conformance::run_as_child(&scenarios).or_else(|| conformance::run_as_worker(&scenarios));
    if let Some(code) = code {
        return code;
    }
    // A bare system may have no such folder. If it cannot be created, the scenarios that use it fail.
    let _ = std::fs::create_dir_all(std::env::temp_dir());
    let mut arguments = Arguments::from_args();
    // Scenarios share the resources of a process: signals, limits, descriptor numbers.
    arguments.test_threads = Some(1);
    let worker = Arc::new(Mutex::new(Worker::default()));
    let only = std::env::var_os(ONLY).map(|file| std::fs::read_to_string(file).unwrap());
    let only = only.as_ref().map(|names| names.lines().collect::<HashSet<_>>());
    let wanted =
        |scenario: &Scenario| only.as_ref().is_none_or(|names| names.contains(scenario.full_name().as_str()));
    let trials = scenarios.into_iter().filter(wanted).map(|scenario| trial(scenario, Arc::clone(&worker)));
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// The environment variable with the name of a file that lists the scenarios to run, a line each. (Windows limits the length of
/// a command.)
const ONLY: &str = "CONFORMANCE_ONLY";

fn scenarios() -> Vec<Scenario> {
    [
        sys::scenarios(),
        scenarios::scenarios::<Select>("select"),
        scenarios::scenarios::<Poll>("poll"),
        #[cfg(any(target_os = "android", target_os = "linux"))]
        scenarios::scenarios::<selectors::backend::Epoll>("epoll"),
        #[cfg(any(
            target_os = "dragonfly",
            target_os = "freebsd",
            target_os = "netbsd",
            target_os = "openbsd",
            target_vendor = "apple",
        ))]
        scenarios::scenarios::<selectors::backend::Kqueue>("kqueue"),
        #[cfg(all(target_os = "linux", feature = "libkqueue"))]
        scenarios::scenarios::<conformance::LibKqueue>("kqueue-emulated"),
        #[cfg(any(target_os = "illumos", target_os = "solaris"))]
        scenarios::scenarios::<selectors::backend::Devpoll>("devpoll"),
        #[cfg(all(target_os = "linux", feature = "devpoll-emulation"))]
        scenarios::scenarios::<selectors::backend::Devpoll>("devpoll-emulated"),
        scenarios::scenarios::<DefaultBackend>("default"),
        scenarios::scenarios::<AnyBackend>("any"),
        quirks::scenarios(),
        cross::scenarios(),
    ]
    .concat()
}

fn trial(scenario: Scenario, worker: Arc<Mutex<Worker>>) -> Trial {
    Trial::ignorable_test(scenario.full_name(), move || match worker.lock().unwrap().run(&scenario) {
        Outcome::Passed => Ok(Completion::Completed),
        Outcome::NotRun(reason) => Ok(Completion::ignored_with(reason)),
        Outcome::Failed(message) => Err(message.into()),
        other => Err(format!("{other:?}").into()),
    })
}
