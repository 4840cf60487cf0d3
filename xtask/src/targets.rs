//! `cargo xtask targets`: the code for the systems that are not at hand, through the compiler.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};
use comfy_table::{Table, presets};

use crate::shell::{self, BAD, BOLD, DIM, GOOD, PLAIN, WARN};
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

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Only the targets whose name has this in it
    #[arg(value_name = "TEXT")]
    only: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let wanted = options.only.as_deref().unwrap_or_default();
    let targets: Vec<_> = TARGETS.into_iter().filter(|target| target.contains(wanted)).collect();
    if targets.is_empty() {
        bail!("no target has {wanted:?} in its name; there are {}", TARGETS.join(", "));
    }
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(["target", "standard library", "clippy", "doc"]);
    let (mut failed, mut unchecked) = (0, 0);
    for target in targets {
        let library = match Library::of(target) {
            Ok(library) => library,
            Err(error) => {
                unchecked += 1;
                anstream::eprintln!("{WARN}{target} cannot be checked:{PLAIN} {error:#}");
                table.add_row([target, "none", "not checked", "not checked"]);
                continue;
            }
        };
        let begin = Instant::now();
        let results = [clippy(target, library)?, doc(target, library)?];
        failed += results.iter().filter(|passed| !**passed).count();
        let [clippy, doc] = results.map(|passed| if passed { "passed" } else { "failed" });
        anstream::eprintln!("{DIM}{target}: {:.0} s{DIM:#}", begin.elapsed().as_secs_f64());
        table.add_row([target, library.name(), clippy, doc]);
    }
    anstream::println!("{BOLD}Type-checked, and nothing run:{BOLD:#}\n{table}");
    if failed > 0 {
        anstream::eprintln!("{BAD}{failed} checks failed{PLAIN}, see above");
        return Ok(ExitCode::FAILURE);
    }
    match unchecked {
        0 => anstream::println!("{GOOD}all targets pass{PLAIN}"),
        _ => {
            anstream::println!("{WARN}{unchecked} targets were not checked{PLAIN}, see above for the reason")
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn clippy(target: &str, library: Library) -> Result<bool> {
    let crates = ["--package", "select-sys", "--package", "selectors", "--lib"];
    // What the features add to Linux must break nothing elsewhere: another package may ask for them. (On Linux with 32 bits
    // `libkqueue` is an error, and says so.)
    let features =
        if target.starts_with("i686") { "devpoll-emulation" } else { "devpoll-emulation,libkqueue" };
    let featured = ["--package", "select-sys", "--package", "selectors", "--lib", "--features", features];
    // By themselves: they ask for features of dependencies that the crates must do without.
    let tests = ["--package", "select-sys", "--package", "selectors", "--tests"];
    let suite = ["--package", "conformance", "--package", "freestanding", "--lib", "--test", "conformance"];
    let mut passed = true;
    for packages in [crates.as_slice(), &featured, &tests, &suite] {
        let mut command = library.cargo("clippy", target)?;
        command.args(packages).args(["--", "--deny", "warnings"]);
        passed &= shell::status(&mut command)?.success();
    }
    Ok(passed)
}

fn doc(target: &str, library: Library) -> Result<bool> {
    let mut command = library.cargo("doc", target)?;
    command.args(["--package", "select-sys", "--package", "selectors", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "--deny warnings");
    Ok(shell::status(&mut command)?.success())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_target_stands_twice() {
        let distinct: BTreeSet<_> = TARGETS.into_iter().collect();
        assert_eq!(distinct.len(), TARGETS.len());
    }

    #[test]
    fn an_unknown_target_is_an_error() {
        let error = run(&Options { only: Some("plan9".to_owned()) }).unwrap_err().to_string();
        assert!(error.contains("x86_64-unknown-freebsd"), "{error}");
    }
}
