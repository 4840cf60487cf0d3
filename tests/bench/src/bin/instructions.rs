//! The loops whose instructions are counted: `instructions SUBJECT level|edge|idle WAITS`, under callgrind.
//!
//! Each wait finds 100 of 100 files ready. With `edge` they are written to before each wait, which edge-triggered subjects
//! need. With `idle` none of them is ready. What one event, or one idle wait, takes is the difference between two runs with
//! different numbers of waits.
//!
//! The exit status is 3 where the subject cannot do that, which `cargo xtask bench --instructions` shows as `-`.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use std::io;
    use std::process::ExitCode;
    use std::time::Duration;

    use bench::Workload;
    use bench::workloads::{Ready, Refreshed, Sleep};

    const FILES: usize = 100;

    fn run<W: Workload>(workload: &W, subject: &str, waits: u32) -> io::Result<()> {
        let entries = bench::subjects::all(workload);
        match entries.iter().find(|entry| entry.name == subject) {
            Some(entry) => (entry.run)(waits).map(drop),
            None if W::LEVEL => Err(io::ErrorKind::Unsupported.into()),
            None => Err(io::Error::other("there is no such subject")),
        }
    }

    fn count(arguments: &[String]) -> io::Result<()> {
        let [subject, mode, waits] = arguments else {
            return Err(io::Error::other("usage: instructions SUBJECT level|edge|idle WAITS"));
        };
        let waits = waits.parse().map_err(io::Error::other)?;
        match mode.as_str() {
            "level" => run(&&Ready::new(FILES, FILES)?, subject, waits),
            "edge" => run(&&Refreshed::new(FILES)?, subject, waits),
            "idle" => run(&&Sleep::new(FILES, Duration::ZERO)?, subject, waits),
            _ => Err(io::Error::other("level, edge or idle?")),
        }
    }

    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let Err(error) = count(&arguments) else { return ExitCode::SUCCESS };
    eprintln!("{}: {error}", arguments.join(" "));
    ExitCode::from(if error.kind() == io::ErrorKind::Unsupported { 3 } else { 1 })
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("the workloads run on Linux only");
}
