//! Building the suite's test program, running it, and reading what it says.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{self, Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::machine::Machine;
use super::report::Report;
use super::{Name, Outcome, Scenario};
use crate::shell::{self, BAD, BOLD, GOOD, WARN};

/// The test program of the package `conformance`, for one machine.
pub(super) struct Suite {
    machine: Machine,
    program: PathBuf,
    /// Where its log and its output go while it runs: no other process has this folder.
    notes: PathBuf,
}

impl Suite {
    pub(super) fn build(machine: Machine) -> Result<Self> {
        let mut build = machine.cargo()?;
        build.args(["--package", "conformance", "--test", "conformance", "--no-run"]);
        if !machine.features.is_empty() {
            build.args(["--features", &machine.features.join(",")]);
        }
        let program = program(&mut build)?;
        let notes = shell::target_directory()?.join("conformance").join(process::id().to_string());
        Ok(Self { machine, program, notes })
    }

    pub(super) fn list(&self) -> Result<Vec<String>> {
        let output = self.command().arg("--list").stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            bail!("the conformance suite does not list its scenarios ({})", output.status);
        }
        Ok(listed(&String::from_utf8_lossy(&output.stdout)))
    }

    /// Runs the wanted scenarios.
    pub(super) fn run(&self, wanted: &[Name], patience: u64, visible: bool) -> Result<Report> {
        fs::create_dir_all(&self.notes)?;
        let (log, printed) = (self.notes.join("log"), self.notes.join("output"));
        File::create(&log)?;
        let output = File::create(&printed)?;
        let mut command = self.command();
        command.args(["--format", "pretty", "--color", "never"]).arg("--logfile").arg(&log);
        let only = self.notes.join("only");
        fs::write(&only, wanted.iter().map(|name| format!("{}\n", name.full)).collect::<String>())?;
        command.env("CONFORMANCE_ONLY", &only);
        // It has to have told of the one that hangs before it is stopped itself.
        command.env("CONFORMANCE_PATIENCE", (patience * 2 / 3).to_string());
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);

        if visible {
            let name = &self.machine.name;
            anstream::println!("{BOLD}{name}{BOLD:#}: running {}", plural(wanted.len(), "scenario"));
        }
        let start = Instant::now();
        let mut child = command.spawn().context("the conformance suite does not start")?;
        let mut follower = Follower::new(File::open(&log)?, visible);
        let status = follower.follow(&mut child, Duration::from_secs(patience))?;
        if visible {
            println!();
        }

        let seconds = start.elapsed().as_secs_f64();
        let messages = failure_messages(&String::from_utf8_lossy(&follower.text), &follower.ended);
        let scenarios = scenarios(wanted, &follower.ended, &messages, status, patience);
        let printed_text = fs::read(&printed).unwrap_or_default();
        let report = Report::new(&self.machine.name, scenarios, seconds, printed_text);
        if report.counts().failed == 0 && status.is_none_or(|status| !status.success()) {
            bail!("every scenario held, and yet the suite ended badly; see {}", printed.display());
        }
        let _ = fs::remove_dir_all(&self.notes); // what it has to tell is in the report
        Ok(report)
    }

    fn command(&self) -> Command {
        let mut command = self.machine.command(&self.program);
        let package = shell::root().join("tests/conformance");
        // As `cargo test` does it.
        command.current_dir(&package).env("CARGO_MANIFEST_DIR", &package);
        if env::var_os("RUST_BACKTRACE").is_none() {
            command.env("RUST_BACKTRACE", "0");
        }
        command
    }
}

/// `1 scenario`, `2 scenarios`.
pub(super) fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Builds the test program with this command, and gives back where it is.
pub(super) fn program(build: &mut Command) -> Result<PathBuf> {
    shell::build(build, "test", "conformance")
}

/// The names in a list of lines like `name: test`.
fn listed(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_suffix(": test")).map(|name| bare(name).to_owned()).collect()
}

/// A name without the `[kind]` that may stand before it.
fn bare(name: &str) -> &str {
    match name.split_once("] ") {
        Some((kind, rest)) if kind.starts_with('[') => rest.trim(),
        _ => name.trim(),
    }
}

/// Reads the log while the program writes it, and prints a mark for each scenario.
struct Follower {
    log: File,
    text: Vec<u8>,
    /// The length of the text that has been parsed.
    read: usize,
    ended: Vec<(String, Outcome)>,
    last: Instant,
    visible: bool,
}

impl Follower {
    const MARKS_PER_LINE: usize = 80;

    fn new(log: File, visible: bool) -> Self {
        Self { log, text: Vec::new(), read: 0, ended: Vec::new(), last: Instant::now(), visible }
    }

    /// Waits for the end of the program. Returns `None` if no scenario ended in time and the program was killed.
    fn follow(&mut self, child: &mut Child, patience: Duration) -> io::Result<Option<ExitStatus>> {
        loop {
            let status = child.try_wait()?;
            self.look()?;
            if status.is_some() {
                return Ok(status);
            }
            if self.last.elapsed() > patience {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn look(&mut self) -> io::Result<()> {
        self.log.read_to_end(&mut self.text)?;
        while let Some(length) = self.text[self.read..].iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&self.text[self.read..self.read + length]).into_owned();
            self.read += length + 1;
            if let Some((name, outcome)) = ended(&line) {
                if self.visible {
                    self.mark(&outcome);
                }
                self.ended.push((name, outcome));
                self.last = Instant::now();
            }
        }
        Ok(())
    }

    fn mark(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => anstream::print!("{GOOD}.{GOOD:#}"),
            Outcome::Failed(_) => anstream::print!("{BAD}✗{BAD:#}"),
            Outcome::NotRun(_) => anstream::print!("{WARN}○{WARN:#}"),
        }
        if (self.ended.len() + 1) % Self::MARKS_PER_LINE == 0 {
            println!();
        }
        let _ = io::stdout().flush(); // a closed pipe shows when the report is printed
    }
}

/// Reads a line like `test poll::register::twice ... ok`, `... FAILED` or `... ignored (the reason)`.
fn ended(line: &str) -> Option<(String, Outcome)> {
    let (name, rest) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let outcome = match rest.trim_end() {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed(String::new()),
        other => {
            let reason = other.strip_prefix("ignored")?.trim();
            let reason =
                reason.strip_prefix('(').map_or(reason, |inner| inner.strip_suffix(')').unwrap_or(inner));
            let reason = if reason.is_empty() { "no reason given" } else { reason };
            Outcome::NotRun(reason.to_owned())
        }
    };
    Some((bare(name).to_owned(), outcome))
}

/// The messages of those that failed, in their order: each stands below a line `---- name ----`, and a line
/// `failures:` comes before the first and after the last.
fn failure_messages(log: &str, ended: &[(String, Outcome)]) -> Vec<String> {
    let failed = ended.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_)));
    let headings: Vec<_> = failed.map(|(name, _)| format!("---- {name} ----")).collect();
    let mut lines = log.lines().skip_while(|line| *line != "failures:").skip(1).peekable();
    let mut messages = Vec::new();
    for (index, heading) in headings.iter().enumerate() {
        while lines.next_if(|line| line.trim_end() != heading).is_some() {}
        lines.next();
        let end = headings.get(index + 1).map_or("failures:", String::as_str);
        let mut message = Vec::new();
        while let Some(line) = lines.next_if(|line| line.trim_end() != end) {
            message.push(line);
        }
        messages.push(message.join("\n").trim().to_owned());
    }
    messages
}

/// Brings together what was asked for and what came back. What did not come back has failed.
fn scenarios(
    wanted: &[Name],
    ended: &[(String, Outcome)],
    messages: &[String],
    status: Option<ExitStatus>,
    patience: u64,
) -> Vec<Scenario> {
    let missing = match status {
        Some(status) => format!("no result: the test program ended too early ({status})"),
        None => format!("no result: nothing ended for {patience} s, and the test program was stopped"),
    };
    let mut messages = messages.iter();
    let mut results: Vec<_> = Vec::new();
    for (name, outcome) in ended {
        let outcome = match outcome {
            Outcome::Failed(_) => Outcome::Failed(messages.next().cloned().unwrap_or_default()),
            other => other.clone(),
        };
        results.push((name, outcome));
    }
    let outcome_of = |name: &Name| {
        let found = results.iter().find(|(ended, _)| **ended == name.full);
        found.map_or_else(|| Outcome::Failed(missing.clone()), |(_, outcome)| outcome.clone())
    };
    wanted.iter().map(|name| Scenario { name: name.clone(), outcome: outcome_of(name) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    const LOG: &str = "\nrunning 4 tests\n\
        test epoll::register::twice    ... ok\n\
        test poll::select::late        ... FAILED\n\
        test select::limit::thousands  ... ignored (needs (many) descriptors)\n\
        test poll::select::early       ... FAILED\n\n\
        failures:\n\n\
        ---- poll::select::late ----\ntest panicked: left\n---- not a heading ----\n  right\n\n\
        ---- poll::select::early ----\nEPERM\n\n\n\
        failures:\n    poll::select::late\n    poll::select::early\n\n\
        test result: FAILED. 1 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\n";

    fn read(log: &str) -> Vec<(String, Outcome)> {
        log.lines().filter_map(ended).collect()
    }

    #[test]
    fn the_list_is_read() {
        assert_eq!(listed("a::b::c: test\n[kind] d::e::f: test\nnoise\n"), ["a::b::c", "d::e::f"]);
    }

    #[test]
    fn the_log_is_read() {
        let ended = read(LOG);
        let expected = [
            ("epoll::register::twice", Outcome::Passed),
            ("poll::select::late", Outcome::Failed(String::new())),
            ("select::limit::thousands", Outcome::NotRun("needs (many) descriptors".into())),
            ("poll::select::early", Outcome::Failed(String::new())),
        ];
        assert_eq!(ended, expected.map(|(name, outcome)| (name.to_owned(), outcome)));
        let messages = failure_messages(LOG, &ended);
        assert_eq!(messages, ["test panicked: left\n---- not a heading ----\n  right", "EPERM"]);
    }

    #[test]
    fn what_has_no_result_has_failed() {
        let log = "test poll::a::b ... ok\ntest poll::a::c ... ";
        let names = [Name::parse("poll::a::b"), Name::parse("poll::a::c")];
        let killed = ExitStatus::from_raw(11);
        let all = scenarios(&names, &read(log), &[], Some(killed), 1);
        assert_eq!(all[0].outcome, Outcome::Passed);
        let Outcome::Failed(message) = &all[1].outcome else { panic!("{:?}", all[1]) };
        assert!(message.contains("signal: 11"), "{message}");
    }

    #[test]
    fn a_program_that_hangs_is_stopped() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let mut follower = Follower::new(File::open("/dev/null").unwrap(), false);
        let status = follower.follow(&mut child, Duration::from_millis(50)).unwrap();
        assert_eq!(status, None);
    }
}
