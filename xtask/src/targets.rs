//! `cargo xtask targets`: clippy and rustdoc for the systems that are not at hand.

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

/// One target of each family: lints run on these, and on the suite. It takes four times as long as the crates.
const LINTED: [&str; 6] = [TARGETS[0], TARGETS[2], TARGETS[5], TARGETS[7], TARGETS[10], TARGETS[11]];

/// The other targets whose part of the suite nothing else compiles: the gate builds it for NetBSD, Windows, i686 and s390x.
const COMPILED: [&str; 3] = [TARGETS[3], TARGETS[4], TARGETS[8]];

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
    let among = |some: &[&str]| targets.iter().copied().filter(|one| some.contains(one)).collect::<Vec<_>>();
    let (linted, others): (Vec<_>, Vec<_>) =
        targets.iter().copied().partition(|target| full || LINTED.contains(target));
    // The features for Linux must break nothing elsewhere, as another package may ask for them. On Linux with 32 bits,
    // `libkqueue` is an error, and says so.
    let (narrow, wide): (Vec<_>, Vec<_>) = targets.iter().copied().partition(|it| it.starts_with("i686"));
    let (lib, tests): ([&[&str]; 2], [&[&str]; 2]) = ([&CRATES, &["--lib"]], [&CRATES, &["--tests"]]);
    let compiled = if full { Vec::new() } else { among(&COMPILED) };
    let suite = ["--package", "conformance", "--package", "freestanding", "--lib", "--test", "conformance"];
    // Libraries without the tests, whose dependencies ask for features that the crates must do without.
    cargo(library, "clippy", &linted, &lib)?;
    cargo(library, "check", &others, &lib)?;
    cargo(library, "check", &wide, &[&CRATES, &["--lib", "--features", "devpoll-emulation,libkqueue"]])?;
    cargo(library, "check", &narrow, &[&CRATES, &["--lib", "--features", "devpoll-emulation"]])?;
    cargo(library, "clippy", &linted, &tests)?;
    cargo(library, "check", &others, &tests)?;
    cargo(library, "clippy", &linted, &[&suite])?;
    cargo(library, "check", &compiled, &[&suite])?;
    cargo(library, "doc", &among(&DOCUMENTED), &[&CRATES, &["--no-deps"]])
}

fn cargo(library: Library, subcommand: &str, targets: &[&str], arguments: &[&[&str]]) -> Result<()> {
    if targets.is_empty() {
        return Ok(());
    }
    let mut command = library.cargo(subcommand, targets)?;
    command.arg("--quiet").args(arguments.concat()).env("RUSTDOCFLAGS", "--deny warnings");
    if subcommand == "clippy" {
        command.args(["--", "--deny", "warnings"]);
    }
    shell::run(&mut command)
}
