//! How many tests passed, failed, and could not run.

use std::fmt;
use std::iter::Sum;
use std::process::ExitCode;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Counts {
    /// Adds up the result lines in an output: `test result: ok. 3 passed; 0 failed; 1 ignored; ...` of a test program, and
    /// `3 passed, 0 failed, 1 skipped` of the suite.
    pub(crate) fn in_output(output: &str) -> Self {
        output.lines().filter_map(Self::in_line).sum()
    }

    fn in_line(line: &str) -> Option<Self> {
        let line =
            line.strip_prefix("test result: ").map_or(Some(line), |rest| Some(rest.split_once(". ")?.1))?;
        let mut parts = line.split([',', ';']).map(str::trim);
        let mut number = |words: [&str; 2]| {
            let (number, word) = parts.next()?.split_once(' ')?;
            words.contains(&word).then_some(number)?.parse().ok()
        };
        let passed = number(["passed"; 2])?;
        Some(Self { passed, failed: number(["failed"; 2])?, skipped: number(["ignored", "skipped"])? })
    }

    /// The exit status of a command that ran these tests.
    pub(crate) fn exit_code(self) -> ExitCode {
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            passed: sum.passed + one.passed,
            failed: sum.failed + one.failed,
            skipped: sum.skipped + one.skipped,
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_added_up() {
        let counts = Counts::in_output(
            "running 3 tests\ntest result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; finished in 0.1s\n\
             test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured\n12 passed, 0 failed, 5 skipped\n\
             one passed, two failed\n",
        );
        assert_eq!(counts, Counts { passed: 19, failed: 2, skipped: 6 });
    }
}
