//! Loops for counting instructions under callgrind: `instructions SUBJECT level|edge|idle WAITS`.
//!
//! Each wait finds 100 of 100 files ready. With `edge` the program writes to all files before each wait, which
//! edge-triggered subjects need. With `idle` no file is ready. The instructions of an event, or of an idle wait, are the
//! difference between two runs with different numbers of waits.
//!
//! The exit status is 3 if the subject does not support this, which `cargo xtask bench --instructions` shows as `-`.

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
            _ => Err(io::Error::other("the mode is level, edge or idle")),
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
