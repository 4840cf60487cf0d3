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
    pub(super) fn run(&self, wanted: Vec<Name>, patience: u64, soak: u64) -> Result<Report> {
        fs::create_dir_all(&self.notes)?;
        let (log, printed) = (self.notes.join("log"), self.notes.join("output"));
        File::create(&log)?;
        let output = File::create(&printed)?;
        let mut command = self.command();
        command.args(["--format", "pretty", "--color", "never"]).arg("--logfile").arg(&log);
        let only = self.notes.join("only");
        fs::write(&only, wanted.iter().map(|name| format!("{}\n", name.full)).collect::<String>())?;
        command.env("CONFORMANCE_ONLY", &only);
        // The program has to report the scenario that hangs before it is stopped itself.
        command.env("CONFORMANCE_PATIENCE", (patience * 2 / 3).to_string());
        command.env("CONFORMANCE_SOAK", soak.to_string());
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);

        anstream::println!("{BOLD}{}{BOLD:#}: {}", self.machine.name, plural(wanted.len(), "scenario"));
        let start = Instant::now();
        let mut child = command.spawn().context("the conformance suite does not start")?;
        let mut follower = Follower::new(File::open(&log)?);
        let status = follower.follow(&mut child, Duration::from_secs(patience))?;
        println!();

        let seconds = start.elapsed().as_secs_f64();
        let scenarios = scenarios(wanted, &follower.ended, status, patience);
        let output = fs::read(&printed).unwrap_or_default();
        let output = String::from_utf8_lossy(&output).into_owned();
        let messages = messages(&String::from_utf8_lossy(&follower.text)).to_owned();
        let report = Report { scenarios, seconds, messages, output };
        if report.counts().failed == 0 && status.is_none_or(|status| !status.success()) {
            bail!("every scenario passed, and yet the program failed; see {}", printed.display());
        }
        let _ = fs::remove_dir_all(&self.notes); // the report has all of it
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

/// Builds the test program with this command, and returns its path.
pub(super) fn program(build: &mut Command) -> Result<PathBuf> {
    shell::build(build, "test", "conformance")
}

/// The names in a list of lines like `name: test`.
fn listed(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_suffix(": test")).map(|name| name.trim().to_owned()).collect()
}

/// Reads the log while the program writes it, and prints a mark for each scenario.
struct Follower {
    log: File,
    text: Vec<u8>,
    /// The length of the text that has been parsed.
    read: usize,
    ended: Vec<(String, Outcome)>,
    last: Instant,
}

impl Follower {
    const MARKS_PER_LINE: usize = 80;

    fn new(log: File) -> Self {
        Self { log, text: Vec::new(), read: 0, ended: Vec::new(), last: Instant::now() }
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
                self.mark(&outcome);
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
pub(super) fn ended(line: &str) -> Option<(String, Outcome)> {
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
    Some((name.trim().to_owned(), outcome))
}

/// Joins the wanted scenarios with the results. A scenario without a result has failed.
fn scenarios(
    wanted: Vec<Name>,
    ended: &[(String, Outcome)],
    status: Option<ExitStatus>,
    patience: u64,
) -> Vec<Scenario> {
    let missing = match status {
        Some(status) => format!("no result: the test program ended too early ({status})"),
        None => format!("no result: nothing ended for {patience} s, and the test program was stopped"),
    };
    let result = |name: Name| {
        let found = ended.iter().find(|(ended, _)| *ended == name.full);
        let outcome = found.map_or_else(|| Outcome::Failed(missing.clone()), |(_, outcome)| outcome.clone());
        Scenario { name, outcome }
    };
    wanted.into_iter().map(result).collect()
}

/// Returns the part of the log that has the messages of the scenarios that failed.
fn messages(log: &str) -> &str {
    let after = log.split_once("\nfailures:\n").map_or("", |(_, after)| after);
    after.split_once("\nfailures:\n").map_or(after, |(messages, _)| messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    const LOG: &str = "\nrunning 3 tests\n\
        test epoll::register::twice    ... ok\n\
        test poll::select::late        ... FAILED\n\
        test select::limit::thousands  ... ignored (needs (many) descriptors)\n\
        test poll::select::kil\n\n\
        failures:\n\n\
        ---- poll::select::late ----\nleft\n\n\
        failures:\n    poll::select::late\n\n";

    #[test]
    fn the_log_is_read() {
        let ended: Vec<_> = LOG.lines().filter_map(ended).collect();
        let names = [
            "epoll::register::twice",
            "poll::select::late",
            "select::limit::thousands",
            "poll::select::kill",
        ];
        let names = names.map(Name::parse).to_vec();
        let outcomes = scenarios(names, &ended, Some(ExitStatus::from_raw(11)), 1);
        let outcomes: Vec<_> = outcomes.into_iter().map(|scenario| scenario.outcome).collect();
        assert_eq!(outcomes[0], Outcome::Passed);
        assert_eq!(outcomes[1], Outcome::Failed(String::new()));
        assert_eq!(outcomes[2], Outcome::NotRun("needs (many) descriptors".into()));
        assert!(
            matches!(&outcomes[3], Outcome::Failed(message) if message.contains("signal: 11")),
            "{outcomes:?}"
        );
        assert_eq!(messages(LOG).trim(), "---- poll::select::late ----\nleft");
    }

    #[test]
    fn a_program_that_hangs_is_stopped() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let mut follower = Follower::new(File::open("/dev/null").unwrap());
        assert_eq!(follower.follow(&mut child, Duration::from_millis(50)).unwrap(), None);
    }
}
