//! The worker: a process that runs scenarios. A scenario that ends it, or hangs, fails; the next one gets a new process.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::os::group;
use crate::{Outcome, Scenario, child, outcome};

/// The environment variable that is set in a worker.
const WORKER: &str = "CONFORMANCE_WORKER";

/// The time beyond the limit of a scenario in which its process can end by itself.
const GRACE: Duration = Duration::from_secs(30);

/// The message about a process that does not answer.
const HANGS: &str = "it hangs: its process was killed";

/// Runs one scenario after another in a process of its own.
#[derive(Debug, Default)]
pub struct Worker {
    process: Option<Process>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    /// The names of the scenarios to run, a line each. The process ends when this is closed.
    names: ChildStdin,
    /// The outcomes, a line of JSON each.
    answers: Receiver<String>,
}

impl Worker {
    /// Runs a scenario, and returns its outcome.
    pub fn run(&mut self, scenario: &Scenario) -> Outcome {
        let start = Instant::now();
        #[cfg(all(target_os = "linux", feature = "libkqueue"))]
        let outcome = crate::libkqueue::judged(scenario, || Self::default().outcome(scenario))
            .unwrap_or_else(|| self.outcome(scenario));
        #[cfg(not(all(target_os = "linux", feature = "libkqueue")))]
        let outcome = self.outcome(scenario);
        outcome::report(scenario, &outcome, start.elapsed());
        outcome
    }

    fn outcome(&mut self, scenario: &Scenario) -> Outcome {
        let outcome = self.outcome_of_one_run(scenario);
        // A scenario that hangs ends its process at its time limit. If the output stays open after that, a child has it: after a
        // fork, a child of QEMU 7.2 may wait for a lock that another thread held, once in some 10,000 scenarios.
        if outcome == Outcome::Failed(HANGS.to_owned()) && env::var_os(child::RUNNER).is_some() {
            eprintln!("{} runs a second time: the emulator hung", scenario.full_name());
            return self.outcome_of_one_run(scenario);
        }
        outcome
    }

    fn outcome_of_one_run(&mut self, scenario: &Scenario) -> Outcome {
        match self.process() {
            Ok(process) => process.run(scenario).unwrap_or_else(|end| {
                self.process = None;
                Outcome::Failed(end)
            }),
            Err(error) => {
                eprintln!("cannot start a process for the scenarios, so they run in this one: {error}");
                scenario.outcome()
            }
        }
    }

    fn process(&mut self) -> io::Result<&mut Process> {
        Ok(match self.process.take() {
            Some(process) => self.process.insert(process),
            None => self.process.insert(Process::start(child::this_program()?)?),
        })
    }
}

impl Process {
    fn start(mut command: Command) -> io::Result<Self> {
        command.env(WORKER, "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        group::start_in_group(&mut command);
        let mut child = command.spawn()?;
        let (Some(names), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let (line, answers) = channel();
        thread::spawn(move || {
            // This thread ends with the process, or with the receiver.
            let lines = BufReader::new(output).split(b'\n').map_while(Result::ok);
            let _ = lines
                .map(|text| String::from_utf8_lossy(&text).into_owned())
                .try_for_each(|text| line.send(text));
        });
        Ok(Self { child, names, answers })
    }

    /// Returns the outcome, or how the process ended without one.
    fn run(&mut self, scenario: &Scenario) -> Result<Outcome, String> {
        // If the process is gone, this fails, and so does the wait for the answer.
        let _ = writeln!(self.names, "{}", scenario.full_name());
        let end = Instant::now() + outcome::time_limit() + GRACE;
        loop {
            match self.answers.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => match read(&line) {
                    Some(outcome) => return Ok(outcome),
                    None if line.is_empty() => {}
                    None => eprintln!("{line}"),
                },
                Err(RecvTimeoutError::Timeout) => return Err(HANGS.to_owned()),
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.end(end)?;
                    let code = status.code().and_then(|code| code.try_into().ok());
                    return Err(match code {
                        Some(outcome::HANGS) => outcome::timeout_message(),
                        _ => format!("its process ended: {status}"),
                    });
                }
            }
        }
    }
}

impl Process {
    /// Waits for the end of the process, which may still run although its output is closed.
    fn end(&mut self, limit: Instant) -> Result<ExitStatus, String> {
        loop {
            if let Some(status) = self.child.try_wait().map_err(|error| error.to_string())? {
                return Ok(status);
            }
            if Instant::now() > limit {
                return Err(HANGS.to_owned());
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has finished its work, or hangs.
        group::kill_group(&mut self.child);
        let _ = self.child.wait();
    }
}

/// Runs the scenarios that a worker is asked for. Returns `None` in any other process.
pub fn run(scenarios: &[Scenario]) -> Option<ExitCode> {
    env::var_os(WORKER)?;
    crate::os::limits::no_core_files();
    crate::os::limits::enough();
    let mut line = String::new();
    while io::stdin().read_line(&mut line).is_ok_and(|length| length > 0) {
        let name = line.trim_end();
        let outcome = match scenarios.iter().find(|scenario| scenario.full_name() == name) {
            Some(scenario) => scenario.outcome(),
            None => Outcome::Failed(format!("unknown scenario {name:?}")),
        };
        // The scenario may have printed an incomplete line.
        println!("\n{}", written(&outcome));
        line.clear();
    }
    Some(ExitCode::SUCCESS)
}

fn written(outcome: &Outcome) -> Value {
    let (kind, reason) = outcome.parts();
    json!({ "outcome": kind, "reason": reason })
}

/// Reads an outcome. Returns `None` for any other line.
fn read(line: &str) -> Option<Outcome> {
    let answer: Value = serde_json::from_str(line).ok()?;
    let reason = answer["reason"].as_str().unwrap_or_default().to_owned();
    match answer["outcome"].as_str()? {
        "passed" => Some(Outcome::Passed),
        "failed" => Some(Outcome::Failed(reason)),
        "not-run" => Some(Outcome::NotRun(reason)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_as_written() {
        let text = || "two\nlines, and \"quotes\"".to_owned();
        for outcome in [Outcome::Passed, Outcome::Failed(text()), Outcome::NotRun(text())] {
            let line = written(&outcome).to_string();
            assert!(!line.contains('\n'));
            assert_eq!(read(&line), Some(outcome));
        }
        assert_eq!(read("something else"), None);
        assert_eq!(read("[1, 2]"), None);
    }

    /// Runs a worker that executes this script in place of a scenario.
    #[cfg(unix)]
    fn run_script(script: &str) -> Result<Outcome, String> {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("read name; {script}")]);
        let scenario = Scenario { backend: "sys", topic: "worker", name: "script", run: || Ok(()) };
        Process::start(shell).unwrap().run(&scenario)
    }

    #[cfg(unix)]
    #[test]
    fn a_worker_gets_a_name_and_answers() {
        let answer = r#"printf 'noise \377\n\n'; echo "{\"outcome\": \"failed\", \"reason\": \"$name\"}""#;
        assert_eq!(run_script(answer), Ok(Outcome::Failed("sys::worker::script".to_owned())));
    }

    #[cfg(unix)]
    #[test]
    fn a_scenario_that_ends_its_process_has_failed() {
        let failure = |script| run_script(script).unwrap_err();
        assert_eq!(failure("exit 3"), "its process ended: exit status: 3");
        assert!(failure("kill -KILL $$").starts_with("its process ended: signal: 9"));
        assert_eq!(failure(&format!("exit {}", outcome::HANGS)), outcome::timeout_message());
    }
}
