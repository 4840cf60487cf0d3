//! Running one scenario: what came out, told to whom it concerns, and not for ever.

use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};
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

/// After this time a scenario has failed, and with it the whole run. The slowest takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

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

    /// Runs it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        listen();
        let name = self.full_name();
        CURRENT.lock().unwrap().clone_from(&name);
        let start = Instant::now();
        let result = limited(&name, || panic::catch_unwind(AssertUnwindSafe(self.run)));
        let panics = std::mem::take(&mut *panics());
        let outcome = match result {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(NotRun(reason))) => Outcome::NotRun(reason),
            Err(_) => Outcome::Failed(panics.join("\n")),
        };
        self.report(&outcome, start.elapsed());
        outcome
    }

    fn report(&self, outcome: &Outcome, time: Duration) {
        // The parent of a child reports for both.
        let Some(file) = env::var_os(REPORT).filter(|_| !crate::child::is_child()) else { return };
        let (outcome, reason) = match outcome {
            Outcome::Passed => ("passed", None),
            Outcome::Failed(message) => ("failed", Some(message)),
            Outcome::NotRun(reason) => ("not-run", Some(reason)),
        };
        let line = serde_json::json!({
            "backend": self.backend,
            "topic": self.topic,
            "scenario": self.name,
            "outcome": outcome,
            "reason": reason,
            "seconds": time.as_secs_f64(),
        });
        let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
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
        if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{name} did not end within {} s", PATIENCE.as_secs());
            process::abort();
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
