//! `cargo xtask targets`: the code for the systems that are not at hand, through the compiler.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use comfy_table::{Table, presets};

use crate::shell::{self, BAD, BOLD, DIM, GOOD, PLAIN, WARN};

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

/// The targets, by what is in their names, for which the suite of scenarios does not compile, only the crates do: on
/// Windows there are no pipes, signals and Unix sockets to wait for, of which its fixtures are made.
const WITHOUT_SUITE: [&str; 1] = ["windows"];

/// Debian's newest Rust, which comes with the source of its library; and `dlltool`, without which the standard library
/// for Windows does not build.
const PACKAGES: [&str; 5] =
    ["rustc-web", "cargo-web", "rust-web-clippy", "rust-web-src", "binutils-mingw-w64-x86-64"];

/// What [`PACKAGES`] are called as a toolchain of rustup.
const LINKED: &str = "debian";

#[derive(Debug, clap::Args)]
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
    let installed = installed()?;
    let missing = targets.iter().any(|target| !installed.contains(*target));
    let source = if missing { library_source() } else { Ok(()) };

    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(["target", "standard library", "clippy", "doc"]);
    let (mut failed, mut unchecked) = (0, 0);
    for target in targets {
        let library = match (&source, installed.contains(target)) {
            (_, true) => Library::Installed,
            (Ok(()), false) => Library::Built,
            (Err(error), false) => {
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

/// Where a target's standard library comes from.
#[derive(Clone, Copy)]
enum Library {
    Installed,
    Built,
}

impl Library {
    fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Built => "built here",
        }
    }

    /// A cargo command for that target. What is built from source shares a folder, so it is built once.
    fn cargo(self, subcommand: &str, target: &str) -> Result<Command> {
        let mut command = match self {
            Self::Installed => shell::cargo([subcommand]),
            Self::Built => {
                let mut command = Command::new("cargo");
                command.arg(format!("+{LINKED}")).arg(subcommand).arg("-Zbuild-std=std,panic_abort");
                command.current_dir(shell::root());
                // Its release of the compiler takes the unstable option so.
                command.env("RUSTC_BOOTSTRAP", "1");
                // Set by the cargo that runs this program, for its own toolchain.
                for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
                    command.env_remove(name);
                }
                command
            }
        };
        command.args(["--quiet", "--target", target]);
        command.env("CARGO_TARGET_DIR", folder()?).env("CARGO_PROFILE_DEV_DEBUG", "0");
        Ok(command)
    }
}

fn folder() -> Result<PathBuf> {
    Ok(shell::target_directory()?.join("targets"))
}

fn clippy(target: &str, library: Library) -> Result<bool> {
    let crates = ["--package", "select-sys", "--package", "selectors", "--lib"];
    // By itself: it asks for features of dependencies that the crates must do without.
    let suite = ["--package", "conformance", "--lib", "--test", "conformance"];
    let mut passed = true;
    for packages in [Some(crates), has_suite(target).then_some(suite)].into_iter().flatten() {
        let mut command = library.cargo("clippy", target)?;
        command.args(packages).args(["--", "--deny", "warnings"]);
        passed &= shell::status(&mut command)?.success();
    }
    Ok(passed)
}

fn has_suite(target: &str) -> bool {
    !WITHOUT_SUITE.iter().any(|name| target.contains(name))
}

fn doc(target: &str, library: Library) -> Result<bool> {
    let mut command = library.cargo("doc", target)?;
    command.args(["--package", "select-sys", "--package", "selectors", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "--deny warnings");
    Ok(shell::status(&mut command)?.success())
}

/// The targets whose standard library the current toolchain has.
fn installed() -> Result<BTreeSet<String>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "sysroot"]).output().context("rustc does not start")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let has = |target: &&str| sysroot.join("lib/rustlib").join(target).join("lib").is_dir();
    Ok(TARGETS.iter().filter(|target| has(target)).map(|target| (*target).to_owned()).collect())
}

/// Sees to a toolchain named [`LINKED`] that has the source of the standard library.
fn library_source() -> Result<()> {
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!(
            "its standard library is not installed, and building one here takes Debian's packages {}; with rustup: \
             `rustup target add`",
            PACKAGES.join(", ")
        );
    }
    let missing: Vec<_> = PACKAGES.into_iter().filter(|package| !is_installed(package)).collect();
    if !missing.is_empty() {
        // The lists may be old, or empty; a failure shows in the next command.
        let _ = shell::status(Command::new("apt-get").args(["update", "--quiet"]).stdin(Stdio::null()));
        let mut install = Command::new("apt-get");
        install.args(["install", "--quiet", "--yes", "--no-install-recommends"]).args(missing);
        shell::run(install.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()))
            .context("the packages with which a standard library is built cannot be installed")?;
    }
    shell::run(Command::new("rustup").args(["toolchain", "link", LINKED, "/usr"]))
}

fn is_installed(package: &str) -> bool {
    let output =
        Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]).output();
    output.is_ok_and(|output| output.stdout == b"installed")
}

#[cfg(test)]
mod tests {
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
