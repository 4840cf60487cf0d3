//! The table of docs/platforms.md, which describes Linux, against this kernel.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// The code of the program that writes the table. A program's modules are in no library, so this test includes the file.
#[cfg(target_os = "linux")]
#[path = "../../conformance/src/bin/truth/table/mod.rs"]
mod table;

fn main() -> ExitCode {
    let trials = vec![
        Trial::ignorable_test("the_table_of_platforms_is_true", the_table_of_platforms_is_true),
        Trial::ignorable_test("every_row_was_compared", every_row_was_compared),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn the_table_of_platforms_is_true() -> Result<Completion, Failed> {
    compared(|_| Completion::Completed)
}

/// Older kernels lack some of the kinds of descriptors.
fn every_row_was_compared() -> Result<Completion, Failed> {
    compared(|notes| match notes {
        [] => Completion::Completed,
        notes => Completion::ignored_with(notes.join("; ")),
    })
}

/// Compares the table once, and passes on the rows that could not be compared.
#[cfg(target_os = "linux")]
fn compared(completion: impl FnOnce(&[String]) -> Completion) -> Result<Completion, Failed> {
    use std::sync::LazyLock;

    static CHECKED: LazyLock<Result<Vec<String>, String>> = LazyLock::new(table::check);

    Ok(completion(CHECKED.as_deref()?))
}

#[cfg(not(target_os = "linux"))]
fn compared(_: impl FnOnce(&[String]) -> Completion) -> Result<Completion, Failed> {
    Ok(Completion::ignored_with("the table is that of Linux"))
}
