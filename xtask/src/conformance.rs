//! `cargo xtask conformance`: one suite over every back end.

use anyhow::{Context as _, Result, bail};
use clap::builder::PossibleValuesParser;

use crate::counts::Counts;

pub(crate) mod cross_build;
mod machine;
mod report;
mod smol;
mod suite;

use machine::Machine;
use report::Report;
use suite::Suite;

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Run only these back ends: select, poll, and epoll, kqueue or devpoll where they exist; default, any; sys is the low
    /// crate alone, all compares them
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    backend: Vec<String>,
    /// Back ends that are left out.
    #[arg(skip)]
    except: &'static [&'static str],
    /// Run only the scenarios whose name (`backend::topic::scenario`) contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Run also with emulated back ends, or on machines that this one can act as
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = PossibleValuesParser::new(machine::values()))]
    with: Vec<String>,
    /// Not on this machine itself.
    #[arg(skip)]
    only_guests: bool,
    /// Run only the soak of shared selectors, which takes so long in all [default: 600]
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "600")]
    soak: Option<u64>,
    /// Build the suite for another system as one file, to be carried there, and run nothing
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["backend", "filter", "with", "patience"])]
    build: Option<String>,
    /// Give up when no scenario has ended for so long [default: 120]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(LEAST_PATIENCE..))]
    patience: Option<u64>,
}

/// In seconds.
const PATIENCE: u64 = 120;
/// A scenario gets a part of it, and a child process of one a part of that: of less, no whole second would be left.
const LEAST_PATIENCE: u64 = 3;

impl Options {
    /// What the emulations add to the suite on this machine: all but the back ends that are the same without them.
    pub(crate) fn of_emulations() -> Self {
        let with = ["devpoll-emulation", "libkqueue"].map(str::to_owned).to_vec();
        Self { except: &["select", "poll", "epoll", "default"], with, ..Self::default() }
    }

    /// Machines that this one can act as.
    pub(crate) fn of_machines(names: &[&str]) -> Self {
        let with = names.iter().map(|&name| name.to_owned()).collect();
        Self { with, only_guests: true, ..Self::default() }
    }

    /// The tests of smol's crates, over all back ends or one.
    pub(crate) fn of_smol(long: bool) -> Self {
        let backend = if long { Vec::new() } else { vec!["epoll".to_owned()] };
        Self { backend, with: vec!["smol".to_owned()], ..Self::default() }
    }

    fn wants(&self, name: &Name) -> bool {
        (self.backend.is_empty() || self.backend.contains(&name.backend))
            && !self.except.contains(&name.backend.as_str())
            && (self.soak.is_none() || name.topic == "shared_soak")
            && self.filter.as_ref().is_none_or(|text| name.full.contains(text.as_str()))
    }
}

/// The parts of `backend::topic::scenario`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    full: String,
    backend: String,
    topic: String,
    scenario: String,
}

impl Name {
    fn parse(full: &str) -> Self {
        let mut parts = full.splitn(3, "::").map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        Self { full: full.to_owned(), backend: next(), topic: next(), scenario: next() }
    }
}

/// How a scenario ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// With the message.
    Failed(String),
    /// With the reason.
    NotRun(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Scenario {
    name: Name,
    outcome: Outcome,
}

pub(crate) fn run(options: &Options) -> Result<Counts> {
    if let Some(target) = &options.build {
        return cross_build::build(target).map(|()| Counts::default());
    }
    let (mut reports, mut known) = (Vec::new(), Vec::new());
    let has_smol = options.with.contains(&"smol".to_owned());
    if has_smol {
        let report = smol::run(&options.backend)?;
        known.extend(report.scenarios.iter().map(|one| one.name.clone()));
        report.print();
        reports.push(report);
    }
    for machine in Machine::all(&options.with, options.only_guests || has_smol)? {
        let name = machine.name.clone();
        reports.extend(run_on(machine, options, &mut known).with_context(|| format!("on {name}"))?);
    }
    options.backend.iter().try_for_each(|backend| check_backend(backend, &known))?;
    let counts = reports.iter().map(Report::counts).sum::<Counts>();
    println!("\n{counts}");
    if counts.passed + counts.failed == 0 {
        bail!("nothing was run: no scenario has such a name, or the reasons are above");
    }
    Ok(counts)
}

/// Runs the suite on one machine; returns `None` if it has none of the wanted scenarios. Adds all that it has to `known`.
fn run_on(machine: Machine, options: &Options, known: &mut Vec<Name>) -> Result<Option<Report>> {
    let suite = Suite::build(machine)?;
    let names: Vec<_> = suite.list()?.iter().map(|name| Name::parse(name)).collect();
    known.extend(names.iter().cloned());
    let wanted: Vec<_> = names.into_iter().filter(|name| options.wants(name)).collect();
    if wanted.is_empty() {
        return Ok(None);
    }
    let soak = options.soak.map_or(0, |seconds| seconds / wanted.len() as u64);
    let report = suite.run(wanted, options.patience.unwrap_or(PATIENCE) + 2 * soak, soak)?;
    report.print();
    Ok(Some(report))
}

fn check_backend(backend: &str, names: &[Name]) -> Result<()> {
    let mut known: Vec<_> = names.iter().map(|name| name.backend.as_str()).collect();
    known.sort_unstable_by_key(|name| report::column(name));
    known.dedup();
    if !known.contains(&backend) {
        bail!("there is no back end `{backend}` here, only {}", known.join(", "));
    }
    Ok(())
}
