//! `cargo xtask bench`: what waits cost, beside the bare system calls and other libraries.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};

mod instructions;
mod plot;
mod samples;
mod table;

pub(crate) use instructions::check as check_instructions;

use crate::shell;
use samples::Samples;

/// What to measure, and how to tell about it.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run only this workload: ring, ready, one, idle, register, interest, sleep, wake, echo or memory
    #[arg(value_name = "WORKLOAD")]
    workload: Option<String>,
    /// Compare with these only: raw (the bare calls), sys (`select-sys` alone), mio, polling, popol
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "raw,sys,mio,polling,popol")]
    against: Vec<String>,
    /// How often each is measured, in turn with the others
    #[arg(long, value_name = "N", default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Print one JSON document and nothing else
    #[arg(long)]
    json: bool,
    /// Draw what the workloads `ready` and `one` cost by number of descriptors, as SVG files in this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "instructions")]
    plot: Option<PathBuf>,
    /// Count the instructions outside the kernel for each event instead, with valgrind
    #[arg(long, conflicts_with_all = ["workload", "json", "rounds"])]
    instructions: bool,
    /// With --instructions: fail when our own are more than 5 % above the figures in tests/bench/instructions.txt
    #[arg(long, requires = "instructions", conflicts_with = "against")]
    check: bool,
    /// With --instructions: write these figures anew
    #[arg(long, requires = "instructions", conflicts_with_all = ["against", "check"])]
    write: bool,
}

/// Ours: no name in `--against` stands for them.
const OURS: [&str; 3] = ["epoll", "poll", "select"];
const PEERS: [&str; 3] = ["mio", "polling", "popol"];

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let subjects = subjects(&options.against)?;
    let with_peers = subjects.iter().any(|subject| PEERS.contains(subject));
    if options.instructions {
        return match (options.check, options.write) {
            (true, _) => instructions::check().map(|()| ExitCode::SUCCESS),
            (_, true) => instructions::write().map(|()| ExitCode::SUCCESS),
            _ => instructions::compare(&subjects, with_peers).map(|()| ExitCode::SUCCESS),
        };
    }
    let wanted = options.workload.as_deref().unwrap_or("all");
    let mut samples = Samples::default();
    if wanted != "memory" {
        let rounds = options.rounds.to_string();
        collect(
            Command::new(program("bench", with_peers)?).args([wanted, &rounds, &subjects.join(",")]),
            &mut samples,
        )?;
    }
    if wanted == "memory" || wanted == "all" {
        collect(&mut Command::new(program("memory", with_peers)?), &mut samples)?;
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&samples.report())?);
    } else {
        table::print(&samples);
    }
    if let Some(folder) = &options.plot {
        plot::write(&samples, folder)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The subjects that some names stand for, beside our own.
fn subjects(names: &[String]) -> Result<Vec<&'static str>> {
    let mut subjects = OURS.to_vec();
    for name in names {
        match name.as_str() {
            "raw" => subjects.extend(["raw-epoll", "raw-poll", "raw-select"]),
            "sys" => subjects.extend(["sys-epoll", "sys-poll", "sys-select"]),
            name => match PEERS.iter().find(|peer| **peer == name) {
                Some(peer) => subjects.push(peer),
                None => bail!("there is no `{name}`, only raw, sys, {}", PEERS.join(", ")),
            },
        }
    }
    Ok(subjects)
}

/// Builds a program of the package `bench`, and gives back where it is.
fn program(name: &str, with_peers: bool) -> Result<PathBuf> {
    let mut build = shell::cargo(["build", "--quiet", "--release", "--package", "bench", "--bin", name]);
    if with_peers {
        build.args(["--features", "peers"]);
    }
    shell::run(&mut build)?;
    Ok(shell::target_directory()?.join("release").join(name))
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
    use super::*;

    #[test]
    fn names_stand_for_subjects() {
        let names = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(subjects(&names("mio")).unwrap(), ["epoll", "poll", "select", "mio"]);
        assert!(subjects(&names("raw,popol")).unwrap().ends_with(&["raw-select", "popol"]));
        assert!(subjects(&names("tokio")).unwrap_err().to_string().contains("only raw, sys, mio"));
    }
}
