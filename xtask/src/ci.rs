//! `cargo xtask ci`: every check that a change must pass.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::builder::PossibleValuesParser;

use crate::conformance::{self, cross_build};
use crate::counts::Counts;
use crate::shell::{self, BOLD, DIM, GOOD};
use crate::{bench, cpython, minimal_versions, msrv, readiness, targets, tidy};

/// A step: its name, when it runs, and what it does.
type Step = (&'static str, When, fn(&Options) -> Result<Counts>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// With `--quick` too: it needs nothing but Rust.
    Quick,
    /// In the whole gate only.
    Whole,
    /// With `--long` only.
    Long,
    /// In the whole gate, in one of three processes next to the steps that compile: its tests sleep, or use one core.
    Background(usize),
}
use When::{Background, Long, Quick, Whole};

const STEPS: [Step; 19] = [
    ("format", Quick, |_| none(MANIFESTS.into_iter().try_for_each(format))),
    ("lints", Quick, |_| none(lints())),
    ("tidy", Quick, |_| none(tidy::run())),
    ("cpython", Background(0), |_| cpython::run(&cpython::Options::default())),
    ("cpython-emulated", Background(0), |_| cpython::run(&cpython::Options::emulated())),
    ("smol", Background(0), |options| smol(options.long)),
    ("machines", Background(1), |options| machines(&["wine", "i686"], options.long, &["musl"])),
    ("qemu", Background(2), |options| machines(&["aarch64"], options.long, &["s390x", "armv7", "riscv64"])),
    ("readme", Quick, |_| readme()),
    ("tests", Quick, |_| tests()),
    ("docs", Quick, |_| none(docs())),
    ("readiness", Quick, |_| none(readiness::run(&readiness::Options::default()))),
    ("packages", Whole, |_| none(packages())),
    ("msrv", Whole, |_| none(msrv::run())),
    ("targets", Whole, |options| none(targets::run(&targets::Options::of_gate(options.long)))),
    ("minimal-versions", Whole, |_| none(minimal_versions::run())),
    ("carry", Long, |_| none(cross_build::build_all_alone())),
    ("emulations", Whole, |_| emulations()),
    ("instructions", Whole, |_| none(bench::check_instructions())),
];

/// The workspaces.
const MANIFESTS: [&str; 3] = ["Cargo.toml", "tests/smol/Cargo.toml", "tests/smol/speed/Cargo.toml"];

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run only these steps
    #[arg(value_name = "STEP", value_parser = PossibleValuesParser::new(STEPS.map(|(name, ..)| name)))]
    steps: Vec<String>,
    /// Run only the steps that need nothing but Rust
    #[arg(long, conflicts_with = "steps")]
    quick: bool,
    /// Run the step `carry`, and more in `targets` (unknown systems), `smol` (poll, select), `machines` (musl) and `qemu` (s390x, armv7, riscv64)
    #[arg(long, conflicts_with = "quick")]
    long: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let is_whole = options.steps.is_empty() && !options.quick;
    let is_wanted = |(name, when, _): &&Step| match options.steps.as_slice() {
        [] => *when == Quick || is_whole && (*when != Long || options.long),
        wanted => wanted.iter().any(|wanted| wanted == name),
    };
    let steps: Vec<_> = STEPS.iter().filter(is_wanted).collect();
    let (start, mut counts, mut times) = (Instant::now(), Vec::new(), Vec::new());
    let mut background = Vec::new();
    for (index, (name, when, run)) in steps.iter().enumerate() {
        if let (Background(process), true) = (*when, is_whole) {
            if process == background.len() {
                background.push(Job::start(&steps, process, options.long)?);
            }
            continue;
        }
        anstream::println!("\n{BOLD}== {}/{} {name}{BOLD:#}", index + 1, steps.len());
        let begin = Instant::now();
        let result = run(options).and_then(|counts| match counts.failed {
            0 => Ok(counts),
            failed => bail!("{failed} failed"),
        });
        counts.push(result.with_context(|| format!("step {name} (alone: `cargo xtask ci {name}`)"))?);
        anstream::println!("{DIM}{name}: {:.1} s{DIM:#}", begin.elapsed().as_secs_f64());
        times.push((*name, begin.elapsed()));
    }
    for mut job in background {
        counts.push(job.wait()?); // prints the times of its steps
    }
    anstream::println!("\n{BOLD}== all {} steps passed{BOLD:#}", steps.len());
    for (name, time) in times {
        anstream::println!("  {GOOD}✓{GOOD:#} {name:<20} {:>6.1} s", time.as_secs_f64());
    }
    anstream::println!("    {:<20} {:>6.1} s", "together", start.elapsed().as_secs_f64());
    println!("\n{}", counts.into_iter().sum::<Counts>());
    Ok(())
}

/// The process for the steps in the background; stopped when it is dropped.
struct Job {
    child: Child,
    log: PathBuf,
}

impl Job {
    fn start(steps: &[&Step], process: usize, long: bool) -> Result<Self> {
        let steps = steps.iter().filter(|(_, when, _)| *when == Background(process));
        let names: Vec<_> = steps.map(|(name, ..)| *name).collect();
        let log = shell::target_directory()?.join(format!("ci-background-{process}.log"));
        let output = fs::File::create(&log).with_context(|| log.display().to_string())?;
        // Not this program's own file: cargo may have replaced it in the meantime.
        let mut command = shell::cargo(["run", "--quiet", "--package", "xtask", "--", "ci"]);
        command.args(&names).args(long.then_some("--long"));
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().context("cargo does not start")?;
        anstream::println!("\n{BOLD}== in the background: {}{BOLD:#}", names.join(", "));
        Ok(Self { child, log })
    }

    /// Waits for the end, and prints the output.
    fn wait(&mut self) -> Result<Counts> {
        let status = self.child.wait()?;
        let output = fs::read_to_string(&self.log)?;
        print!("{output}");
        if !status.success() {
            bail!("a step in the background failed; see above");
        }
        let last = output.lines().last().unwrap_or_default();
        Ok(Counts::in_output(last))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // It has ended already, unless another step has failed. A test that it runs ends by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn none(result: Result<()>) -> Result<Counts> {
    result.map(|()| Counts::default())
}

fn format(manifest: &str) -> Result<()> {
    shell::run(&mut shell::cargo(["fmt", "--all", "--check", "--manifest-path", manifest]))
}

fn lints() -> Result<()> {
    let mut clippy = shell::cargo(["clippy", "--workspace", "--all-targets", "--all-features"]);
    shell::run(clippy.args(["--", "-D", "warnings"]))
}

/// Runs README's own commands through the shell: the demonstration and the suite on this machine.
fn readme() -> Result<Counts> {
    let readme = fs::read_to_string(shell::root().join("README.md")).context("README.md")?;
    let commands = tidy::test_commands(&readme).context("README has no block with the test command")?;
    let outputs: Result<Vec<_>> = commands
        .iter()
        .map(|line| shell::tee(Command::new("sh").args(["-c", line]).current_dir(shell::root())))
        .collect();
    Ok(Counts::in_output(&outputs?.join("\n")))
}

/// Runs every test but the suite, which README's commands run.
fn tests() -> Result<Counts> {
    // Not all features: `libkqueue` needs a library that is not everywhere.
    let mut others =
        shell::cargo(["test", "--workspace", "--exclude", "conformance", "--exclude", "cpython"]);
    others.args(["--features", "select-sys/devpoll-emulation,selectors/devpoll-emulation"]);
    let mut runs = vec![others];
    for of_suite in [["--lib", "--bins"].as_slice(), &["--doc"]] {
        let mut run = shell::cargo(["test", "--package", "conformance", "--features", "devpoll-emulation"]);
        run.args(of_suite);
        runs.push(run);
    }
    runs.iter_mut().map(|run| Ok(Counts::in_output(&shell::tee(run)?))).sum()
}

/// Runs the examples of kqueue, and the suite.
fn emulations() -> Result<Counts> {
    let mut examples = shell::cargo(["test", "--doc", "--package", "select-sys", "--package", "selectors"]);
    let output = shell::tee(examples.args(["--features", "selectors/libkqueue"]))?;
    let suite = conformance::run(&conformance::Options::of_emulations())?;
    Ok([Counts::in_output(&output), suite].into_iter().sum())
}

fn machines(always: &[&str], long: bool, with_long: &[&str]) -> Result<Counts> {
    let names = [always, if long { with_long } else { &[] }].concat();
    conformance::run(&conformance::Options::of_machines(&names))
}

/// Checks the workspaces of the tests of smol, and runs these tests.
fn smol(long: bool) -> Result<Counts> {
    let folder = shell::target_directory()?.join("smol");
    for manifest in &MANIFESTS[1..] {
        let mut clippy = shell::cargo(["clippy", "--quiet", "--all-targets", "--manifest-path", manifest]);
        shell::run(clippy.args(["--", "-D", "warnings"]).env("CARGO_TARGET_DIR", &folder))?;
    }
    conformance::run(&conformance::Options::of_smol(long))
}

fn docs() -> Result<()> {
    let mut doc = shell::cargo(["doc", "--no-deps", "--all-features"]);
    doc.args(["--package", "select-sys", "--package", "selectors"]).env("RUSTDOCFLAGS", "-D warnings");
    shell::run(&mut doc)
}

/// Packs both crates in one command: `selectors` needs `select-sys`, which may not be published yet.
fn packages() -> Result<()> {
    remove_unpacked("select-sys")?;
    let mut package = shell::cargo(["package", "--allow-dirty", "--quiet"]);
    let packed = shell::run(package.args(["--package", "select-sys", "--package", "selectors"]));
    packed.and(remove_unpacked("select-sys"))
}

/// Removes a package of ours from cargo's home.
///
/// Cargo puts it into a registry below `target`, to build the other package against it, unpacks it in its home, and uses the
/// unpacked files the next time too, whatever was packed under the same version.
fn remove_unpacked(name: &str) -> Result<()> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let registries = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    for registry in registries.into_iter().flatten().flatten() {
        // The folder of a registry is named by its host, `-` and a hash; a registry in a folder has no host.
        if !registry.file_name().to_string_lossy().starts_with('-') {
            continue;
        }
        for entry in fs::read_dir(registry.path())?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(&format!("{name}-")) {
                fs::remove_dir_all(entry.path()).with_context(|| entry.path().display().to_string())?;
            }
        }
        let _ = fs::remove_dir(registry.path()); // unless other packages are in it
    }
    Ok(())
}
