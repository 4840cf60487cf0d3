//! `--with smol`: the tests of polling and of crates above it, over the published polling and over ours.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::Outcome::{self, Failed, NotRun};
use super::report::{PUBLISHED, Report};
use super::suite::ended;
use super::{Name, Scenario};
use crate::shell;

const BACKENDS: [&str; 3] = ["select", "poll", "epoll"];

/// Tests that must fail over poll and select, by the start of the name, and why.
const MEANT_TO_FAIL: [(&str, &str); 4] = [
    ("async-io::docs::async-io/src/os/unix.rs - os::unix::reactor_fd", "needs the descriptor of epoll"),
    ("polling::other_modes::edge_triggered", "expects edges on every Linux"),
    ("polling::other_modes::edge_oneshot_triggered", "expects edges on every Linux"),
    ("calloop::lib::loop_logic::tests::insert_bad_source", "expects the error of a wait before the wait"),
];

/// The results by `suite::file::test`. The tests of a program that died are missing.
type Results = BTreeMap<String, Outcome>;

/// Runs the tests over these back ends, or over all.
pub(super) fn run(backends: &[String]) -> Result<Report> {
    let (start, mut scenarios) = (Instant::now(), Vec::new());
    let mut published = test(PUBLISHED, &[])?;
    let is_wanted = |name: &&str| backends.is_empty() || backends.iter().any(|wanted| wanted == name);
    for backend in BACKENDS.into_iter().filter(is_wanted) {
        let mut ours = test(backend, &[])?;
        let mut compared = compare(backend, &published, &ours);
        let failed = compared.iter().filter(|one| matches!(one.outcome, Failed(_)));
        let again: Vec<_> =
            failed.map(|one| one.name.scenario.split_once("::").unwrap_or_default().1).collect();
        if !again.is_empty() {
            println!("run a second time, as they failed over {backend} only: {}", again.join(", "));
            published.extend(test(PUBLISHED, &again)?);
            ours.extend(test(backend, &again)?);
            compared = compare(backend, &published, &ours);
        }
        scenarios.extend(compared);
    }
    scenarios.extend(compare(PUBLISHED, &published, &published));
    let seconds = start.elapsed().as_secs_f64();
    Ok(Report { scenarios, seconds, messages: String::new(), output: String::new() })
}

/// Runs the tests with these in their names, or all.
fn test(column: &str, only: &[&str]) -> Result<Results> {
    let mut runner = shell::cargo(["run", "--quiet", "--manifest-path", "tests/smol/Cargo.toml"]);
    runner.env("CARGO_TARGET_DIR", shell::target_directory()?.join("smol"));
    shell::announce(runner.args(["--package", "runner", "--", column]).args(only));
    let output = runner.stderr(Stdio::inherit()).output().context("cargo does not start")?;
    shell::check(&runner, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(ended).collect())
}

/// Compares with the published polling. A test that fails over both is not run.
fn compare(backend: &str, published: &Results, ours: &Results) -> Vec<Scenario> {
    let outcome = |test: &str| {
        let meant = MEANT_TO_FAIL
            .iter()
            .find(|(name, _)| test.starts_with(name) && ["poll", "select"].contains(&backend));
        match (ours.get(test), published.get(test), meant) {
            (Some(Failed(_)), _, Some((_, reason))) => NotRun(format!("meant to fail: it {reason}")),
            (Some(Failed(_)), Some(Failed(_)), None) => NotRun("fails over the published polling".to_owned()),
            (Some(outcome), _, None) => outcome.clone(),
            (Some(_), _, Some(_)) => Failed("is meant to fail, and does not".to_owned()),
            (None, ..) => Failed("has not ended".to_owned()),
        }
    };
    let tests: BTreeSet<_> = published.keys().chain(ours.keys()).collect();
    let scenario =
        |test: &String| Scenario { name: Name::parse(&format!("{backend}::{test}")), outcome: outcome(test) };
    tests.into_iter().map(scenario).collect()
}
