//! `cargo xtask msrv`: both crates with the oldest Rust that the manifests promise.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{apparatus, shell};

pub(crate) fn run() -> Result<()> {
    let promised = env!("CARGO_PKG_RUST_VERSION"); // the workspace's, as that of the crates
    let mut check = cargo(promised)?;
    check.args(["check", "--all-features", "--lib", "--examples"]);
    check.args(["--package", "select-sys", "--package", "selectors"]);
    check.current_dir(shell::root()).env("CARGO_TARGET_DIR", shell::target_directory()?.join("msrv"));
    shell::run(&mut check)?;
    println!("both crates and their examples compile with Rust {promised}");
    Ok(())
}

/// Returns a command for the cargo of this version: rustup's toolchain by that name, or the one that is linked as `msrv`.
pub(crate) fn cargo(version: &str) -> Result<Command> {
    for toolchain in [version, "msrv"] {
        let output = apparatus::rustup(toolchain, "rustc").arg("--version").output();
        let output = output.context("rustup does not start")?;
        // `rustc 1.85.0 (4d91de4e4 2025-02-17)`
        let found = String::from_utf8_lossy(&output.stdout);
        if found.split(' ').nth(1).is_some_and(|found| found.starts_with(&format!("{version}."))) {
            return Ok(apparatus::rustup(toolchain, "cargo"));
        }
    }
    bail!(
        "Rust {version} is missing; `rustup toolchain install {version}` or, on Debian 12, `.ci/prepare msrv` installs it"
    )
}
