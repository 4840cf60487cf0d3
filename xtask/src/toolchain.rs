//! Compiling for other systems: with the standard library that is installed, else with one that is built here.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{debian, shell};

/// Debian's newest Rust, which comes with the source of its library; and `dlltool`, without which the standard library
/// for Windows does not build.
const PACKAGES: [&str; 5] =
    ["rustc-web", "cargo-web", "rust-web-clippy", "rust-web-src", "binutils-mingw-w64-x86-64"];

/// What [`PACKAGES`] are called as a toolchain of rustup.
const LINKED: &str = "debian";

/// Where a target's standard library comes from.
#[derive(Clone, Copy)]
pub(crate) enum Library {
    Installed,
    Built,
}

impl Library {
    /// The one to take for a target; a toolchain that can build it is installed if need be.
    pub(crate) fn of(target: &str) -> Result<Self> {
        if is_installed(target)? { Ok(Self::Installed) } else { Self::built(target) }
    }

    /// One that is built here, in any case.
    pub(crate) fn built(target: &str) -> Result<Self> {
        debian::need(&PACKAGES).with_context(|| {
            format!("no standard library for {target}; where rustup has it: `rustup target add {target}`")
        })?;
        let link = Command::new("rustup").args(["toolchain", "link", LINKED, "/usr"]).output();
        let link = link.context("rustup does not start")?;
        if !link.status.success() {
            bail!("rustup does not link a toolchain: {}", String::from_utf8_lossy(&link.stderr).trim());
        }
        Ok(Self::Built)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Built => "built here",
        }
    }

    /// A cargo command for that target. Everything for other systems shares a folder, so a library is built once.
    pub(crate) fn cargo(self, subcommand: &str, target: &str) -> Result<Command> {
        let mut command = match self {
            Self::Installed => shell::cargo([subcommand]),
            Self::Built => {
                // Not `cargo +debian`: the first cargo in the path may be Debian's own, which knows no `+toolchain`.
                let mut command = Command::new("rustup");
                command.args(["run", LINKED, "cargo", subcommand, "-Zbuild-std=std,panic_abort"]);
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
        command.env("CARGO_TARGET_DIR", shell::target_directory()?.join("targets"));
        command.env("CARGO_PROFILE_DEV_DEBUG", "0");
        Ok(command)
    }
}

/// Whether the current toolchain has the target's standard library.
fn is_installed(target: &str) -> Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "sysroot"]).output().context("rustc does not start")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    Ok(sysroot.join("lib/rustlib").join(target).join("lib").is_dir())
}
