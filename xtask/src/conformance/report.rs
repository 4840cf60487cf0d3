//! What came out, for a person or as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;
use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;

use super::suite::plural;
use super::{Outcome, Scenario};
use crate::counts::Counts;
use crate::shell::{BAD, BOLD, DIM, GOOD, WARN};

/// The order of the columns; others come after these.
const COLUMNS: [&str; 11] = [
    "select",
    "poll",
    "epoll",
    "kqueue",
    "kqueue-emulated",
    "devpoll",
    "devpoll-emulated",
    "default",
    "any",
    "sys",
    "all",
];

/// How much of what the scenarios printed is shown after a failure.
const TAIL: usize = 60;

/// A key that sorts back ends the way they are shown.
pub(super) fn column(backend: &str) -> (usize, String) {
    let place = COLUMNS.iter().position(|known| *known == backend).unwrap_or(COLUMNS.len());
    (place, backend.to_owned())
}

/// What came out on one machine.
pub(super) struct Report {
    machine: String,
    scenarios: Vec<Scenario>,
    seconds: f64,
    /// What the scenarios themselves printed.
    printed: Vec<u8>,
}

/// The document of `--json`.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    passed: usize,
    failed: usize,
    skipped: usize,
    seconds: f64,
    scenarios: Vec<Entry<'a>>,
}

impl<'a> Document<'a> {
    pub(super) fn of(reports: &'a [Report], Counts { passed, failed, skipped }: Counts) -> Self {
        let seconds = reports.iter().map(|report| report.seconds).sum();
        let of_one = |report: &'a Report| report.scenarios.iter().map(|one| Entry::of(&report.machine, one));
        Self { passed, failed, skipped, seconds, scenarios: reports.iter().flat_map(of_one).collect() }
    }
}

#[derive(Serialize)]
struct Entry<'a> {
    machine: &'a str,
    backend: &'a str,
    topic: &'a str,
    scenario: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Report {
    pub(super) fn new(machine: &str, scenarios: Vec<Scenario>, seconds: f64, printed: Vec<u8>) -> Self {
        Self { machine: machine.to_owned(), scenarios, seconds, printed }
    }

    pub(super) fn counts(&self) -> Counts {
        self.scenarios.iter().map(|scenario| count(&scenario.outcome)).sum()
    }

    pub(super) fn print(&self) {
        anstream::println!("\n{}", coloured(&self.matrix().to_string()));
        anstream::println!(
            "{GOOD}✓{GOOD:#} passed   {BAD}✗{BAD:#} failed   {WARN}○{WARN:#} not run   {DIM}{} in {:.1} s{DIM:#}",
            plural(self.scenarios.len(), "scenario"),
            self.seconds,
        );
        self.print_failures();
        self.print_not_run();
    }

    /// Topics down, back ends across.
    fn matrix(&self) -> Table {
        let mut backends: Vec<_> = self.scenarios.iter().map(|one| one.name.backend.as_str()).collect();
        backends.sort_by_key(|name| column(name));
        backends.dedup();
        let mut topics: Vec<&str> = Vec::new();
        let mut cells: BTreeMap<(&str, &str), Vec<Counts>> = BTreeMap::new();
        for Scenario { name, outcome } in &self.scenarios {
            if !topics.contains(&name.topic.as_str()) {
                topics.push(&name.topic);
            }
            cells.entry((&name.topic, &name.backend)).or_default().push(count(outcome));
            cells.entry(("", &name.backend)).or_default().push(count(outcome));
        }

        let mut table = Table::new();
        table.load_preset(presets::UTF8_BORDERS_ONLY);
        let right = |text: &str| Cell::new(text).set_alignment(CellAlignment::Right);
        table.set_header([Cell::new("topic")].into_iter().chain(backends.iter().map(|name| right(name))));
        for topic in topics.iter().copied().chain([""]) {
            let first = if topic.is_empty() { "together" } else { topic };
            let counts = backends
                .iter()
                .map(|backend| cells.get(&(topic, *backend)).into_iter().flatten().copied().sum());
            table.add_row([Cell::new(first)].into_iter().chain(counts.map(|counts| right(&marks(counts)))));
        }
        table
    }

    fn print_failures(&self) {
        let failed = self.by_text(|outcome| match outcome {
            Outcome::Failed(message) => Some(message),
            Outcome::Passed | Outcome::NotRun(_) => None,
        });
        if failed.is_empty() {
            return;
        }
        anstream::println!("\n{BAD}{} failed{BAD:#}", plural(self.counts().failed, "scenario"));
        for (message, names) in failed {
            println!();
            for name in names {
                anstream::println!("  {BOLD}{name}{BOLD:#}");
            }
            for line in message.lines() {
                println!("      {line}");
            }
        }
        let printed = String::from_utf8_lossy(&self.printed);
        let lines: Vec<_> = printed.lines().collect();
        if !lines.is_empty() {
            anstream::println!("\n{DIM}what the scenarios printed, the last {TAIL} lines at most:{DIM:#}");
            for line in &lines[lines.len().saturating_sub(TAIL)..] {
                anstream::println!("{DIM}  | {line}{DIM:#}");
            }
        }
        anstream::println!("\n{DIM}one alone: cargo xtask conformance --filter NAME{DIM:#}");
    }

    fn print_not_run(&self) {
        let not_run = self.by_text(|outcome| match outcome {
            Outcome::NotRun(reason) => Some(reason),
            Outcome::Passed | Outcome::Failed(_) => None,
        });
        if not_run.is_empty() {
            return;
        }
        anstream::println!("\n{WARN}{} not run{WARN:#}", plural(self.counts().skipped, "scenario"));
        for (reason, names) in not_run {
            println!("\n  {reason}");
            for name in names {
                anstream::println!("      {DIM}{name}{DIM:#}");
            }
        }
    }

    /// Names by what was said about them, in the order of the first of each.
    fn by_text<'a>(
        &'a self,
        text: impl Fn(&'a Outcome) -> Option<&'a String>,
    ) -> Vec<(&'a str, Vec<&'a str>)> {
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for scenario in &self.scenarios {
            let Some(text) = text(&scenario.outcome) else { continue };
            let name = scenario.name.full.as_str();
            match groups.iter_mut().find(|(known, _)| known == text) {
                Some((_, names)) => names.push(name),
                None => groups.push((text, vec![name])),
            }
        }
        groups
    }
}

fn count(outcome: &Outcome) -> Counts {
    let (passed, failed, skipped) = match outcome {
        Outcome::Passed => (1, 0, 0),
        Outcome::Failed(_) => (0, 1, 0),
        Outcome::NotRun(_) => (0, 0, 1),
    };
    Counts { passed, failed, skipped }
}

/// Formats the counts that are not zero, each with its mark.
fn marks(counts: Counts) -> String {
    let parts = [("✓", counts.passed), ("✗", counts.failed), ("○", counts.skipped)];
    let parts = parts.iter().filter(|(_, count)| *count > 0).map(|(mark, count)| format!("{mark}{count}"));
    parts.collect::<Vec<_>>().join(" ")
}

/// Gives each mark and the number behind it its colour.
fn coloured(table: &str) -> String {
    let (mut text, mut open) = (String::new(), None::<Style>);
    for character in table.chars() {
        if let Some(style) = open.take_if(|_| !character.is_ascii_digit()) {
            let _ = write!(text, "{style:#}");
        }
        let style = match character {
            '✓' => GOOD,
            '✗' => BAD,
            '○' => WARN,
            other => {
                text.push(other);
                continue;
            }
        };
        let _ = write!(text, "{style}{character}");
        open = Some(style);
    }
    text
}

impl<'a> Entry<'a> {
    fn of(machine: &'a str, scenario: &'a Scenario) -> Self {
        let (outcome, message, reason) = match &scenario.outcome {
            Outcome::Passed => ("passed", None, None),
            Outcome::Failed(message) => ("failed", Some(message.as_str()), None),
            Outcome::NotRun(reason) => ("not-run", None, Some(reason.as_str())),
        };
        let name = &scenario.name;
        Self {
            machine,
            backend: &name.backend,
            topic: &name.topic,
            scenario: &name.scenario,
            outcome,
            message,
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Name;
    use super::*;

    fn report() -> Report {
        let scenario = |name, outcome| Scenario { name: Name::parse(name), outcome };
        let scenarios = vec![
            scenario("epoll::register::twice", Outcome::Passed),
            scenario("poll::register::twice", Outcome::Failed("left\nright".into())),
            scenario("poll::register::once", Outcome::Passed),
            scenario("select::limit::many", Outcome::NotRun("needs more descriptors".into())),
            scenario("poll::limit::many", Outcome::NotRun("needs more descriptors".into())),
        ];
        Report::new("here", scenarios, 0.5, Vec::new())
    }

    #[test]
    fn the_matrix_counts_per_topic_and_back_end() {
        let text = report().matrix().to_string();
        let rows: Vec<Vec<_>> = text
            .lines()
            .map(|line| line.trim_matches('│').split("  ").map(str::trim).filter(|c| !c.is_empty()).collect())
            .collect();
        assert!(rows.contains(&vec!["topic", "select", "poll", "epoll"]), "{text}");
        assert!(rows.contains(&vec!["register", "✓1 ✗1", "✓1"]), "{text}");
        assert!(rows.contains(&vec!["limit", "○1", "○1"]), "{text}");
        assert!(rows.contains(&vec!["together", "○1", "✓1 ✗1 ○1", "✓1"]), "{text}");
    }

    #[test]
    fn marks_are_coloured_with_their_numbers() {
        assert_eq!(coloured("│ 7 ✓11 ✗1 │"), format!("│ 7 {GOOD}✓11{GOOD:#} {BAD}✗1{BAD:#} │"));
    }

    #[test]
    fn one_reason_stands_once() {
        let report = report();
        let groups = report.by_text(|outcome| match outcome {
            Outcome::NotRun(reason) => Some(reason),
            _ => None,
        });
        assert_eq!(groups, [("needs more descriptors", vec!["select::limit::many", "poll::limit::many"])]);
    }

    #[test]
    fn the_document_has_every_scenario() {
        let reports = [report()];
        let document = serde_json::to_value(Document::of(&reports, reports[0].counts())).unwrap();
        assert_eq!(document["failed"], 1);
        assert_eq!(document["scenarios"][1]["machine"], "here");
        assert_eq!(document["scenarios"][1]["message"], "left\nright");
        assert_eq!(document["scenarios"][3]["outcome"], "not-run");
        assert_eq!(document["scenarios"][3]["reason"], "needs more descriptors");
        assert_eq!(document["scenarios"][0].get("reason"), None);
    }
}
