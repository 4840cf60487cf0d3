//! `cargo xtask ci`: everything a change must pass.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::shell::{self, BOLD, DIM, GOOD, PLAIN, WARN};
use crate::system::System;
use crate::{bench, msrv, targets, tidy};

/// One thing that is done.
struct Step {
    name: &'static str,
    /// Whether it takes packages of Debian 12 for what is not here.
    of_debian: bool,
    /// Does it, and adds the tests it ran.
    run: fn(&mut Counts) -> Result<()>,
}

impl Step {
    const fn new(name: &'static str, run: fn(&mut Counts) -> Result<()>) -> Self {
        Self { name, of_debian: false, run }
    }

    const fn of_debian(name: &'static str, run: fn(&mut Counts) -> Result<()>) -> Self {
        Self { name, of_debian: true, run }
    }
}

const STEPS: [Step; 15] = [
    Step::new("formatting", |_| shell::run(&mut shell::cargo(["fmt", "--all", "--check"]))),
    Step::new("lints", |_| lints()),
    Step::new("tidy", |_| done(tidy::run()?)),
    Step::new("the commands of README", commands_of_readme),
    Step::new("all other tests", other_tests),
    Step::of_debian("emulations and other machines", other_machines),
    Step::of_debian("CPython's own tests", |counts| conformance(counts, "cpython")),
    Step::of_debian("those of emulations", |counts| {
        conformance(counts, "cpython,devpoll-emulation,libkqueue")
    }),
    Step::new("truth tables", |_| truth_tables()),
    Step::of_debian("instructions", |_| bench::check_instructions()),
    Step::new("documentation", |_| documentation()),
    Step::of_debian("oldest Rust", |_| done(msrv::run()?)),
    Step::new("packages", |_| packages()),
    Step::of_debian("other targets", |_| done(targets::run(&targets::Options::default())?)),
    Step::of_debian("files to carry", |_| files_to_carry()),
];

/// What all tests together came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    /// Adds what the lines of some output tell: `test result: ok. 3 passed; 0 failed; 1 ignored; ...` of a test
    /// program, `3 passed, 0 failed, 1 skipped` of the conformance suite.
    fn add_from(&mut self, output: &str) {
        for line in output.lines() {
            let result = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "));
            let numbers = match result {
                Some((_, rest)) => counts(rest, ';', ["passed", "failed", "ignored"]),
                None => counts(line, ',', ["passed", "failed", "skipped"]),
            };
            if let Some([passed, failed, skipped]) = numbers {
                self.passed += passed;
                self.failed += failed;
                self.skipped += skipped;
            }
        }
    }
}

/// Reads `1 a, 2 b, 3 c` for three known words.
fn counts(text: &str, separator: char, words: [&str; 3]) -> Option<[u64; 3]> {
    let mut parts = text.split(separator).map(str::trim);
    let mut numbers = [0; 3];
    for (number, word) in numbers.iter_mut().zip(words) {
        *number = parts.next()?.strip_suffix(word)?.trim_end().parse().ok()?;
    }
    Some(numbers)
}

pub(crate) fn run() -> Result<ExitCode> {
    warn_of_other_systems();
    let (start, mut counts) = (Instant::now(), Counts::default());
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (index, Step { name, run, .. }) in STEPS.iter().enumerate() {
        let place = format!("{}/{}", index + 1, STEPS.len());
        anstream::println!("\n{BOLD}== {place} {name}{BOLD:#}");
        let begin = Instant::now();
        run(&mut counts).with_context(|| format!("step {place}, {name}"))?;
        anstream::println!("{DIM}{name}: {:.1} s{DIM:#}", begin.elapsed().as_secs_f64());
        times.push((name, begin.elapsed()));
    }
    anstream::println!("\n{BOLD}== all {} steps passed{BOLD:#}", STEPS.len());
    for (name, time) in times {
        anstream::println!("  {GOOD}✓{GOOD:#} {name:<24} {:>6.1} s", time.as_secs_f64());
    }
    anstream::println!("    {:<24} {:>6.1} s", "together", start.elapsed().as_secs_f64());
    println!("\n{} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.skipped);
    Ok(ExitCode::SUCCESS)
}

/// Says beforehand what may fail for want of a package.
fn warn_of_other_systems() {
    let system = System::this();
    if !system.is_debian_12() {
        let steps: Vec<_> = STEPS.iter().filter(|step| step.of_debian).map(|step| step.name).collect();
        anstream::eprintln!(
            "{WARN}this is {}, not Debian 12{PLAIN}, whose packages these steps take for what is not here: {}",
            system.name,
            steps.join(", ")
        );
    }
}

fn done(code: ExitCode) -> Result<()> {
    if code != ExitCode::SUCCESS {
        bail!("failed");
    }
    Ok(())
}

fn lints() -> Result<()> {
    let mut clippy = shell::cargo(["clippy", "--workspace", "--all-targets", "--all-features"]);
    shell::run(clippy.args(["--", "-D", "warnings"]))
}

/// Runs what README tells to run, as it stands there, through the shell.
///
/// What the suite counts is not added: [`other_machines`] runs all of it again, and more.
fn commands_of_readme(_: &mut Counts) -> Result<()> {
    let readme = fs::read_to_string(shell::root().join("README.md")).context("README.md")?;
    let (_, commands) = tidy::test_commands(&readme).context("README has no block with the test command")?;
    for line in commands {
        shell::run(Command::new("sh").args(["-c", &line]).current_dir(shell::root()))?;
    }
    Ok(())
}

/// Runs the suite on everything that this machine can act as.
fn other_machines(counts: &mut Counts) -> Result<()> {
    conformance(counts, "all")
}

fn conformance(counts: &mut Counts, with: &str) -> Result<()> {
    let run = ["run", "--quiet", "--package", "xtask", "--", "conformance", "--with", with];
    count(&mut shell::cargo(run), counts)
}

/// Links the suite for the two systems on which it can be run by carrying a file.
fn files_to_carry() -> Result<()> {
    for target in ["x86_64-unknown-freebsd", "x86_64-unknown-netbsd"] {
        let run = ["run", "--quiet", "--package", "xtask", "--", "conformance", "--build", target];
        shell::run(&mut shell::cargo(run))?;
    }
    Ok(())
}

/// Runs a command, shows what it prints, and adds the tests that it counts.
fn count(command: &mut Command, counts: &mut Counts) -> Result<()> {
    let (status, output) = shell::tee(command)?;
    counts.add_from(&output);
    shell::check(command, status)
}

/// Every test but the conformance suite, which README's commands have run.
fn other_tests(counts: &mut Counts) -> Result<()> {
    // Not all features: `libkqueue` takes a library that is not everywhere.
    let features = "select-sys/devpoll-emulation,selectors/devpoll-emulation";
    let mut packages = shell::cargo(["test", "--workspace", "--features", features]);
    packages.args(["--exclude", "conformance", "--exclude", "cpython"]);
    let mut runs = vec![packages];
    for arguments in of_conformance(&shell::metadata()?) {
        let mut run = shell::cargo(["test", "--package", "conformance", "--features", "devpoll-emulation"]);
        run.args(arguments);
        runs.push(run);
    }
    runs.iter_mut().try_for_each(|run| count(run, counts))
}

/// How to name the tests of the package `conformance` besides the suite itself, for one run of cargo each.
fn of_conformance(metadata: &Value) -> Vec<Vec<String>> {
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let Some(package) = packages.find(|package| package["name"] == "conformance") else { return Vec::new() };
    let (mut programs, mut runs) = (Vec::new(), Vec::new());
    for target in package["targets"].as_array().into_iter().flatten() {
        let name = target["name"].as_str().unwrap_or_default();
        match target["kind"][0].as_str().unwrap_or_default() {
            "lib" => {
                programs.push("--lib".to_owned());
                runs.push(vec!["--doc".to_owned()]);
            }
            kind @ ("bin" | "test") if (kind, name) != ("test", "conformance") => {
                programs.extend([format!("--{kind}"), name.to_owned()]);
            }
            _ => {}
        }
    }
    if !programs.is_empty() {
        runs.insert(0, programs);
    }
    runs
}

fn truth_tables() -> Result<()> {
    crate::truth::run(&crate::truth::Options::default()).map(drop)
}

fn documentation() -> Result<()> {
    let mut doc = shell::cargo(["doc", "--no-deps", "--all-features"]);
    doc.args(["--package", "select-sys", "--package", "selectors"]).env("RUSTDOCFLAGS", "-D warnings");
    shell::run(&mut doc)
}

/// Both at once, as one needs the other and neither may be published yet.
fn packages() -> Result<()> {
    forget_unpacked("select-sys")?;
    let mut package = shell::cargo(["package", "--allow-dirty", "--quiet"]);
    let packed = shell::run(package.args(["--package", "select-sys", "--package", "selectors"]));
    let forgotten = forget_unpacked("select-sys");
    packed.and(forgotten)
}

/// Removes what cargo has unpacked of a package of ours.
///
/// It puts a package that is not published into a registry below `target`, to build the other against it, unpacks it from
/// there as it does all packages, and takes what is unpacked the next time as well, though another may have been packed
/// under the same version.
fn forget_unpacked(name: &str) -> Result<()> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let Some(home) = home else { return Ok(()) };
    let Ok(registries) = fs::read_dir(home.join("registry/src")) else { return Ok(()) };
    for registry in registries {
        let registry = registry?;
        // Cargo calls it by its host, `-` and a hash, and one in a folder has no host.
        if !registry.file_name().to_string_lossy().starts_with('-') {
            continue;
        }
        let folder = registry.path();
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(&format!("{name}-")) {
                fs::remove_dir_all(entry.path()).with_context(|| entry.path().display().to_string())?;
                let _ = fs::remove_dir(&folder); // if there is nothing else in it
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut counts = Counts::default();
        counts.add_from(
            "running 3 tests\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
             test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured\n  12 passed, 0 failed, 5 skipped\n\
             one passed, two failed\n",
        );
        assert_eq!(counts, Counts { passed: 19, failed: 2, skipped: 6 });
    }

    #[test]
    fn the_suite_itself_is_left_out() {
        let metadata = serde_json::json!({"packages": [{"name": "conformance", "targets": [
            {"name": "conformance", "kind": ["lib"]},
            {"name": "conformance", "kind": ["test"]},
            {"name": "transcripts", "kind": ["test"]},
            {"name": "truth", "kind": ["bin"]},
        ]}]});
        let expected = vec![vec!["--lib", "--test", "transcripts", "--bin", "truth"], vec!["--doc"]];
        assert_eq!(of_conformance(&metadata), expected);
    }
}
