//! `cargo xtask minimal-versions`: both crates with the lowest versions of their dependencies that the manifests permit.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::toolchain::Toolchain;
use crate::{msrv, shell};

/// One target of each family but Linux, which the oldest Rust checks: they use different parts of the dependencies.
const TARGETS: [&str; 5] = [
    "x86_64-unknown-freebsd",
    "x86_64-unknown-openbsd",
    "x86_64-apple-darwin",
    "x86_64-unknown-illumos",
    "x86_64-pc-windows-gnu",
];

pub(crate) fn run() -> Result<()> {
    let folder = shell::target_directory()?.join("minimal-versions");
    let cargo = Toolchain::with_source()?.checks(&TARGETS)?;
    write_workspace(&folder)?;
    let mut resolve = cargo("generate-lockfile", &[]);
    resolve.args(["-Zdirect-minimal-versions", "--quiet"]).current_dir(&folder);
    shell::run(&mut resolve).context("no set of versions has the lowest of each direct dependency")?;
    for features in ["", "devpoll-emulation,libkqueue"] {
        check(cargo("check", &TARGETS), &folder, features)?;
        let mut oldest = msrv::cargo(env!("CARGO_PKG_RUST_VERSION"))?;
        oldest.arg("check").env("CARGO_TARGET_DIR", shell::target_directory()?.join("msrv"));
        check(oldest, &folder, features)?;
    }
    println!("both crates compile with the lowest versions of their direct dependencies");
    Ok(())
}

fn check(mut cargo: Command, folder: &Path, features: &str) -> Result<()> {
    cargo.args(["--locked", "--quiet", "--workspace", "--lib", "--features", features]).current_dir(folder);
    shell::run(&mut cargo)
}

/// Makes a workspace of the two crates alone: the other members ask for newer versions of the same dependencies.
fn write_workspace(folder: &Path) -> Result<()> {
    let root = shell::root();
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let mut manifest = String::from("[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n");
    let text = fs::read_to_string(root.join("Cargo.toml")).context("Cargo.toml")?;
    let (_, sections) =
        text.split_once("\n[workspace.package]").context("Cargo.toml has no [workspace.package]")?;
    manifest.push_str("\n[workspace.package]");
    manifest.push_str(sections);
    fs::create_dir_all(folder)?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    shell::run(Command::new("cp").arg("-R").arg(root.join("crates")).arg(folder))
}
