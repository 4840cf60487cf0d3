//! Scenarios that need a process of their own: another environment, a limit, no other threads.

use std::env;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{self, Command, ExitCode, Stdio};

use crate::{NotRun, Outcome, Run, Scenario, outcome};

/// Set in a child: which part of the scenario it is to run.
const PART: &str = "CONFORMANCE_PART";

/// Set where this program is run by another one, an emulator: its name.
pub(crate) const RUNNER: &str = "CONFORMANCE_RUNNER";

/// The part of a child that is no scenario: it says what it is told.
const ECHO: &str = "echo";

/// The exit status of a child that could not run its part.
const NOT_RUN: u8 = 77;

/// Runs `body` in a child process: this program, started again for this scenario alone, with these variables set.
///
/// In the child, the scenario runs from its beginning to the end, but of all its parts only the `body` of the one with
/// this name.
///
/// # Errors
///
/// The child could not run it.
///
/// # Panics
///
/// It failed in the child.
pub fn in_child(part: &str, variables: &[(&str, &str)], body: impl FnOnce() -> Run) -> Run {
    if let Some(wanted) = env::var_os(PART) {
        return if wanted == part { body() } else { Ok(()) };
    }
    let mut child = self::part(part);
    child.envs(variables.iter().copied());
    // If it does not end, this process is to be there still, and to say so.
    child.env(outcome::PATIENCE, (outcome::patience() * 3 / 4).as_secs().max(1).to_string());
    // A bare system need not have a null device; a pipe that nobody writes to is as good.
    let stdin = File::open("/dev/null").map_or_else(|_| Stdio::piped(), Stdio::from);
    let output = child.stdin(if cfg!(windows) { Stdio::null() } else { stdin }).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.code() {
        Some(0) => Ok(()),
        Some(code) if code == i32::from(NOT_RUN) => Err(NotRun(said(&output.stdout))),
        _ => panic!("in a child ({}): {}", output.status, said(&output.stderr)),
    }
}

/// Ends this process, which is a child: it cannot run its part, for this reason.
pub fn not_run(reason: impl fmt::Display) -> ! {
    println!("{reason}");
    process::exit(NOT_RUN.into())
}

/// This program, to be started again for this part of the scenario that runs.
///
/// # Panics
///
/// This program does not know where it is.
pub fn part(part: &str) -> Command {
    let mut child = this_program().unwrap();
    child.args(["--exact", &outcome::current()]).env(PART, part);
    child
}

/// Whether this is a process that was started for this part.
pub fn is_part(part: &str) -> bool {
    env::var_os(PART).is_some_and(|wanted| wanted == part)
}

/// A program that writes what it reads, until the end.
///
/// # Panics
///
/// This program does not know where it is.
pub fn echo() -> Command {
    let mut command = this_program().unwrap();
    command.env(PART, ECHO);
    command
}

pub(crate) fn this_program() -> io::Result<Command> {
    // Linux without /proc does not tell.
    let named = || env::args_os().next().map(PathBuf::from);
    let program = env::current_exe().or_else(|error| named().ok_or(error))?;
    let Some(runner) = env::var_os(RUNNER) else { return Ok(Command::new(program)) };
    let mut command = Command::new(runner);
    command.arg(program);
    Ok(command)
}

/// In a child, runs its scenario; `None` in any other process.
pub fn run(scenarios: &[Scenario]) -> Option<ExitCode> {
    if env::var_os(PART)? == ECHO {
        let copied = io::copy(&mut io::stdin(), &mut io::stdout());
        return Some(if copied.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let name = env::args().next_back().unwrap_or_default();
    let found = scenarios.iter().find(|scenario| scenario.full_name() == name);
    Some(match found.map(Scenario::outcome) {
        Some(Outcome::Passed) => ExitCode::SUCCESS,
        Some(Outcome::NotRun(reason)) => {
            println!("{reason}");
            NOT_RUN.into()
        }
        Some(Outcome::Failed(_)) => ExitCode::FAILURE, // its message was printed when it panicked
        None => {
            eprintln!("no scenario is called {name:?}");
            ExitCode::FAILURE
        }
    })
}
