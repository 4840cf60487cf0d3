//! Compiling for other targets, with a standard library that is built from source.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{apparatus, shell};

mod metadata;

/// A toolchain that has the source of its standard library.
pub(crate) struct Toolchain {
    /// Of rustup's; `None` is the one that runs this program.
    name: Option<&'static str>,
    library: PathBuf,
}

impl Toolchain {
    /// Chooses the one that runs this program, else Debian's newest.
    pub(crate) fn with_source() -> Result<Self> {
        for name in [None, Some("debian")] {
            let mut rustc = match name {
                Some(name) => apparatus::rustup(name, "rustc"),
                None => Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())),
            };
            let output = rustc.args(["--print", "sysroot"]).stderr(Stdio::null()).output();
            let sysroot = output.context("rustc or rustup does not start")?.stdout;
            let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot).trim());
            let library = sysroot.join("lib/rustlib/src/rust/library");
            if library.join("Cargo.lock").exists() {
                return Ok(Self { name, library });
            }
        }
        bail!(
            "the source of the standard library is missing; `rustup component add rust-src` or, on Debian 12, \
             `.ci/prepare debian` installs it"
        )
    }

    /// Returns a cargo command that builds programs for a target.
    pub(crate) fn build(&self, subcommand: &str, target: &str) -> Result<Command> {
        let mut command = self.cargo(subcommand, &[target]);
        // One folder for all systems, and not that of the checks: cargo locks the folder that it builds in.
        command.env("CARGO_TARGET_DIR", shell::target_directory()?.join("guests"));
        command.arg("-Zbuild-std=std,panic_abort");
        if target.contains("-linux-") {
            // Statically linked: there need not be a loader for its programs here.
            let own = match target.split('-').next_back() {
                Some("musl") => " -Clink-self-contained=no", // the linker has its own start files
                // The linker ld (binutils 2.40) calls glibc's `memcpy_ifunc`, which is in Thumb code, as Arm code.
                Some("gnueabihf") => " -Clink-arg=-fuse-ld=gold",
                _ => "",
            };
            command.env(variable(target, "RUSTFLAGS"), format!("-Ctarget-feature=+crt-static{own}"));
        }
        Ok(command)
    }

    /// Returns a function that makes cargo commands which link nothing, for some of these targets: `check`, `clippy`, `doc`.
    pub(crate) fn checks(self, targets: &[&str]) -> Result<impl Fn(&str, &[&str]) -> Command> {
        let folder = shell::target_directory()?.join("targets");
        let sysroot = self.metadata(targets, &folder)?;
        let flag = format!("--sysroot={}", sysroot.display());
        Ok(move |subcommand: &str, targets: &[&str]| {
            let mut command = self.cargo(subcommand, targets);
            command.env("CARGO_ENCODED_RUSTFLAGS", &flag);
            command.env("CARGO_ENCODED_RUSTDOCFLAGS", format!("{flag}\x1f--deny=warnings"));
            command.env("CARGO_TARGET_DIR", &folder);
            command
        })
    }

    fn cargo(&self, subcommand: &str, targets: &[&str]) -> Command {
        let mut command = match self.name {
            Some(name) => apparatus::rustup(name, "cargo"),
            None => shell::cargo([]),
        };
        command.arg(subcommand).current_dir(shell::root());
        for target in targets {
            command.args(["--target", target]);
        }
        command.env("RUSTC_BOOTSTRAP", "1"); // a stable compiler takes -Z options with it
        command.env("CARGO_PROFILE_DEV_DEBUG", "0");
        command
    }
}

/// Returns the name of a setting of cargo for a target, as an environment variable.
pub(crate) fn variable(target: &str, setting: &str) -> String {
    format!("CARGO_TARGET_{}_{setting}", target.to_uppercase().replace('-', "_"))
}
