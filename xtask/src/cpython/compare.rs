//! The differences between the two sides, and the expected ones.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::run::{Outcome, Side, Work};
use super::{Both, Tests, modules, read};
use crate::counts::Counts;
use crate::shell::BAD;

/// The most tests that may be meant to fail.
const MOST: usize = 10;

/// The file in the package that lists them: a line for each, with its name, a colon and the reason.
const LIST: &str = "meant-to-fail.txt";
/// Those that fail over the emulations of kqueue and `/dev/poll`, likewise. They are the emulations' own.
const EMULATED: &str = "emulated.txt";

/// The beginning of a reason if the test would never end.
const HANGS: &str = "left out: ";

/// The tests that are meant to fail, each with the reason.
pub(super) struct MeantToFail(pub(super) BTreeMap<String, String>);

impl MeantToFail {
    pub(super) fn read(package: &Path, emulated: bool) -> Result<Self> {
        let list = |name| Self::parse(&read(&package.join(name))?).context(name);
        let mut meant = list(LIST)?;
        if meant.0.len() > MOST {
            bail!("{} tests are meant to fail, where {MOST} are the most", meant.0.len());
        }
        if emulated {
            meant.0.append(&mut list(EMULATED)?.0);
        }
        Ok(meant)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut tests = BTreeMap::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (test, reason) = line.split_once(": ").context("a line without `name: reason`")?;
            tests.insert(test.to_owned(), reason.to_owned());
        }
        Ok(Self(tests))
    }

    /// Those that are not to be run.
    pub(super) fn left_out(&self) -> Vec<&str> {
        let hang = self.0.iter().filter(|(_, reason)| reason.starts_with(HANGS));
        hang.map(|(test, _)| test.as_str()).collect()
    }

    /// Those that no interpreter has run.
    pub(super) fn never_met(&self, results: &[Tests]) -> Vec<Difference> {
        let met = |test: &String| results.iter().any(|tests| tests.contains_key(test));
        let unmet = self.0.iter().filter(|(test, reason)| !met(test) && !reason.starts_with(HANGS));
        unmet
            .map(|(test, _)| Difference::new("", test, "is meant to fail, and is not there".into()))
            .collect()
    }
}

/// Something that counts against us.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    interpreter: String,
    test: String,
    what: String,
}

impl Difference {
    fn new(interpreter: &str, test: &str, what: String) -> Self {
        Self { interpreter: interpreter.to_owned(), test: test.to_owned(), what }
    }

    pub(super) fn print(&self) {
        anstream::println!("{BAD}✗{BAD:#} {} {}: {}", self.interpreter, self.test, self.what);
    }
}

/// Whether a failure counts though it is the same over CPython's modules: that of a whole module, which hides all of its
/// tests, and that of a test of our own.
fn always_counts(test: &str) -> bool {
    modules::of_test(test).is_none_or(|module| module == modules::SHARED)
}

/// Returns why a test that is not meant to fail counts as a failure: ours fails, or is not run, where CPython's is better.
fn wrong(test: &str, [theirs, ours]: &Both) -> Option<String> {
    match (theirs, ours) {
        (Some(Outcome::Failed(_)), Some(Outcome::Failed(_))) if !always_counts(test) => None,
        (_, Some(Outcome::Failed(detail))) => Some(format!("fails\n{detail}")),
        (Some(Outcome::Failed(detail)), _) if always_counts(test) => {
            Some(format!("fails over CPython's modules\n{detail}"))
        }
        (Some(Outcome::Passed), Some(Outcome::Skipped)) => Some("is skipped".to_owned()),
        (Some(Outcome::Passed | Outcome::Failed(_)), None) => Some("is not there".to_owned()),
        _ => None,
    }
}

/// Returns the failures of one interpreter.
pub(super) fn differences(interpreter: &str, tests: &Tests, meant: &MeantToFail) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (test, both) in tests {
        let what = match (meant.0.contains_key(test), &both[Side::Ours as usize]) {
            (true, Some(Outcome::Failed(_))) => None,
            (true, _) => Some("is meant to fail, and does not".to_owned()),
            (false, _) => wrong(test, both),
        };
        differences.extend(what.map(|what| Difference::new(interpreter, test, what)));
    }
    differences
}

/// The tests that fail over both, for which nobody here can do anything.
pub(super) fn failed_on_both<'a>(tests: &'a Tests, meant: &MeantToFail) -> Vec<&'a str> {
    let failed = |(test, both): &(&String, &Both)| {
        matches!(both, [Some(Outcome::Failed(_)), Some(Outcome::Failed(_))])
            && !always_counts(test)
            && !meant.0.contains_key(*test)
    };
    tests.iter().filter(failed).map(|(test, _)| test.as_str()).collect()
}

/// The tests in which something is wrong, or that fail on both sides, and are not meant to, on both sides, to see whether
/// it was chance.
pub(super) fn to_run_again(results: &[Tests], meant: &MeantToFail) -> Vec<Work> {
    let mut works = Vec::new();
    for (interpreter, tests) in results.iter().enumerate() {
        let mut modules: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let wrong = differences("", tests, meant);
        let wrong = wrong.iter().map(|difference| &*difference.test).chain(failed_on_both(tests, meant));
        for test in wrong.filter(|test| !meant.0.contains_key(*test)) {
            if let Some(module) = modules::of_test(test) {
                modules.entry(module).or_default().push(test.to_owned());
            }
        }
        for (module, only) in modules {
            let work = |side| Work { interpreter, side, module: module.clone(), only: only.clone() };
            works.extend([Side::Theirs, Side::Ours].map(work));
        }
    }
    works
}

/// The tests of one interpreter that are run again.
pub(super) fn names(works: &[Work], interpreter: usize) -> Vec<&str> {
    let works = works.iter().filter(|work| work.side == Side::Ours && work.interpreter == interpreter);
    works.flat_map(|work| work.only.iter().map(String::as_str)).collect()
}

/// Counts the tests over the modules of one side.
pub(super) fn summary(tests: &Tests, side: Side) -> Counts {
    let count = |outcome: &Outcome| match outcome {
        Outcome::Passed => Counts { passed: 1, ..Counts::default() },
        Outcome::Failed(_) => Counts { failed: 1, ..Counts::default() },
        Outcome::Skipped => Counts { skipped: 1, ..Counts::default() },
    };
    tests.values().filter_map(|both| both[side as usize].as_ref()).map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_worse_counts() {
        let failed = || Some(Outcome::Failed("why".to_owned()));
        let (passed, skipped) = (|| Some(Outcome::Passed), || Some(Outcome::Skipped));
        let (theirs, ours) = ("test.test_a.A.test_b", "test_shared.Shared.test_many_threads");
        let module = "setUpModule (test.test_select)";
        for (test, both, worse) in [
            (theirs, [passed(), passed()], false),
            (theirs, [passed(), failed()], true),
            (theirs, [passed(), skipped()], true),
            (theirs, [passed(), None], true),
            (theirs, [failed(), failed()], false),
            (theirs, [failed(), passed()], false),
            (theirs, [failed(), None], true),
            (theirs, [skipped(), skipped()], false),
            (theirs, [None, failed()], true),
            (ours, [failed(), failed()], true),
            (ours, [failed(), passed()], true),
            (module, [failed(), failed()], true),
            (module, [failed(), passed()], true),
        ] {
            assert_eq!(wrong(test, &both).is_some(), worse, "{test} {both:?}");
        }
    }

    #[test]
    fn the_list_is_held_both_ways() {
        let meant = MeantToFail::parse("a.fails: so it is\na.passes: it is not\na.gone: \n").unwrap();
        let failed = [Some(Outcome::Passed), Some(Outcome::Failed("why".to_owned()))];
        let passed = [Some(Outcome::Passed), Some(Outcome::Passed)];
        let tests = [("a.fails", &failed), ("a.passes", &passed), ("a.other", &failed)];
        let tests: Tests = tests.map(|(test, both)| (test.to_owned(), both.clone())).into();
        let mut found = differences("Python 3", &tests, &meant);
        found.extend(meant.never_met(&[tests]));
        let found: Vec<_> = found.iter().map(|difference| difference.test.as_str()).collect();
        assert_eq!(found, ["a.other", "a.passes", "a.gone"]);
    }
}
