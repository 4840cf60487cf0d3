//! `cargo xtask truth`: what the kernel reports, against what is written down about it.

use std::process::ExitCode;

use anyhow::Result;

use crate::shell;

/// What to do with the tables.
#[derive(Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(crate) struct Options {
    /// Compare; a difference is an error (the default)
    #[arg(long)]
    check: bool,
    /// Write the tables anew
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let mode = if options.write && !options.check { "--write" } else { "--check" };
    shell::run(&mut shell::cargo([
        "run",
        "--quiet",
        "--package",
        "conformance",
        "--bin",
        "truth",
        "--",
        mode,
    ]))?;
    Ok(ExitCode::SUCCESS)
}
