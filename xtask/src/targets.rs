//! `cargo xtask targets`: clippy and rustdoc for the systems that are not at hand.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell;
use crate::toolchain::Toolchain;

/// Every target that compiles something which the others do not, but for i686, which the suite is built for.
const TARGETS: [&str; 13] = [
    "x86_64-unknown-freebsd",
    "x86_64-unknown-netbsd",
    "x86_64-unknown-openbsd",
    "x86_64-unknown-dragonfly",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "aarch64-apple-ios",
    "x86_64-unknown-illumos",
    "x86_64-pc-solaris",
    "x86_64-pc-windows-gnu",
    "x86_64-pc-windows-msvc",
    "aarch64-linux-android",
    "riscv32gc-unknown-linux-gnu", // 32 bits, and a `time_t` of 64
];

/// Systems that the crates do not know, and serve with the calls of POSIX. (The library itself does not compile for AIX.)
const UNKNOWN: [&str; 3] = ["x86_64-unknown-haiku", "i686-unknown-hurd-gnu", "x86_64-pc-cygwin"];

/// The targets whose part of the suite is not compiled: iOS is as macOS, and the gate runs the suite over Wine and on i686.
const WITHOUT_SUITE: [&str; 3] =
    ["aarch64-apple-ios", "x86_64-pc-windows-gnu", "riscv32gc-unknown-linux-gnu"];

/// The targets whose documentation docs.rs shows, as the manifests of the crates say.
const DOCUMENTED: [&str; 5] = [
    "x86_64-unknown-freebsd",
    "x86_64-unknown-netbsd",
    "aarch64-apple-darwin",
    "x86_64-unknown-illumos",
    "x86_64-pc-windows-msvc",
];

const CRATES: [&str; 4] = ["--package", "select-sys", "--package", "selectors"];

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only the targets whose name contains this
    #[arg(value_name = "TEXT")]
    only: Option<String>,
    /// Also check the crates for systems that they do not know, and serve with select and poll
    #[arg(long)]
    long: bool,
}

impl Options {
    pub(crate) fn of_gate(long: bool) -> Self {
        Self { only: None, long }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let wanted = options.only.as_deref().unwrap_or_default();
    let unknown = UNKNOWN.iter().filter(|_| options.long);
    let targets = TARGETS.iter().chain(unknown).copied().filter(|target| target.contains(wanted));
    let targets: Vec<_> = targets.collect();
    if targets.is_empty() {
        bail!("no target has {wanted:?} in its name; there are {}", TARGETS.join(", "));
    }
    let cargo = Toolchain::with_source()?.checks(&targets)?;
    // All targets in one command each; if it fails, each target alone, so that the failure names the target.
    if all(&cargo, &targets).is_err() {
        for target in &targets {
            all(&cargo, &[target]).with_context(|| format!("for {target}"))?;
        }
        bail!("together they fail, and each target passes alone");
    }
    println!("all {} targets pass", targets.len());
    Ok(())
}

fn all(cargo: impl Fn(&str, &[&str]) -> Command, targets: &[&str]) -> Result<()> {
    let run = |subcommand: &str, targets: &[&str], arguments: &[&[&str]]| {
        if targets.is_empty() {
            return Ok(());
        }
        let mut command = cargo(subcommand, targets);
        command.arg("--quiet").args(arguments.concat());
        if subcommand == "clippy" {
            command.args(["--", "--deny", "warnings"]);
        }
        shell::run(&mut command)
    };
    // The features for Linux must break nothing elsewhere, as another package may ask for them. On Linux with 32 bits,
    // `libkqueue` is an error, and says so.
    let (narrow, wide): (Vec<_>, Vec<_>) = targets.iter().copied().partition(|it| it.starts_with("riscv32"));
    let (unknown, targets): (Vec<_>, Vec<_>) = targets.iter().copied().partition(|it| UNKNOWN.contains(it));
    let (documented, _): (Vec<_>, Vec<_>) = targets.iter().copied().partition(|it| DOCUMENTED.contains(it));
    let (_, with_suite): (Vec<_>, Vec<_>) =
        targets.iter().copied().partition(|it| WITHOUT_SUITE.contains(it));
    let suite = ["--package", "conformance", "--package", "freestanding", "--lib", "--test", "conformance"];
    // Libraries without the tests, whose dependencies ask for features that the crates must do without.
    run("clippy", &targets, &[&CRATES, &["--lib"]])?;
    run("check", &wide, &[&CRATES, &["--lib", "--features", "devpoll-emulation,libkqueue"]])?;
    run("check", &narrow, &[&CRATES, &["--lib", "--features", "devpoll-emulation"]])?;
    let (windows, unix): (Vec<_>, Vec<_>) = targets.iter().copied().partition(|it| it.contains("windows"));
    run("clippy", &windows, &[&CRATES, &["--tests"]])?;
    run("clippy", &unix, &[&CRATES, &["--tests", "--examples"]])?;
    run("clippy", &unknown, &[&CRATES, &["--lib"]])?;
    run("clippy", &with_suite, &[&suite])?;
    run("doc", &documented, &[&CRATES, &["--no-deps"]])
}
