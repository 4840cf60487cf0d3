//! Runs workloads, and prints a line for each measurement. `cargo xtask bench` reads the lines.
//!
//! `bench WORKLOAD ROUNDS SUBJECTS [NAME=PROGRAM]...`: the name of a workload or `all`, a number, names of subjects with
//! commas between them or `all`, and subjects that are programs of their own (`peers/`). A line has workload, case, number
//! of descriptors, unit, subject and value, separated by tabs.

#[cfg(target_os = "linux")]
mod cases;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [workload, rounds, subjects, programs @ ..] => match rounds.parse() {
            Ok(rounds) => cases::run(workload, rounds, subjects, programs),
            Err(_) => Err(std::io::Error::other("ROUNDS is not a number")),
        },
        _ => Err(std::io::Error::other("usage: bench WORKLOAD ROUNDS SUBJECTS [NAME=PROGRAM]...")),
    };
    if let Err(error) = result {
        eprintln!("error: {error}");
        return std::process::ExitCode::FAILURE;
    }
    std::process::ExitCode::SUCCESS
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("the workloads run on Linux only");
}
