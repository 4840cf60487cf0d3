//! `cargo xtask demo`: the demonstration, built for speed.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::shell;

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode> {
    let mut command = shell::cargo(["run", "--release", "--quiet", "--package", "demo", "--"]);
    let status = shell::status(command.args(arguments))?;
    Ok(exit_code(status.code()))
}

/// The program's own code; 1 where a signal ended it.
fn exit_code(code: Option<i32>) -> ExitCode {
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_passed_on() {
        assert_eq!(exit_code(Some(0)), ExitCode::SUCCESS);
        assert_eq!(exit_code(Some(7)), ExitCode::from(7));
        assert_eq!(exit_code(None), ExitCode::FAILURE);
    }
}
