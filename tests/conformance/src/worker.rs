//! The process in which the scenarios run. One that ends it, or does not end, has failed; the rest have another one.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{Outcome, Scenario, child, outcome};

/// Set in it.
const WORKER: &str = "CONFORMANCE_WORKER";

/// Over and above the patience: a process has that long to end by itself.
const GRACE: Duration = Duration::from_secs(30);

/// What is said of one that does not answer. It is stopped.
const HANGS: &str = "its process was stopped: it hangs";

/// Runs one scenario after another in a process of their own.
#[derive(Debug, Default)]
pub struct Worker {
    process: Option<Process>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    /// The names of what it is to run, a line each. It ends with them.
    names: ChildStdin,
    /// What came out, a line of JSON each.
    answers: Receiver<String>,
}

impl Worker {
    /// What comes out of a scenario.
    pub fn run(&mut self, scenario: &Scenario) -> Outcome {
        let start = Instant::now();
        #[cfg(all(target_os = "linux", feature = "libkqueue"))]
        let outcome = crate::libkqueue::judged(scenario, || self.outcome(scenario));
        #[cfg(not(all(target_os = "linux", feature = "libkqueue")))]
        let outcome = self.outcome(scenario);
        outcome::report(scenario, &outcome, start.elapsed());
        outcome
    }

    fn outcome(&mut self, scenario: &Scenario) -> Outcome {
        match self.process() {
            Ok(process) => process.run(scenario).unwrap_or_else(|end| {
                self.process = None;
                Outcome::Failed(end)
            }),
            Err(error) => {
                eprintln!("no process of their own for the scenarios: {error}");
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
        let mut child = command.spawn()?;
        let (Some(names), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let (line, answers) = channel();
        thread::spawn(move || {
            // It ends with the process, or with the receiver.
            let lines = BufReader::new(output).split(b'\n').map_while(Result::ok);
            let _ = lines
                .map(|text| String::from_utf8_lossy(&text).into_owned())
                .try_for_each(|text| line.send(text));
        });
        Ok(Self { child, names, answers })
    }

    /// What came out, or how the process ended before it said so.
    fn run(&mut self, scenario: &Scenario) -> Result<Outcome, String> {
        // If it is not there any more, it does not answer either.
        let _ = writeln!(self.names, "{}", scenario.full_name());
        let end = Instant::now() + outcome::patience() + GRACE;
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
                        Some(outcome::HANGS) => outcome::hangs(),
                        _ => format!("its process ended: {status}"),
                    });
                }
            }
        }
    }
}

impl Process {
    /// How it ended. It may go on although it can say nothing any more.
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
        // What it has to do is done, or it does not do it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a worker, runs what it is told to; `None` in any other process.
pub fn run(scenarios: &[Scenario]) -> Option<ExitCode> {
    env::var_os(WORKER)?;
    crate::os::limits::no_core_files();
    crate::os::limits::enough();
    let mut line = String::new();
    while io::stdin().read_line(&mut line).is_ok_and(|length| length > 0) {
        let name = line.trim_end();
        let outcome = match scenarios.iter().find(|scenario| scenario.full_name() == name) {
            Some(scenario) => scenario.outcome(),
            None => Outcome::Failed(format!("no scenario is called {name:?}")),
        };
        // On a line of its own, whatever was printed before.
        println!("\n{}", written(&outcome));
        line.clear();
    }
    Some(ExitCode::SUCCESS)
}

fn written(outcome: &Outcome) -> Value {
    let (kind, reason) = outcome.parts();
    json!({ "outcome": kind, "reason": reason })
}

/// Reads an answer; `None` if it is something else that was printed.
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
    fn what_is_written_is_read() {
        let said = || "two\nlines, and \"quotes\"".to_owned();
        for outcome in [Outcome::Passed, Outcome::Failed(said()), Outcome::NotRun(said())] {
            let line = written(&outcome).to_string();
            assert!(!line.contains('\n'));
            assert_eq!(read(&line), Some(outcome));
        }
        assert_eq!(read("something else"), None);
        assert_eq!(read("[1, 2]"), None);
    }

    /// What comes of a worker that runs this script in place of a scenario.
    #[cfg(unix)]
    fn ended(script: &str) -> Result<Outcome, String> {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("read name; {script}")]);
        let scenario = Scenario { backend: "sys", topic: "worker", name: "ended", run: || Ok(()) };
        Process::start(shell).unwrap().run(&scenario)
    }

    #[cfg(unix)]
    #[test]
    fn a_scenario_is_named_and_answers() {
        let answer = r#"printf 'noise \377\n\n'; echo "{\"outcome\": \"failed\", \"reason\": \"$name\"}""#;
        assert_eq!(ended(answer), Ok(Outcome::Failed("sys::worker::ended".to_owned())));
    }

    #[cfg(unix)]
    #[test]
    fn a_scenario_that_ends_its_process_has_failed() {
        let why = |script| ended(script).unwrap_err();
        assert_eq!(why("exit 3"), "its process ended: exit status: 3");
        assert!(why("kill -KILL $$").starts_with("its process ended: signal: 9"));
        assert_eq!(why(&format!("exit {}", outcome::HANGS)), outcome::hangs());
    }
}
