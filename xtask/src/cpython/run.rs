//! Runs test modules, each in a process of its own, some at the same time.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::interpreter::Interpreter;
use super::{Tests, modules, read};
use crate::shell::{self, DIM};

/// Whose modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Theirs,
    Ours,
}

impl Side {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Theirs => "theirs",
            Self::Ours => "ours",
        }
    }
}

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Skipped,
    /// With what was said about it.
    Failed(String),
}

/// A test module, or some of its tests.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// Its place in the list.
    pub(super) interpreter: usize,
    pub(super) side: Side,
    pub(super) module: String,
    /// Only these tests, if there are any.
    pub(super) only: Vec<String>,
}

/// A line of what `run.py` writes.
#[derive(Deserialize)]
struct Line {
    test: String,
    outcome: String,
    detail: String,
}

/// How many at once, for each processor. Most of them sleep, but the gate compiles next to them, and some have time limits.
const PER_PROCESSOR: usize = 2;

/// Runs everything, and returns the tests of each interpreter.
pub(super) fn all(
    interpreters: &[Interpreter],
    package: &Path,
    works: &[Work],
    left_out: &[&str],
) -> Result<Vec<Tests>> {
    let results = Mutex::new(vec![Tests::new(); interpreters.len()]);
    let next = AtomicUsize::new(0);
    let threads = PER_PROCESSOR * thread::available_parallelism().map_or(1, Into::into);
    let run = || -> Result<()> {
        while let Some(work) = works.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcomes = one(&interpreters[work.interpreter], package, work, left_out)?;
            merge(&mut results.lock().unwrap()[work.interpreter], work.side, outcomes);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.min(works.len())).map(|_| scope.spawn(run)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("it does not panic"))
    })?;
    Ok(results.into_inner().unwrap())
}

/// Runs some tests once more, one after the other; what they say now counts, and how their processes end as well.
pub(super) fn again(
    interpreters: &[Interpreter],
    package: &Path,
    works: &[Work],
    results: &mut [Tests],
) -> Result<()> {
    for work in works {
        let outcomes = one(&interpreters[work.interpreter], package, work, &[])?;
        merge(&mut results[work.interpreter], work.side, outcomes);
    }
    Ok(())
}

fn merge(tests: &mut Tests, side: Side, outcomes: BTreeMap<String, Outcome>) {
    for (test, outcome) in outcomes {
        tests.entry(test).or_default()[side as usize] = Some(outcome);
    }
}

/// Runs one process to its end.
fn one(
    interpreter: &Interpreter,
    package: &Path,
    work: &Work,
    left_out: &[&str],
) -> Result<BTreeMap<String, Outcome>> {
    let folder = shell::target_directory()?.join("cpython/results").join(interpreter.name.replace(' ', "-"));
    fs::create_dir_all(&folder)?;
    let lines = folder.join(format!("{}.{}.json", work.module, work.side.name()));
    let log = lines.with_extension("log");
    let mut command = interpreter.command(work.side);
    command
        .arg(package.join("python/run.py"))
        .arg(&lines)
        .args([work.side.name(), &modules::full_name(&work.module)]);
    if !work.only.is_empty() {
        command.arg("--only").args(&work.only);
    } else if !left_out.is_empty() {
        command.arg("--without").args(left_out);
    }
    let output = File::create(&log)?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).current_dir(env::temp_dir());
    let status = command.status().with_context(|| format!("{} does not start", interpreter.name))?;
    let mut outcomes = outcomes(&read(&lines).unwrap_or_default())?;
    let ended = match status.success() {
        true if outcomes.is_empty() && work.only.is_empty() => Some("it has run no test".to_owned()),
        true => None,
        false => {
            let log = read(&log)?;
            let tail: Vec<_> = log.lines().rev().take(30).collect();
            Some(format!("{status}\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n")))
        }
    };
    if let Some(how) = ended {
        let process = format!("{} (the process)", modules::full_name(&work.module));
        outcomes.insert(process, Outcome::Failed(how));
    }
    anstream::println!("{DIM}{} {:<6} {}{DIM:#}", interpreter.name, work.side.name(), work.module);
    Ok(outcomes)
}

/// Reads the outcomes; a test that was started and did not end has failed.
fn outcomes(lines: &str) -> Result<BTreeMap<String, Outcome>> {
    let mut outcomes = BTreeMap::new();
    for line in lines.lines() {
        let Line { test, outcome, detail } = serde_json::from_str(line).context("run.py wrote no JSON")?;
        let outcome = match outcome.as_str() {
            "passed" => Outcome::Passed,
            "skipped" => Outcome::Skipped,
            "started" => Outcome::Failed("it did not end".to_owned()),
            _ => Outcome::Failed(detail),
        };
        outcomes.insert(test, outcome);
    }
    Ok(outcomes)
}
