//! What the kernel reports for each kind of descriptor, against the table in `docs/platforms.md`.
//!
//! `--check` compares and tells what differs; `--write` writes the table anew.

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
        _ => Err("usage: truth [--check | --write]".into()),
    };
    match done {
        Ok(notes) => {
            notes.iter().for_each(|note| println!("{note}"));
            ExitCode::SUCCESS
        }
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("The table is that of Linux, and is made there.");
    ExitCode::FAILURE
}
