//! The cases: each workload, in its sizes.

use std::io::{self, Write};
use std::time::Duration;

use bench::measure::{Samples, in_turn};
use bench::subjects::Program;
use bench::workloads::{Change, Echo, PingPong, Ready, Register, Relay, Ring, Sleep, Style, Wakes};
use bench::{Interest, Workload, allow_descriptors, subjects};

/// The numbers of descriptors for the cost of a wait by size.
const SIZES: [usize; 7] = [10, 30, 100, 300, 1000, 3000, 10_000];

struct Runner<'a> {
    wanted: &'a str,
    rounds: u32,
    subjects: &'a str,
    programs: Vec<Program<'a>>,
    // Whether a workload has the wanted name.
    known: bool,
}

/// Runs the wanted workload, and prints the measurements.
pub(crate) fn run(wanted: &str, rounds: u32, subjects: &str, programs: &[String]) -> io::Result<()> {
    let mut runner = Runner { wanted, rounds, subjects, programs: programs_of(programs)?, known: false };
    for (pairs, active) in [(100, 1), (1000, 100), (9000, 100)] {
        let case = format!("{active} of {pairs} pairs active");
        runner.case("ring", &case, 2 * pairs, "ns/event", || Ring::new(pairs, active))?;
    }
    for count in SIZES {
        let case = format!("{count} of {count}");
        runner.case("ready", &case, count, "ns/event", || Ready::new(count, count))?;
    }
    for count in SIZES {
        let case = format!("1 of {count}");
        runner.case("one", &case, count, "ns/wait", || Ready::new(count, 1))?;
    }
    let limited = || Ok(Ready::new(100, 1)?.within(Duration::from_secs(1)));
    runner.case("limit", "1 of 100, timeout of 1 s", 100, "ns/wait", limited)?;
    let idle = || Sleep::new(100, Duration::ZERO);
    runner.case("idle", "none of 100", 100, "ns/wait", idle)?;
    runner.case("register", "with 1000 others", 1001, "ns/pair", || Register::new(1000))?;
    let both = || Change::new(Interest::Both);
    runner.case("interest", "to both and back", 100, "ns/round", both)?;
    let same = || Change::new(Interest::Read);
    runner.case("interest", "twice the same", 100, "ns/round", same)?;
    for (case, message, lag, style) in [
        ("writes at once, readers keep up", 4096, 1, Style::AtOnce),
        ("writes at once, readers lag", 16384, 16, Style::AtOnce),
        ("waits to write, serves readable first", 4096, 1, Style::ReadsFirst),
        ("waits to write, serves writable first", 4096, 1, Style::WritesFirst),
    ] {
        runner.case("relay", case, 200, "ns/message", || Relay::new(message, lag, style))?;
    }
    let sleep = || Sleep::new(1, Duration::from_micros(100));
    runner.case("sleep", "100 µs", 1, "ns/wait", sleep)?;
    runner.case("wake", "in one thread", 1, "ns/wake", || Ok(Wakes { each: 1 }))?;
    runner.case("wake", "100 before each wait", 1, "ns/wake", || Ok(Wakes { each: 100 }))?;
    runner.case("wake", "between threads", 1, "ns/wake", || Ok(PingPong))?;
    runner.case("echo", "TCP, 16 at a time", 33, "ns/connection", || Ok(Echo))?;
    if runner.known {
        Ok(())
    } else {
        Err(io::Error::other(format!(
            "there is no workload `{wanted}`; `cargo xtask bench --help` names them"
        )))
    }
}

impl Runner<'_> {
    /// Runs one workload in one size over all wanted subjects, and prints the values.
    fn case<T>(
        &mut self,
        workload: &str,
        case: &str,
        descriptors: usize,
        unit: &str,
        make: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<()>
    where
        for<'a> &'a T: Workload,
    {
        if self.wanted != "all" && self.wanted != workload {
            return Ok(());
        }
        self.known = true;
        allow_descriptors(descriptors)?;
        let fixture = make()?;
        let over = &fixture;
        let external = self.programs.iter().filter_map(|program| program.over(&over));
        let mut entries: Vec<_> = subjects::all(&over).into_iter().chain(external).collect();
        entries.retain(|entry| {
            self.subjects == "all" || self.subjects.split(',').any(|name| name == entry.name)
        });
        let all = in_turn(entries, over.least(), self.rounds)
            .map_err(|error| io::Error::new(error.kind(), format!("{workload}, {error}")))?;
        let mut out = io::stdout().lock();
        for Samples { name, values } in all {
            for value in values {
                writeln!(out, "{workload}\t{case}\t{descriptors}\t{unit}\t{name}\t{value:.3}")?;
            }
        }
        out.flush()
    }
}

/// Parses arguments of the form `NAME=PROGRAM`.
fn programs_of(arguments: &[String]) -> io::Result<Vec<Program<'_>>> {
    let mut programs = Vec::new();
    for argument in arguments {
        let parts = argument.split_once('=').ok_or_else(|| io::Error::other("not NAME=PROGRAM"))?;
        programs.push(Program::from(parts));
    }
    Ok(programs)
}
