//! Measurements for people.

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::samples::{Case, Samples, Subject};
use crate::shell::BOLD;

/// Prints all of it as one table.
pub(super) fn print(samples: &Samples) {
    anstream::println!("{BOLD}medians; the spread is half the distance between the quartiles{BOLD:#}");
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(["workload", "case", "unit", "subject", "median", "spread", "to raw", "to best peer"]);
    for column in 4..8 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for case in &samples.cases {
        let (mut workload, mut name, mut unit) = (&*case.workload, &*case.name, &*case.unit);
        for subject in &case.subjects {
            table.add_row(row([workload, name, unit], case, subject));
            (workload, name, unit) = ("", "", "");
        }
    }
    println!("{table}");
}

fn row(first: [&str; 3], case: &Case, subject: &Subject) -> Vec<Cell> {
    let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
    let median = subject.median();
    let digits = if median < 100.0 { 1 } else { 0 };
    let mut row: Vec<_> = first.into_iter().map(Cell::new).collect();
    row.push(Cell::new(&subject.name));
    row.push(Cell::new(format!("{median:.digits$}")));
    row.push(Cell::new(format!("{:.0} %", 100.0 * subject.spread())));
    row.push(Cell::new(ratio(case.to_raw(subject))));
    row.push(Cell::new(ratio(case.to_best_peer(subject))));
    row
}
