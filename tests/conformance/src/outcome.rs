//! Running one scenario: what came out, told to whom it concerns, and not for ever.

use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;
use std::{env, process, thread};

use crate::{NotRun, Scenario};

/// What came out of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It held.
    Passed,
    /// It did not, and said this.
    Failed(String),
    /// It cannot be run here, for this reason.
    NotRun(String),
}

/// The environment variable with the name of a file to which a line of JSON is added for each scenario.
const REPORT: &str = "CONFORMANCE_REPORT";

/// The environment variable with the number of seconds after which a scenario has failed.
pub(crate) const PATIENCE: &str = "CONFORMANCE_PATIENCE";

/// What they are where it is not set. The slowest scenario takes a few seconds, and some fifty times that in an emulator.
const DEFAULT_PATIENCE: u64 = 300;

/// The exit status of a process whose scenario did not end.
pub(crate) const HANGS: u8 = 78;

/// The scenario that runs.
static CURRENT: Mutex<String> = Mutex::new(String::new());

/// What the threads said that panicked.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Scenario {
    /// `backend::topic::name`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}::{}::{}", self.backend, self.topic, self.name)
    }

    /// Runs it here. If it does not end, this process does.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        listen();
        let name = self.full_name();
        CURRENT.lock().unwrap().clone_from(&name);
        let result = limited(&name, || panic::catch_unwind(AssertUnwindSafe(self.run)));
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
    /// What it is called in reports, and the reason.
    pub(crate) fn parts(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Passed => ("passed", None),
            Self::Failed(message) => ("failed", Some(message)),
            Self::NotRun(reason) => ("not-run", Some(reason)),
        }
    }
}

/// Adds a line to the report, if there is to be one.
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

/// After this time a scenario has failed.
pub(crate) fn patience() -> Duration {
    let seconds = env::var(PATIENCE).ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(DEFAULT_PATIENCE))
}

/// What is said of one that does not end.
pub(crate) fn hangs() -> String {
    format!("did not end within {} s ({PATIENCE})", patience().as_secs())
}

/// The full name of the scenario that runs.
pub(crate) fn current() -> String {
    CURRENT.lock().unwrap().clone()
}

/// Ends the process with a message when `body` does not end.
fn limited<T>(name: &str, body: impl FnOnce() -> T) -> T {
    let (done, waiting) = channel::<()>();
    let name = name.to_owned();
    thread::spawn(move || {
        if waiting.recv_timeout(patience()) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{name} {}", hangs());
            process::exit(HANGS.into());
        }
    });
    let result = body();
    drop(done);
    result
}

/// Keeps what panicking threads say, with the place, beside printing it.
fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
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
