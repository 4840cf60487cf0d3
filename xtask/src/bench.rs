//! `cargo xtask bench`: the cost of waits, compared with the bare system calls and other libraries.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::builder::PossibleValuesParser;

mod instructions;
mod peers;
mod samples;
mod table;

pub(crate) use instructions::check as check_instructions;

use crate::shell;
use peers::Subjects;
use samples::Samples;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run only this workload; `budgets` prints our cost as ratios to a baseline, with the allowed ratios
    #[arg(value_name = "WORKLOAD", value_parser = PossibleValuesParser::new(WORKLOADS))]
    workload: Option<String>,
    /// Compare with these only: raw (the bare calls), sys (`select-sys` alone), mio, polling, popol, libevent, libev, libuv,
    /// cpython; without this, with all that are there
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    against: Option<Vec<String>>,
    /// How often each is measured, in turn with the others
    #[arg(long, value_name = "N", default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Count the instructions outside the kernel for each event instead, with valgrind
    #[arg(long, conflicts_with_all = OF_TIMES)]
    instructions: bool,
    /// With --instructions: fail when our own are more than 5 % above the figures in tests/bench/instructions.txt
    #[arg(long, requires = "instructions", conflicts_with = "against", conflicts_with_all = OF_TIMES)]
    check: bool,
    /// With --instructions: write these figures
    #[arg(long, requires = "instructions", conflicts_with_all = ["against", "check"], conflicts_with_all = OF_TIMES)]
    write: bool,
}

/// The workloads of the program `bench`, and the programs `memory` and `budgets`.
const WORKLOADS: [&str; 13] = [
    "ring", "ready", "one", "limit", "idle", "register", "interest", "relay", "sleep", "wake", "echo",
    "memory", "budgets",
];

/// Options without a meaning where instructions are counted. `--check` and `--write` have to refuse them as well: clap does
/// not ask for `--instructions` where an argument conflicts with it.
const OF_TIMES: [&str; 2] = ["workload", "rounds"];

/// Our own, which are always measured.
const OURS: [&str; 4] = ["epoll", "edge-epoll", "poll", "select"];
/// Of these, the ones whose instructions are recorded.
const COUNTED: [&str; 3] = ["epoll", "poll", "select"];

pub(crate) fn run(options: &Options) -> Result<()> {
    let subjects = || Subjects::new(options.against.as_deref());
    if options.instructions {
        return match (options.check, options.write) {
            (true, _) => instructions::check(),
            (_, true) => instructions::write(),
            _ => instructions::compare(&subjects()?),
        };
    }
    let wanted = options.workload.as_deref().unwrap_or("all");
    let rounds = options.rounds.to_string();
    if wanted == "budgets" {
        if options.against.is_some() {
            bail!("`budgets` takes no option but --rounds");
        }
        return shell::run(Command::new(program("budgets", "devpoll-emulation")?).arg(rounds));
    }
    let subjects = subjects()?;
    let mut samples = Samples::default();
    if wanted != "memory" {
        let mut bench = Command::new(program("bench", subjects.features())?);
        bench.args([wanted, &rounds, &subjects.names.join(",")]);
        bench.args(subjects.programs.iter().map(|(name, path)| format!("{name}={}", path.display())));
        collect(&mut bench, &mut samples)?;
    }
    if wanted == "memory" || wanted == "all" {
        collect(&mut Command::new(program("memory", subjects.features())?), &mut samples)?;
    }
    table::print(&samples);
    Ok(())
}

/// Builds a program of the package `bench` with these features, and returns its path.
fn program(name: &str, features: &str) -> Result<PathBuf> {
    let mut build = shell::cargo(["build", "--quiet", "--release", "--package", "bench", "--bin", name]);
    build.args(["--features", features]);
    shell::build(&mut build, "bin", name)
}

/// Runs a program that prints measurements, and adds them to `samples`.
fn collect(command: &mut Command, samples: &mut Samples) -> Result<()> {
    shell::announce(command);
    let mut child = command.stdout(Stdio::piped()).spawn().context("the program does not start")?;
    let pipe = child.stdout.take().context("the output is a pipe")?;
    for line in BufReader::new(pipe).lines() {
        samples.add(&line?)?;
    }
    shell::check(command, child.wait()?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn the_workloads_are_those_of_the_program() {
        let cases = fs::read_to_string(shell::root().join("tests/bench/src/cases.rs")).unwrap();
        let names = cases.split("runner.case(\"").skip(1).filter_map(|call| call.split('"').next());
        let names: BTreeSet<_> = names.chain(["memory", "budgets"]).collect();
        assert_eq!(BTreeSet::from(WORKLOADS), names);
    }
}
