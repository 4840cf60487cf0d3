//! The loops whose instructions are counted: `instructions SUBJECT level|edge|idle WAITS`, under callgrind.
//!
//! Each wait finds 100 of 100 files ready. With `edge` they are written to before each wait, which edge-triggered subjects
//! need. With `idle` none of them is ready. What one event, or one idle wait, takes is the difference between two runs with
//! different numbers of waits.

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    use bench::Workload;
    use bench::workloads::{Ready, Refreshed, Sleep};

    const FILES: usize = 100;

    fn run<W: Workload>(workload: &W, subject: &str, waits: u32) -> std::io::Result<()> {
        let entries = bench::subjects::all(workload);
        let entry = entries.iter().find(|entry| entry.name == subject);
        let entry = entry.ok_or_else(|| std::io::Error::other(format!("`{subject}` cannot do that")))?;
        (entry.run)(waits).map(drop)
    }

    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [subject, mode, waits] = arguments.as_slice() else {
        return Err(std::io::Error::other("usage: instructions SUBJECT level|edge|idle WAITS"));
    };
    let waits = waits.parse().map_err(std::io::Error::other)?;
    match mode.as_str() {
        "level" => run(&&Ready::new(FILES, FILES)?, subject, waits),
        "edge" => run(&&Refreshed::new(FILES)?, subject, waits),
        "idle" => run(&&Sleep::new(FILES, std::time::Duration::ZERO)?, subject, waits),
        _ => Err(std::io::Error::other("level, edge or idle?")),
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("the workloads run on Linux only");
}
