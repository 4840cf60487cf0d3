//! One mark per scenario, as it ends.

use std::io::Write as _;

use super::Outcome;
use crate::shell::{BAD, DIM, GOOD, WARN};

const WIDTH: usize = 60;

/// Marks in rows, with a count at the end of each row.
pub(super) struct Progress {
    done: usize,
    total: usize,
    visible: bool,
}

impl Progress {
    pub(super) fn new(total: usize, visible: bool) -> Self {
        Self { done: 0, total, visible }
    }

    pub(super) fn step(&mut self, outcome: &Outcome) {
        self.done += 1;
        if !self.visible {
            return;
        }
        match outcome {
            Outcome::Passed => anstream::print!("{GOOD}.{GOOD:#}"),
            Outcome::Failed(_) => anstream::print!("{BAD}✗{BAD:#}"),
            Outcome::NotRun(_) => anstream::print!("{WARN}○{WARN:#}"),
        }
        if let Some(gap) = gap(self.done, self.total) {
            anstream::println!("{:gap$}  {DIM}{}/{}{DIM:#}", "", self.done, self.total);
        }
        // Whoever watches wants the mark now; a broken pipe is found out by the report.
        let _ = std::io::stdout().flush();
    }

    /// Ends a row that was cut short.
    pub(super) fn end(&self) {
        if self.visible && gap(self.done, self.total).is_none() {
            anstream::println!();
        }
    }
}

/// How many columns are left in a row that ends here; `None` where it does not.
fn gap(done: usize, total: usize) -> Option<usize> {
    let column = done % WIDTH;
    match column {
        0 => Some(0),
        _ if done == total => Some(if total > WIDTH { WIDTH - column } else { 0 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_when_full_and_at_the_end() {
        assert_eq!(gap(60, 100), Some(0));
        assert_eq!(gap(61, 100), None);
        assert_eq!(gap(100, 100), Some(20));
        assert_eq!(gap(7, 7), Some(0));
    }
}
