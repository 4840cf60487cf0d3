//! docs/platforms.md says of the kernel what the kernel does.

use std::process::ExitCode;
use std::sync::LazyLock;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

#[path = "../../conformance/src/bin/truth/table/mod.rs"]
mod table;

/// What was not compared, or what is not true.
static CHECKED: LazyLock<Result<Vec<String>, String>> = LazyLock::new(table::check);

fn main() -> ExitCode {
    let trials = vec![
        Trial::test("the_table_of_platforms_is_true", the_table_of_platforms_is_true),
        Trial::ignorable_test("all_of_it_was_compared", all_of_it_was_compared),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn the_table_of_platforms_is_true() -> Result<(), Failed> {
    CHECKED.as_ref()?;
    Ok(())
}

/// An older kernel has not everything that the table is about.
fn all_of_it_was_compared() -> Result<Completion, Failed> {
    Ok(match CHECKED.as_deref()? {
        [] => Completion::Completed,
        notes => Completion::ignored_with(notes.join("; ")),
    })
}
