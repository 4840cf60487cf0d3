//! Runs the models, so that `cargo test` finds them: they need a flag for all crates.

#![cfg(not(loom))]

use std::env;
use std::path::Path;
use std::process::Command;

#[test]
fn the_models_hold() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("loom");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["test", "--package", "loom-tests", "--test", "models", "--target-dir"]).arg(target);
    let status = cargo.env("RUSTFLAGS", "--cfg loom").status().expect("cargo starts");
    assert!(status.success(), "a model does not hold");
}
