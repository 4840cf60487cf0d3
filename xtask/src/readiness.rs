//! `cargo xtask truth`: what the kernel reports, compared with the tables in docs/platforms.md.

use anyhow::Result;

use crate::shell;

#[derive(Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(crate) struct Options {
    /// Compare; a difference is an error (the default)
    #[arg(long)]
    check: bool,
    /// Write the tables
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mode = if options.write { "--write" } else { "--check" };
    let run = ["run", "--quiet", "--package", "conformance", "--bin", "truth", "--", mode];
    shell::run(&mut shell::cargo(run))
}
