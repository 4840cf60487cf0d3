//! The two sides beside each other, for a person.

use std::collections::BTreeMap;

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::interpreter::Interpreter;
use super::run::{Outcome, Work};
use super::{Both, Tests, modules};
use crate::shell::BOLD;

/// Passed, failed and skipped, first CPython's, then ours.
#[derive(Default)]
struct Counts([[usize; 3]; 2]);

impl Counts {
    fn add(&mut self, (theirs, ours): &Both) {
        for (counts, outcome) in self.0.iter_mut().zip([theirs, ours]) {
            match outcome {
                Some(Outcome::Passed) => counts[0] += 1,
                Some(Outcome::Failed(_)) => counts[1] += 1,
                Some(Outcome::Skipped) => counts[2] += 1,
                None => {}
            }
        }
    }
}

/// One line for each test module.
pub(super) fn print(interpreter: &Interpreter, works: &[Work], tests: &Tests) {
    let names: Vec<_> = works.iter().map(|work| work.module.as_str()).collect();
    let mut rows: BTreeMap<String, Counts> = BTreeMap::new();
    let mut all = Counts::default();
    for (test, both) in tests {
        let module = modules::of_test(test).filter(|module| names.contains(&module.as_str()));
        rows.entry(module.unwrap_or_else(|| "other".to_owned())).or_default().add(both);
        all.add(both);
    }
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY);
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    let mut header = vec![Cell::new(&interpreter.name)];
    for side in ["CPython's", "ours"] {
        header.extend([side, "failed", "skipped"].map(|text| right(text.to_owned())));
    }
    table.set_header(header);
    for (module, Counts(sides)) in
        rows.iter().map(|(module, counts)| (module.as_str(), counts)).chain([("all", &all)])
    {
        let numbers =
            sides.iter().flatten().map(|&count| if count == 0 { String::new() } else { count.to_string() });
        table.add_row([Cell::new(module)].into_iter().chain(numbers.map(right)));
    }
    anstream::println!(
        "\n{BOLD}{}{BOLD:#}, passed over CPython's modules and over ours\n{table}",
        interpreter.name
    );
}
