//! The project's own commands. `cargo xtask --help` lists them.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod artifact;
mod bench;
mod ci;
mod conformance;
mod debian;
mod demo;
mod link;
mod msrv;
mod shell;
mod system;
mod targets;
mod tidy;
mod toolchain;
mod truth;

/// The commands of this workspace. A desk and the gate run the same ones.
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
    /// Run the demonstration: an echo server and its clients, on one back end or on each.
    ///
    /// Everything after `demo` goes to the program as it stands: --clients N, --messages N, --size BYTES, --idle N,
    /// --backend NAME. `cargo xtask demo -- --help` tells about them.
    Demo {
        /// Arguments for the program.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
        arguments: Vec<OsString>,
    },
    /// Run the conformance suite over every back end, and print what held as a matrix.
    ///
    /// Every scenario runs on every back end. The last line reads `N passed, N failed, N skipped`, where skipped
    /// are the scenarios that could not run here; the list above it gives the reason for each. Fails when a
    /// scenario fails, and when none was run. --with adds what this machine can emulate or act as, each with a table
    /// of its own.
    Conformance(conformance::Options),
    /// Compare the recorded truth tables with what this kernel does.
    ///
    /// The tables tell, for one state of a file after the other, what each kernel interface reports. With
    /// --check (the default) a difference is an error; with --write the tables are made anew.
    Truth(truth::Options),
    /// Measure what waits cost, beside the bare system calls and other libraries.
    ///
    /// Every workload runs over every back end, over `select-sys` alone, over the bare calls and over other libraries,
    /// in turn, as often as there are rounds. A ratio is the median of those in each round: to the bare calls of the
    /// same kind, and to the fastest library that waits with the same call. Measure on a machine that does nothing else.
    Bench(bench::Options),
    /// Check the rules that neither the compiler nor a linter holds.
    ///
    /// The rules: platforms named in one file per crate, file length, sections and first lines of the
    /// documentation, links, code blocks that are compiled, what lies at the top level, nothing unfinished,
    /// version numbers that agree, one file name per kernel interface in both crates.
    Tidy,
    /// Check that both crates compile with the oldest Rust that their manifests promise.
    ///
    /// Uses a toolchain of that version if rustup has one, or one linked as `msrv`. On Debian 12 it is otherwise
    /// fetched from the distribution's packages and unpacked below `target/msrv`; nothing gets installed.
    Msrv,
    /// Check the code for systems that are not at hand with clippy and rustdoc; run nothing.
    ///
    /// Uses the standard library of a target where it is installed. On Debian it is otherwise built, with the
    /// distribution's newest Rust, which is installed for that. What cannot be checked is named, with the reason.
    Targets(targets::Options),
    /// Do everything that a change must pass, one step after the other.
    ///
    /// Some steps take packages of Debian 12; elsewhere it says which. Stops at the first step that fails. The last
    /// line reads `N passed, N failed, N skipped`, over the conformance suite and all other tests.
    Ci,
}

fn main() -> ExitCode {
    if let Some(code) = link::run() {
        return code;
    }
    let result = match Arguments::parse().command {
        Command::Demo { arguments } => demo::run(&arguments),
        Command::Conformance(options) => conformance::run(&options),
        Command::Truth(options) => truth::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Tidy => tidy::run(),
        Command::Msrv => msrv::run(),
        Command::Targets(options) => targets::run(&options),
        Command::Ci => ci::run(),
    };
    result.unwrap_or_else(|error| {
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

    #[test]
    fn demo_passes_options_through() {
        let Command::Demo { arguments } =
            Arguments::parse_from(["xtask", "demo", "--clients", "3", "--backend=poll"]).command
        else {
            panic!("not the demo");
        };
        assert_eq!(arguments, ["--clients", "3", "--backend=poll"]);
    }
}
