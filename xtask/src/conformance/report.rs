//! The results of the suite on one machine, as a table of topics and back ends.

use std::collections::BTreeMap;

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::suite::plural;
use super::{Outcome, Scenario};
use crate::counts::Counts;
use crate::shell::{BAD, BOLD, DIM, GOOD, WARN};

/// The column of another implementation, whose results do not count.
pub(super) const PUBLISHED: &str = "published";

/// The order of the columns; others come after these.
const COLUMNS: [&str; 9] =
    ["select", "poll", "epoll", "kqueue", "kqueue-emulated", "devpoll", "devpoll-emulated", "default", "any"];

/// How many lines of the scenarios' own output are shown after a failure.
const TAIL: usize = 60;

/// A key that sorts back ends the way they are shown.
pub(super) fn column(backend: &str) -> (usize, String) {
    let place = COLUMNS.iter().position(|known| *known == backend).unwrap_or(COLUMNS.len());
    (place, backend.to_owned())
}

pub(super) struct Report {
    pub(super) scenarios: Vec<Scenario>,
    pub(super) seconds: f64,
    /// The messages of the scenarios that failed, as the test program prints them.
    pub(super) messages: String,
    /// The scenarios' own output.
    pub(super) output: String,
}

impl Report {
    pub(super) fn counts(&self) -> Counts {
        self.scenarios.iter().filter(|one| one.name.backend != PUBLISHED).map(count).sum()
    }

    pub(super) fn print(&self) {
        println!("\n{}", self.table());
        anstream::println!(
            "{GOOD}✓{GOOD:#} passed   {BAD}✗{BAD:#} failed   {WARN}○{WARN:#} not run   {DIM}{} in {:.1} s{DIM:#}",
            plural(self.scenarios.len(), "scenario"),
            self.seconds,
        );
        let Counts { failed, skipped, .. } = self.counts();
        if failed > 0 {
            anstream::println!("\n{BAD}{} failed{BAD:#}", plural(failed, "scenario"));
            self.print_groups(true);
            println!("{}", self.messages);
            let lines: Vec<_> = self.output.lines().collect();
            anstream::println!("\n{DIM}the last {TAIL} lines, at most, that the scenarios printed:{DIM:#}");
            for line in &lines[lines.len().saturating_sub(TAIL)..] {
                anstream::println!("{DIM}  | {line}{DIM:#}");
            }
            anstream::println!("\n{DIM}one alone: cargo xtask conformance --filter NAME{DIM:#}");
        }
        if skipped > 0 {
            anstream::println!("\n{WARN}{} not run{WARN:#}", plural(skipped, "scenario"));
            self.print_groups(false);
        }
    }

    /// The counts of each topic on each back end.
    fn table(&self) -> Table {
        let mut backends: Vec<_> = self.scenarios.iter().map(|one| one.name.backend.as_str()).collect();
        backends.sort_by_key(|name| column(name));
        backends.dedup();
        let mut topics: Vec<&str> = Vec::new();
        for Scenario { name, .. } in &self.scenarios {
            if !topics.contains(&name.topic.as_str()) {
                topics.push(&name.topic);
            }
        }
        let mut table = Table::new();
        let right = |text: &str| Cell::new(text).set_alignment(CellAlignment::Right);
        table.load_preset(presets::UTF8_BORDERS_ONLY);
        table.set_header([Cell::new("topic")].into_iter().chain(backends.iter().map(|name| right(name))));
        for topic in topics.into_iter().map(Some).chain([None]) {
            let is_in = |one: &&Scenario, backend| {
                one.name.backend == backend && topic.is_none_or(|topic| one.name.topic == topic)
            };
            let counts = |backend| self.scenarios.iter().filter(|one| is_in(one, backend)).map(count).sum();
            let cells = backends.iter().map(|backend| right(&marks(counts(*backend))));
            table.add_row([Cell::new(topic.unwrap_or("together"))].into_iter().chain(cells));
        }
        table
    }

    /// Prints each message of a failure, or else each reason, once, with the scenarios that it is about.
    fn print_groups(&self, failed: bool) {
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for Scenario { name, outcome } in &self.scenarios {
            if let (Outcome::Failed(text), true) | (Outcome::NotRun(text), false) = (outcome, failed) {
                groups.entry(text).or_default().push(&name.full);
            }
        }
        for (text, names) in groups {
            println!("\n  {}", text.replace('\n', "\n  "));
            for name in names {
                anstream::println!("      {BOLD}{name}{BOLD:#}");
            }
        }
    }
}

fn count(scenario: &Scenario) -> Counts {
    let (passed, failed, skipped) = match &scenario.outcome {
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

#[cfg(test)]
mod tests {
    use super::super::Name;
    use super::*;

    #[test]
    fn the_table_counts_per_topic_and_back_end() {
        let scenario = |name, outcome| Scenario { name: Name::parse(name), outcome };
        let scenarios = vec![
            scenario("epoll::register::twice", Outcome::Passed),
            scenario("poll::register::twice", Outcome::Failed("left\nright".into())),
            scenario("poll::register::once", Outcome::Passed),
            scenario("select::limit::many", Outcome::NotRun("needs more descriptors".into())),
            scenario("poll::limit::many", Outcome::NotRun("needs more descriptors".into())),
        ];
        let report = Report { scenarios, seconds: 0.5, messages: String::new(), output: String::new() };
        let text = report.table().to_string();
        let words = |line: &str| line.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        let rows: Vec<_> = text.lines().map(words).collect();
        for row in ["topic select poll epoll", "register ✓1 ✗1 ✓1", "together ○1 ✓1 ✗1 ○1 ✓1"]
        {
            assert!(rows.iter().any(|one| one == row), "{text}");
        }
    }
}
