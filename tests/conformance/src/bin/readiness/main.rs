//! The readiness that Linux reports for each kind of descriptor: the table in `docs/platforms.md`.
//!
//! `--check` compares the table with this machine, and prints the differences. `--write` rewrites it.

#[cfg(feature = "freestanding")]
use freestanding as _; // for its symbols

use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod table;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        None | Some("--check") => table::check(),
        Some("--write") => table::write(),
        _ => Err("usage: readiness [--check | --write]".into()),
    };
    match done {
        Ok(notes) => {
            notes.iter().for_each(|note| println!("{note}"));
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("not compared: the table describes Linux, and can only be made there");
    if std::env::args().nth(1).as_deref() == Some("--write") { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
