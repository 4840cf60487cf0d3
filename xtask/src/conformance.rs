//! `cargo xtask conformance`: one suite over every back end, and what came out of it.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

mod carried;
mod cpython;
mod machine;
mod progress;
mod report;
mod suite;
mod wine;

use machine::{Machine, With};
use report::{Document, Report};
use suite::Suite;

/// What to run, and how to tell about it.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run only this back end: select, poll, and epoll, kqueue or devpoll where they are; default, any; sys is the low crate
    /// alone, all compares them
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// Run only the scenarios whose name (`backend::topic::scenario`) contains this text; with cpython, the modules of tests
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Run it also with what is emulated, and on what this machine can act as; what that takes is installed
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    with: Vec<With>,
    /// Build the suite for another system as one file, to be carried there and run, and run nothing
    #[arg(
        long,
        value_name = "TARGET",
        conflicts_with_all = ["backend", "filter", "with", "json", "patience", "cpython"]
    )]
    build: Option<String>,
    /// Print one JSON document and nothing else
    #[arg(long)]
    json: bool,
    /// Give up when no scenario has ended for so long [default: 120]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(LEAST_PATIENCE..))]
    patience: Option<u64>,
    #[command(flatten)]
    cpython: cpython::Options,
}

/// In seconds.
const PATIENCE: u64 = 120;
/// A scenario gets a part of it, and a child process of one a part of that: of less, no whole second would be left.
const LEAST_PATIENCE: u64 = 3;

impl Options {
    /// An error for what is asked for and would be passed over.
    fn check(&self) -> Result<()> {
        if !self.with.contains(&With::Cpython) {
            if self.cpython.any() {
                bail!("--long, --steps, --seed and --speed take `--with cpython`");
            }
            return Ok(());
        }
        if !self.with.iter().all(|with| *with == With::Cpython || is_emulation(*with)) {
            bail!("CPython's own tests run alone: with cpython go devpoll-emulation and libkqueue only");
        }
        if self.json || self.backend.is_some() || self.patience.is_some() {
            bail!("CPython's own tests know neither --json nor --backend nor --patience");
        }
        if self.cpython.of_fuzz() && self.is_emulated() {
            bail!("--steps and --seed are for the fuzz, which does not run over emulations");
        }
        Ok(())
    }

    fn is_emulated(&self) -> bool {
        self.with.iter().any(|with| is_emulation(*with))
    }

    fn wants(&self, name: &Name) -> bool {
        self.backend.as_ref().is_none_or(|backend| *backend == name.backend)
            && self.filter.as_ref().is_none_or(|text| name.full.contains(text.as_str()))
    }
}

fn is_emulation(with: With) -> bool {
    matches!(with, With::DevpollEmulation | With::Libkqueue)
}

/// `backend::topic::scenario`, taken apart.
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

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    options.check()?;
    if let Some(target) = &options.build {
        return carried::build(target);
    }
    if options.with.contains(&With::Cpython) {
        return cpython::run(&options.cpython, options.filter.as_deref(), options.is_emulated());
    }
    let (mut reports, mut known) = (Vec::new(), Vec::new());
    for machine in Machine::all(&options.with)? {
        let name = machine.name.clone();
        reports.extend(run_on(machine, options, &mut known).with_context(|| format!("on {name}"))?);
    }
    if let Some(backend) = &options.backend {
        check_backend(backend, &known)?;
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&Document::of(&reports))?);
    } else {
        println!("\n{}", report::last_line(&reports));
    }
    if reports.is_empty() {
        bail!(
            "nothing was run: no scenario has such a name; `cargo xtask conformance --json` names them all"
        );
    }
    if reports.iter().all(Report::none_ran) {
        bail!("nothing was run; the reasons stand above");
    }
    let held = reports.iter().all(|report| report.failed() == 0);
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What came out on one machine; `None` if it has none of the wanted scenarios. Adds all that it has to the `known`.
fn run_on(machine: Machine, options: &Options, known: &mut Vec<Name>) -> Result<Option<Report>> {
    let suite = Suite::build(machine)?;
    let names: Vec<_> = suite.list()?.iter().map(|name| Name::parse(name)).collect();
    known.extend(names.iter().cloned());
    let wanted: Vec<_> = names.into_iter().filter(|name| options.wants(name)).collect();
    if wanted.is_empty() {
        return Ok(None);
    }
    let report = suite.run(&wanted, options.patience.unwrap_or(PATIENCE), !options.json)?;
    if !options.json {
        report.print();
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn options(backend: Option<&str>, filter: Option<&str>) -> Options {
        let (backend, filter) = (backend.map(str::to_owned), filter.map(str::to_owned));
        Options {
            backend,
            filter,
            with: Vec::new(),
            build: None,
            json: false,
            patience: None,
            cpython: cpython::Options::default(),
        }
    }

    /// What clap says, and then [`Options::check`].
    fn is_refused(line: &str) -> bool {
        #[derive(Debug, clap::Parser)]
        struct Conformance {
            #[command(flatten)]
            options: Options,
        }
        let words = ["conformance"].into_iter().chain(line.split(' '));
        <Conformance as clap::Parser>::try_parse_from(words).map_or(true, |it| it.options.check().is_err())
    }

    #[test]
    fn nothing_that_is_asked_for_is_passed_over() {
        for with in ["wine", "all", "i686,devpoll-emulation"] {
            assert!(is_refused(&format!("--with cpython,{with}")), "{with}");
            assert!(!is_refused(&format!("--with {with}")), "{with}");
        }
        for of_suite in ["--json", "--backend poll", "--patience 9"] {
            assert!(is_refused(&format!("--with cpython {of_suite}")), "{of_suite}");
            assert!(!is_refused(of_suite), "{of_suite}");
        }
        for of_cpython in ["--long", "--steps 1", "--seed 1", "--speed"] {
            assert!(is_refused(of_cpython), "{of_cpython}");
            assert!(is_refused(&format!("--build x86_64-unknown-freebsd {of_cpython}")), "{of_cpython}");
            assert!(!is_refused(&format!("--with cpython {of_cpython}")), "{of_cpython}");
        }
        for together in ["--speed --filter poll", "--speed --steps 1", "--filter poll --seed 1"] {
            assert!(is_refused(&format!("--with cpython {together}")), "{together}");
        }
        assert!(is_refused("--with cpython,libkqueue --seed 1"));
        assert!(!is_refused("--with cpython,devpoll-emulation,libkqueue --long --filter kqueue"));
        assert!(is_refused("--patience 2"));
    }

    #[test]
    fn names_are_taken_apart() {
        let name = Name::parse("epoll::quirks::files::refused");
        assert_eq!((name.backend.as_str(), name.topic.as_str()), ("epoll", "quirks"));
        assert_eq!(name.scenario, "files::refused");
        assert_eq!(Name::parse("alone").scenario, "");
    }

    #[test]
    fn back_end_and_text_must_both_match() {
        let name = Name::parse("poll::register::twice_is_an_error");
        assert!(options(None, None).wants(&name));
        assert!(options(Some("poll"), Some("twice")).wants(&name));
        assert!(!options(Some("epoll"), None).wants(&name));
        assert!(!options(Some("poll"), Some("thrice")).wants(&name));
        // Not every name that contains the text of a back end is of it.
        assert!(!options(Some("poll"), None).wants(&Name::parse("epoll::register::twice_is_an_error")));
    }

    #[test]
    fn an_unknown_back_end_is_an_error_that_names_the_others() {
        let names = [Name::parse("epoll::a::b"), Name::parse("poll::a::b"), Name::parse("epoll::a::c")];
        assert!(check_backend("poll", &names).is_ok());
        let message = check_backend("kqueue", &names).unwrap_err().to_string();
        assert!(message.ends_with("only poll, epoll"), "{message}");
    }
}
