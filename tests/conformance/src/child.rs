//! Children: parts of a scenario that need a process of their own, for another environment, a limit, or a single thread.

use std::env;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{self, Command, ExitCode, Stdio};

use crate::{NotRun, Outcome, Run, Scenario, outcome};

/// The environment variable with the part that a child runs.
const PART: &str = "CONFORMANCE_PART";

/// The environment variable with the name of the emulator that runs this program.
pub const RUNNER: &str = "CONFORMANCE_RUNNER";

/// The part of a child that runs no scenario, but echoes its input.
const ECHO: &str = "echo";

/// The exit status of a child that cannot run its part.
const NOT_RUN: u8 = 77;

/// Runs `body` in a child process: this program, started again for this scenario, with these environment variables.
///
/// The child runs the whole scenario, but of all its parts only the one with this name.
///
/// # Errors
///
/// The child cannot run the part.
///
/// # Panics
///
/// The part failed in the child.
pub fn in_child(part: &str, variables: &[(&str, &str)], body: impl FnOnce() -> Run) -> Run {
    if let Some(wanted) = env::var_os(PART) {
        return if wanted == part { body() } else { Ok(()) };
    }
    let mut child = self::part(part);
    child.envs(variables.iter().copied());
    // A child that does not end must reach its limit before this process does, which reports it.
    child.env(outcome::TIME_LIMIT, (outcome::time_limit() * 3 / 4).as_secs().max(1).to_string());
    // A bare system may have no null device. A pipe without a writer serves as well.
    let stdin = File::open("/dev/null").map_or_else(|_| Stdio::piped(), Stdio::from);
    let output = child.stdin(if cfg!(windows) { Stdio::null() } else { stdin }).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.code() {
        Some(0) => Ok(()),
        Some(code) if code == i32::from(NOT_RUN) => Err(NotRun(text(&output.stdout))),
        _ => panic!("a child failed ({}): {}", output.status, text(&output.stderr)),
    }
}

/// Ends this process, a child that cannot run its part for this reason.
pub fn not_run(reason: impl fmt::Display) -> ! {
    println!("{reason}");
    process::exit(NOT_RUN.into())
}

/// Returns a command that starts this program again for this part of the current scenario.
///
/// # Panics
///
/// The path of this program is unknown.
pub fn part(part: &str) -> Command {
    let mut child = this_program().unwrap();
    child.args(["--exact", &outcome::current()]).env(PART, part);
    child
}

/// Returns whether this process was started for this part.
pub fn is_part(part: &str) -> bool {
    env::var_os(PART).is_some_and(|wanted| wanted == part)
}

/// Returns a command that starts a program which echoes its input.
///
/// # Panics
///
/// The path of this program is unknown.
pub fn echo() -> Command {
    let mut command = this_program().unwrap();
    command.env(PART, ECHO);
    command
}

pub(crate) fn this_program() -> io::Result<Command> {
    // `current_exe` fails on Linux without /proc.
    let named = || env::args_os().next().map(PathBuf::from);
    let program = env::current_exe().or_else(|error| named().ok_or(error))?;
    let Some(runner) = env::var_os(RUNNER) else { return Ok(Command::new(program)) };
    let mut command = Command::new(runner);
    command.arg(program);
    Ok(command)
}

/// Runs the scenario of a child. Returns `None` in any other process.
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
        Some(Outcome::Failed(_)) => ExitCode::FAILURE, // the panic has printed its message
        None => {
            eprintln!("unknown scenario {name:?}");
            ExitCode::FAILURE
        }
    })
}
