//! `cargo xtask cpython`: CPython's own tests over the two crates, compared with the same tests over CPython's modules.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::apparatus;
use crate::counts::Counts;
use crate::shell::{self, BOLD, DIM};

mod compare;
mod interpreter;
mod modules;
mod run;

use compare::{Difference, MeantToFail};
use interpreter::Interpreter;
use run::{Outcome, Side, Work};

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Run only the test modules whose name contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Run the tests of kqueue and /dev/poll, over their emulations on Linux
    #[arg(long)]
    emulated: bool,
    /// Run with every interpreter from 3.11 on, and the slow tests too
    #[arg(long)]
    long: bool,
    /// How many calls of the fuzz are compared [default: 30000]
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["filter", "emulated"])]
    steps: Option<u32>,
    /// The first seed of the fuzz [default: 1]
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["filter", "emulated"])]
    seed: Option<u32>,
    /// Run no tests; measure an event loop over both kinds of modules
    #[arg(long, conflicts_with_all = ["filter", "steps", "seed"])]
    speed: bool,
}

const STEPS: u32 = 30_000;
const SEED: u32 = 1;

impl Options {
    pub(crate) fn emulated() -> Self {
        Self { emulated: true, ..Self::default() }
    }
}

/// How one test ended over CPython's modules, and over ours.
type Both = [Option<Outcome>; 2];

/// All tests of one interpreter, by name.
type Tests = BTreeMap<String, Both>;

pub(crate) fn run(options: &Options) -> Result<Counts> {
    let emulated = options.emulated;
    let start = Instant::now();
    let package = shell::root().join("tests/cpython");
    if emulated {
        apparatus::need_libkqueue()?;
    }
    let library = interpreter::build(emulated)?;
    let interpreters = Interpreter::all(&library, options.long)?;
    for interpreter in &interpreters {
        anstream::println!("{BOLD}{}{BOLD:#} loads {}", interpreter.name, interpreter.modules.display());
    }
    if options.speed {
        for interpreter in &interpreters {
            interpreter.speed(&package)?;
        }
        return Ok(Counts::default());
    }
    let meant = MeantToFail::read(&package, emulated)?;
    let works = works(&interpreters, options)?;
    let mut results = run::all(&interpreters, &package, &works, &meant.left_out())?;
    let again = compare::to_run_again(&results, &meant);
    run::again(&interpreters, &package, &again, &mut results)?;

    let mut differences = Vec::new();
    for (place, (interpreter, tests)) in interpreters.iter().zip(&results).enumerate() {
        let of = |side: Side| compare::summary(tests, side);
        let (theirs, ours) = (of(Side::Theirs), of(Side::Ours));
        anstream::println!("{BOLD}{}{BOLD:#}: CPython's modules {theirs}; ours {ours}", interpreter.name);
        differences.extend(compare::differences(&interpreter.name, tests, &meant));
        tell(&interpreter.name, "ran a second time, alone", &compare::names(&again, place));
        tell(&interpreter.name, "failed on both sides", &compare::failed_on_both(tests, &meant));
    }
    if options.filter.is_none() {
        differences.extend(meant.never_met(&results));
    }
    differences.iter().for_each(Difference::print);
    if options.filter.is_none() && !emulated {
        for interpreter in &interpreters {
            interpreter.fuzz(&package, options.steps.unwrap_or(STEPS), options.seed.unwrap_or(SEED))?;
        }
    }
    let ours = results.iter().map(|tests| compare::summary(tests, Side::Ours)).sum::<Counts>();
    let seconds = start.elapsed().as_secs_f64();
    anstream::println!("{DIM}{} tests are meant to fail or left out; {seconds:.1} s{DIM:#}", meant.0.len());
    let counts = Counts { failed: differences.len(), ..ours };
    println!("\n{counts}");
    if counts.passed == 0 {
        bail!("nothing was run");
    }
    Ok(counts)
}

/// Prints how many tests something is true of, and their names.
fn tell(of: &str, what: &str, tests: &[&str]) {
    anstream::println!("{of}: {} {what}", tests.len());
    tests.iter().for_each(|test| anstream::println!("  {test}"));
}

/// Every test module on both sides of every interpreter, the slowest first.
fn works(interpreters: &[Interpreter], options: &Options) -> Result<Vec<Work>> {
    let mut works = Vec::new();
    for (place, interpreter) in interpreters.iter().enumerate() {
        let mut modules = modules::of(&interpreter.tests, options.emulated, options.long)?;
        modules.retain(|module| options.filter.as_ref().is_none_or(|text| module.contains(text.as_str())));
        for module in modules {
            for side in [Side::Theirs, Side::Ours] {
                works.push(Work { interpreter: place, side, module: module.clone(), only: Vec::new() });
            }
        }
    }
    if works.is_empty() {
        bail!("no test module has such a name");
    }
    Ok(works)
}

/// Reads a file that must be there.
fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}
