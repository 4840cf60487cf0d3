//! The project's own commands. `cargo xtask --help` lists them.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod apparatus;
mod bench;
mod ci;
mod conformance;
mod counts;
mod cpython;
mod minimal_versions;
mod msrv;
mod readiness;
mod shell;
mod targets;
mod tidy;
mod toolchain;

/// The commands of this workspace. None of them installs anything; on Debian 12, `.ci/prepare` does.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true,
    max_term_width = 100
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the demonstration: an echo or HTTP server and its clients, on one back end or on each.
    ///
    /// All arguments are passed on: --clients N, --messages N, --size BYTES, --idle N, --backend NAME, --http.
    /// `cargo xtask demo -- --help` explains them.
    Demo {
        /// Arguments for the program.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
        arguments: Vec<OsString>,
    },
    /// Run the conformance suite over every back end, and print the results as a table.
    ///
    /// The last line reads `N passed, N failed, N skipped`. Skipped scenarios cannot run here; the list above that line gives
    /// the reason for each. Fails when a scenario fails, and when none was run. --with adds emulations and other machines,
    /// each with a table of its own.
    Conformance(conformance::Options),
    /// Run CPython's own tests of select, selectors and asyncio over the two crates.
    ///
    /// Each test runs over CPython's modules too. It fails if it passes there and not over ours.
    Cpython(cpython::Options),
    /// Compare the readiness tables in docs/platforms.md with this kernel.
    ///
    /// The tables list what each kernel interface reports for each state of a file.
    Readiness(readiness::Options),
    /// Measure the cost of a wait, and compare it with the bare system calls and other libraries.
    ///
    /// Every workload runs over every subject in turn, once a round. A ratio is the median of the ratios of each round: to the
    /// bare calls of the same kind, and to the fastest library that waits with the same call. Measure on an idle machine.
    Bench(bench::Options),
    /// Check the rules of docs/style.md that neither the compiler nor clippy checks.
    Tidy,
    /// Check both crates with the oldest Rust that their manifests promise.
    ///
    /// Uses rustup's toolchain of that version, or one of that version that is linked as `msrv`.
    Msrv,
    /// Check both crates with the lowest dependencies that their manifests permit, for a target of each family.
    MinimalVersions,
    /// Check the code for other systems with clippy and rustdoc; run nothing.
    ///
    /// Builds the standard library of each target from source: of this toolchain, or of one that is linked as `debian`.
    Targets(targets::Options),
    /// Run every check that a change must pass.
    ///
    /// Stops at the first step that fails. The whole gate runs some steps in the background, and reports them at the end. The
    /// last line reads `N passed, N failed, N skipped`, over the conformance suite and all other tests.
    Ci(ci::Options),
}

fn run() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Demo { arguments } => {
            let mut demo = shell::cargo(["run", "--release", "--quiet", "--package", "demo", "--"]);
            let code = shell::status(demo.args(arguments))?.code();
            let code = code.and_then(|code| u8::try_from(code).ok());
            return Ok(code.map_or(ExitCode::FAILURE, ExitCode::from));
        }
        Command::Conformance(options) => return Ok(conformance::run(&options)?.exit_code()),
        Command::Cpython(options) => return Ok(cpython::run(&options)?.exit_code()),
        Command::Readiness(options) => readiness::run(&options)?,
        Command::Bench(options) => bench::run(&options)?,
        Command::Tidy => tidy::run()?,
        Command::Msrv => msrv::run()?,
        Command::MinimalVersions => minimal_versions::run()?,
        Command::Targets(options) => targets::run(&options)?,
        Command::Ci(options) => ci::run(&options)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        anstream::eprintln!("{}error:{} {error:#}", shell::BAD, shell::PLAIN);
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }
}
