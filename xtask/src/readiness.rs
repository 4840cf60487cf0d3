//! `cargo xtask readiness`: what the kernel reports, compared with the tables in docs/platforms.md.

use anyhow::Result;

use crate::shell;

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Write the tables; without this, a difference is an error
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mode = if options.write { "--write" } else { "--check" };
    let run = ["run", "--quiet", "--package", "conformance", "--bin", "readiness", "--", mode];
    shell::run(&mut shell::cargo(run))
}
