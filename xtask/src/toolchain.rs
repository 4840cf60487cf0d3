//! Compiling for other targets: with the standard library that is installed, else with one that is built from source.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{apparatus, shell};

/// Debian's newest Rust, whose packages include the source of the standard library.
const DEBIAN: &str = "debian";

/// Where a target's standard library comes from.
#[derive(Clone, Copy)]
pub(crate) enum Library {
    Installed,
    Built,
}

impl Library {
    /// Chooses for a target.
    pub(crate) fn of(target: &str) -> Result<Self> {
        if is_installed(target)? { Ok(Self::Installed) } else { Self::built(target) }
    }

    /// Chooses to build it, even where it is installed.
    pub(crate) fn built(target: &str) -> Result<Self> {
        apparatus::need(apparatus::has_toolchain(DEBIAN), "rustup's toolchain `debian`", "debian")
            .with_context(|| {
                format!("no standard library for {target}; `rustup target add {target}` may have one")
            })?;
        Ok(Self::Built)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Built => "built from source",
        }
    }

    /// Returns a cargo command for targets with this library.
    pub(crate) fn cargo(self, subcommand: &str, targets: &[&str]) -> Result<Command> {
        let mut command = match self {
            Self::Installed => shell::cargo([subcommand]),
            Self::Built => {
                let mut command = apparatus::rustup(DEBIAN, "cargo");
                command.args([subcommand, "-Zbuild-std=std,panic_abort"]).current_dir(shell::root());
                command.env("RUSTC_BOOTSTRAP", "1"); // a stable compiler takes -Z options with it
                command
            }
        };
        for target in targets {
            command.args(["--target", target]);
            if target.contains("-linux-") && !target.contains("android") && !is_host(target) {
                // Statically linked: there need not be a loader for its programs here.
                command.env(variable(target, "RUSTFLAGS"), "-Ctarget-feature=+crt-static");
            }
        }
        // One folder for all other systems, so that a library is built once.
        command.env("CARGO_TARGET_DIR", shell::target_directory()?.join("targets"));
        command.env("CARGO_PROFILE_DEV_DEBUG", "0");
        Ok(command)
    }
}

/// Returns the name of a setting of cargo for a target, as an environment variable.
pub(crate) fn variable(target: &str, setting: &str) -> String {
    format!("CARGO_TARGET_{}_{setting}", target.to_uppercase().replace('-', "_"))
}

fn is_host(target: &str) -> bool {
    target == format!("{}-unknown-linux-gnu", env::consts::ARCH)
}

/// Returns whether the current toolchain has the target's standard library.
fn is_installed(target: &str) -> Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "sysroot"]).output().context("rustc does not start")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    Ok(sysroot.join("lib/rustlib").join(target).join("lib").is_dir())
}
