//! `cargo xtask conformance`: one suite over every back end, and what came out of it.

use std::process::ExitCode;

use anyhow::{Result, bail};

mod progress;
mod report;
mod suite;

use report::Report;
use suite::Suite;

/// What to run, and how to tell about it.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run only this back end: select, poll, epoll, default, any; sys is the low crate alone, all compares them
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// Run only the scenarios whose name (`backend::topic::scenario`) contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Add the scenarios for an interface that this system does not have, over an emulation of it
    #[arg(long, value_enum, value_name = "WHAT")]
    with: Option<With>,
    /// Print one JSON document and nothing else
    #[arg(long)]
    json: bool,
    /// Give up when no scenario has ended for so long
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    patience: u64,
}

/// What can be had beside the system's own interfaces.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum With {
    /// /dev/poll by its rules over poll(2), on Linux; the column says `devpoll-emulated`
    DevpollEmulation,
}

impl With {
    /// The feature of the suite that brings it.
    fn feature(self) -> &'static str {
        match self {
            Self::DevpollEmulation => "devpoll-emulation",
        }
    }
}

impl Options {
    fn wants(&self, name: &Name) -> bool {
        self.backend.as_ref().is_none_or(|backend| *backend == name.backend)
            && self.filter.as_ref().is_none_or(|text| name.full.contains(text.as_str()))
    }
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
    let suite = Suite::build(options.with)?;
    let names: Vec<_> = suite.list()?.iter().map(|name| Name::parse(name)).collect();
    if let Some(backend) = &options.backend {
        check_backend(backend, &names)?;
    }
    let (wanted, unwanted): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| options.wants(name));

    let report = if wanted.is_empty() {
        Report::default()
    } else {
        suite.run(&wanted, &unwanted, options.patience, !options.json)?
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report.document())?);
    } else if !wanted.is_empty() {
        report.print();
    }
    if wanted.is_empty() {
        bail!(
            "nothing was run: no scenario has such a name; `cargo xtask conformance --json` names them all"
        );
    }
    if report.none_ran() {
        bail!("nothing was run; the reasons stand above");
    }
    Ok(if report.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
        Options { backend, filter, with: None, json: false, patience: 1 }
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
