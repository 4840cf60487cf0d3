//! `cargo xtask targets`: clippy and rustdoc for the systems that are not at hand.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell::{self, BOLD, GOOD, PLAIN, WARN};
use crate::toolchain::Library;

/// Every target that compiles something which the others do not.
const TARGETS: [&str; 14] = [
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
    "i686-unknown-linux-gnu",
    "s390x-unknown-linux-gnu",
];

/// One target of each family: the suite is checked for these, and lints run on them. The suite takes four times as long as
/// the crates, and the gate builds it for FreeBSD, NetBSD, Windows, i686 and s390x besides.
const LINTED: [&str; 6] = [TARGETS[0], TARGETS[2], TARGETS[5], TARGETS[7], TARGETS[10], TARGETS[11]];

/// The targets whose documentation docs.rs shows, as the manifests of the crates say.
const DOCUMENTED: [&str; 5] = [TARGETS[0], TARGETS[1], TARGETS[5], TARGETS[7], TARGETS[10]];

const CRATES: [&str; 4] = ["--package", "select-sys", "--package", "selectors"];

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Only the targets whose name contains this
    #[arg(value_name = "TEXT")]
    only: Option<String>,
    /// Check the suite for all targets, and run all lints on them
    #[arg(long)]
    full: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let wanted = options.only.as_deref().unwrap_or_default();
    let targets: Vec<_> = TARGETS.into_iter().filter(|target| target.contains(wanted)).collect();
    if targets.is_empty() {
        bail!("no target has {wanted:?} in its name; there are {}", TARGETS.join(", "));
    }
    let (mut installed, mut built, mut unchecked) = (Vec::new(), Vec::new(), 0);
    for target in targets {
        match Library::of(target) {
            Ok(Library::Installed) => installed.push(target),
            Ok(Library::Built) => built.push(target),
            Err(error) => {
                unchecked += 1;
                anstream::eprintln!("{WARN}{target} cannot be checked:{PLAIN} {error:#}");
            }
        }
    }
    for (library, targets) in [(Library::Installed, installed), (Library::Built, built)] {
        if !targets.is_empty() {
            anstream::println!("{BOLD}with the library {}:{BOLD:#} {}", library.name(), targets.join(", "));
            check(library, &targets, options.full)?;
        }
    }
    match unchecked {
        0 => anstream::println!("{GOOD}all targets pass{PLAIN}"),
        _ => {
            anstream::println!("{WARN}{unchecked} targets were not checked{PLAIN}, see above for the reason")
        }
    }
    Ok(())
}

/// Checks all targets in one command each; if it fails, each target alone, so that the failure names the target.
fn check(library: Library, targets: &[&str], full: bool) -> Result<()> {
    if all(library, targets, full).is_ok() {
        return Ok(());
    }
    for target in targets {
        all(library, &[target], full).with_context(|| format!("for {target}"))?;
    }
    bail!("together they fail, and each target passes alone")
}

fn all(library: Library, targets: &[&str], full: bool) -> Result<()> {
    let (linted, others): (Vec<_>, Vec<_>) =
        targets.iter().copied().partition(|target| full || LINTED.contains(target));
    // Libraries without the tests, whose dependencies ask for features that the crates must do without.
    clippy(library, &linted, &[&CRATES, &["--lib"]])?;
    compile(library, &others, &["--lib"])?;
    // The features for Linux must break nothing elsewhere, as another package may ask for them. On Linux with 32 bits,
    // `libkqueue` is an error, and says so.
    let is_narrow = |target: &&str| target.starts_with("i686");
    let (narrow, wide): (Vec<_>, Vec<_>) = targets.iter().copied().partition(is_narrow);
    compile(library, &wide, &["--lib", "--features", "devpoll-emulation,libkqueue"])?;
    compile(library, &narrow, &["--lib", "--features", "devpoll-emulation"])?;
    clippy(library, &linted, &[&CRATES, &["--tests"]])?;
    compile(library, &others, &["--tests"])?;
    let suite = ["--package", "conformance", "--package", "freestanding", "--lib", "--test", "conformance"];
    clippy(library, &linted, &[&suite])?;

    let documented: Vec<_> = targets.iter().copied().filter(|target| DOCUMENTED.contains(target)).collect();
    let mut doc = cargo(library, "doc", &documented)?;
    doc.args(CRATES).arg("--no-deps").env("RUSTDOCFLAGS", "--deny warnings");
    if documented.is_empty() { Ok(()) } else { shell::run(&mut doc) }
}

fn clippy(library: Library, targets: &[&str], arguments: &[&[&str]]) -> Result<()> {
    if targets.is_empty() {
        return Ok(());
    }
    let mut command = cargo(library, "clippy", targets)?;
    command.args(arguments.concat()).args(["--", "--deny", "warnings"]);
    shell::run(&mut command)
}

fn compile(library: Library, targets: &[&str], arguments: &[&str]) -> Result<()> {
    if targets.is_empty() {
        return Ok(());
    }
    let mut command = cargo(library, "check", targets)?;
    shell::run(command.args(CRATES).args(arguments))
}

fn cargo(library: Library, subcommand: &str, targets: &[&str]) -> Result<Command> {
    let mut command = library.cargo(subcommand, targets)?;
    command.arg("--quiet");
    Ok(command)
}
