//! Runs the models, so that `cargo test` finds them: they need a flag for all crates.

#![cfg(not(loom))]

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn the_models_hold() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("loom");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["test", "--package", "loom-tests", "--test", "models", "--target-dir"]).arg(target);
    // Cargo prefers the encoded flags, and without the flag there are no models.
    cargo.env("RUSTFLAGS", "--cfg loom").env_remove("CARGO_ENCODED_RUSTFLAGS").stderr(Stdio::inherit());
    let output = cargo.output().expect("cargo starts");
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    assert!(output.status.success(), "a model does not hold");
    assert!(text.contains("test result: ok.") && !text.contains(" 0 passed"), "no model was run");
}
