//! Running one scenario: its outcome, its report, and its time limit.

use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;
use std::{env, process, thread};

use crate::{NotRun, Scenario};

/// The outcome of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// All assertions held.
    Passed,
    /// It panicked, with this message.
    Failed(String),
    /// It cannot run here, for this reason.
    NotRun(String),
}

/// The environment variable with the name of the report, a file with a line of JSON for each scenario.
const REPORT: &str = "CONFORMANCE_REPORT";

/// The environment variable with the time limit of a scenario, in seconds.
pub(crate) const TIME_LIMIT: &str = "CONFORMANCE_PATIENCE";

/// The default time limit. The slowest scenario takes a few seconds, and some fifty times that in an emulator.
const DEFAULT_TIME_LIMIT: u64 = 300;

/// The exit status of a process whose scenario exceeded its time limit.
pub(crate) const HANGS: u8 = 78;

/// The full name of the current scenario.
static CURRENT: Mutex<String> = Mutex::new(String::new());

/// The messages of threads that panicked.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Scenario {
    /// Returns `backend::topic::name`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}::{}::{}", self.backend, self.topic, self.name)
    }

    /// Runs it in this process, and ends the process if it exceeds its time limit.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        record_panics();
        let name = self.full_name();
        CURRENT.lock().unwrap().clone_from(&name);
        let result = with_time_limit(&name, || panic::catch_unwind(AssertUnwindSafe(self.run)));
        let panics = std::mem::take(&mut *panics());
        #[cfg(all(target_os = "linux", feature = "libkqueue"))]
        if let Some(NotRun(reason)) = crate::libkqueue::given_up().take() {
            return Outcome::NotRun(reason);
        }
        match result {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(NotRun(reason))) => Outcome::NotRun(reason),
            Err(_) => Outcome::Failed(panics.join("\n")),
        }
    }
}

impl Outcome {
    /// Returns its name in reports, and the message or reason.
    pub(crate) fn parts(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Passed => ("passed", None),
            Self::Failed(message) => ("failed", Some(message)),
            Self::NotRun(reason) => ("not-run", Some(reason)),
        }
    }
}

/// Adds a line to the report, if one was requested.
pub(crate) fn report(scenario: &Scenario, outcome: &Outcome, time: Duration) {
    let Some(file) = env::var_os(REPORT) else { return };
    let (outcome, reason) = outcome.parts();
    let line = serde_json::json!({
        "backend": scenario.backend,
        "topic": scenario.topic,
        "scenario": scenario.name,
        "outcome": outcome,
        "reason": reason,
        "seconds": time.as_secs_f64(),
    });
    let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Returns the time limit of a scenario.
pub(crate) fn time_limit() -> Duration {
    let seconds = env::var(TIME_LIMIT).ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(DEFAULT_TIME_LIMIT))
}

/// Returns the message about a scenario that exceeded its time limit.
pub(crate) fn timeout_message() -> String {
    format!("did not end within {} s (the limit is set by {TIME_LIMIT})", time_limit().as_secs())
}

/// Returns the full name of the current scenario.
pub(crate) fn current() -> String {
    CURRENT.lock().unwrap().clone()
}

/// Runs `body`, and ends the process with a message if that exceeds the time limit.
fn with_time_limit<T>(name: &str, body: impl FnOnce() -> T) -> T {
    let (done, waiting) = channel::<()>();
    let name = name.to_owned();
    thread::spawn(move || {
        if waiting.recv_timeout(time_limit()) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{name} {}", timeout_message());
            process::exit(HANGS.into());
        }
    });
    let result = body();
    drop(done);
    result
}

/// Records the messages of panicking threads, which are still printed.
fn record_panics() {
    static RECORDING: Once = Once::new();
    RECORDING.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            panics().push(panic.to_string());
            before(panic);
        }));
    });
}

fn panics() -> std::sync::MutexGuard<'static, Vec<String>> {
    PANICS.lock().unwrap_or_else(PoisonError::into_inner)
}
