//! Random operations on the selectors of all back ends, compared with a model of the kernel and of the registry.
//!
//! By default there are a few hundred cases, always the same. `CONFORMANCE_MODEL_CASES` and `CONFORMANCE_MODEL_SEED` choose
//! more, or others; some ten thousand fit into the time limit of a scenario. TCP is left out, because a program cannot decide
//! when data arrives. `agreement` covers it.

use super::registry_model::{Change, Side};
use super::socket_model::{Check, Ends};
use conformance::{BOTH, READ, Run, WRITE, pairs};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use selectors::Mode;
use std::fmt::Write;
use std::net::Shutdown;

conformance::scenarios_of!(cross, model: random_operations);

const PAIRS: usize = 3;

#[derive(Clone, Debug)]
enum Operation {
    Change(usize, Change),
    Write(usize, usize),
    Fill(usize),
    Read(usize, usize),
    Drain(usize),
    Shutdown(usize, Shutdown),
    /// Closes one end, or both if this is the first end of its pair.
    Close(usize),
    /// Replaces a closed pair by a new one.
    Renew(usize),
}

#[derive(Clone, Debug)]
struct Step {
    operation: Operation,
    /// Whether to wait and compare afterwards.
    wait: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = || 0..2 * PAIRS;
    let interest = || prop_oneof![Just(READ), Just(WRITE), Just(BOTH)];
    let mode = || prop_oneof![Just(Mode::Level), Just(Mode::Oneshot)];
    let how = prop_oneof![Just(Shutdown::Read), Just(Shutdown::Write), Just(Shutdown::Both)];
    let change = prop_oneof![
        5 => (interest(), mode()).prop_map(|(interest, mode)| Change::Register(interest, mode)),
        2 => interest().prop_map(Change::Modify),
        1 => (interest(), mode()).prop_map(|(interest, mode)| Change::ModifyWith(interest, mode)),
        1 => Just(Change::Pause),
        2 => Just(Change::Rearm),
        1 => Just(Change::Unregister),
    ];
    let operation = prop_oneof![
        12 => (end(), change).prop_map(|(end, change)| Operation::Change(end, change)),
        3 => (end(), 1..200_usize).prop_map(|(end, length)| Operation::Write(end, length)),
        1 => end().prop_map(Operation::Fill),
        2 => (end(), 1..10_000_usize).prop_map(|(end, length)| Operation::Read(end, length)),
        2 => end().prop_map(Operation::Drain),
        1 => (end(), how).prop_map(|(end, how)| Operation::Shutdown(end, how)),
        1 => end().prop_map(Operation::Close),
        1 => end().prop_map(Operation::Renew),
    ];
    let step = (operation, proptest::bool::weighted(0.75));
    vec(step.prop_map(|(operation, wait)| Step { operation, wait }), 1..100)
}

fn check(steps: &[Step]) -> Check {
    let mut ends = Ends::new(PAIRS);
    let mut sides: Vec<_> = conformance::comparable().map(|kind| Side::new(kind, ends.len())).collect();
    for step in steps {
        match step.operation {
            Operation::Change(end, change) => {
                let Some(socket) = ends.socket(end) else { continue };
                sides.iter_mut().try_for_each(|side| side.change(end, socket, change))?;
            }
            Operation::Write(end, length) => ends.write(end, length)?,
            Operation::Fill(end) => ends.fill(end)?,
            Operation::Read(end, length) => drop(ends.read(end, length)?),
            Operation::Drain(end) => ends.drain(end)?,
            Operation::Shutdown(end, how) => ends.shutdown(end, how)?,
            Operation::Close(end) => {
                for end in if end % 2 == 0 { end..end + 2 } else { end..end + 1 } {
                    let Some(socket) = ends.socket(end) else { continue };
                    sides.iter_mut().try_for_each(|side| side.change(end, socket, Change::Unregister))?;
                    ends.close(end)?;
                }
            }
            Operation::Renew(end) => ends.renew(end),
        }
        if step.wait {
            sides.iter_mut().try_for_each(|side| side.wait(&ends))?;
        }
    }
    sides.iter_mut().try_for_each(|side| side.wait(&ends))
}

fn from_environment(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |value| value.parse().expect(variable))
}

fn random_operations() -> Run {
    pairs::at_once()?;
    let seed = from_environment("CONFORMANCE_MODEL_SEED", 1);
    let cases = from_environment("CONFORMANCE_MODEL_CASES", 300).try_into().unwrap();
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    match runner.run(&steps(), |steps| check(&steps)) {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, steps)) => {
            let mut list = String::new();
            for Step { operation, wait } in steps {
                writeln!(list, "  {operation:?}{}", if wait { ", wait" } else { "" }).unwrap();
            }
            panic!("{reason}\nwith CONFORMANCE_MODEL_SEED={seed}, after\n{list}");
        }
        Err(error) => panic!("{error}"),
    }
}
