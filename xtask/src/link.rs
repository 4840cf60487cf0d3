//! This program as a linker for other systems: what rustc asks for, passed on to zig in the words that it knows.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Set where this program is to be a linker: the zig to call, and what that calls the system.
const ZIG: &str = "XTASK_LINK_ZIG";
const SYSTEM: &str = "XTASK_LINK_SYSTEM";

/// Libraries that the crate `libc` names for all programs and that ours take nothing from.
const UNUSED: [&str; 6] = ["-lexecinfo", "-lkvm", "-lmemstat", "-lprocstat", "-ldevstat", "-liconv"];

/// What makes this program a linker when it is started again.
pub(crate) fn environment(zig: &Path, system: &str) -> [(&'static str, OsString); 2] {
    [(ZIG, zig.as_os_str().to_owned()), (SYSTEM, system.into())]
}

/// Links, if that is what this process is for.
pub(crate) fn run() -> Option<ExitCode> {
    let (zig, system) = (env::var_os(ZIG)?, env::var_os(SYSTEM)?);
    let mut link = Command::new(zig);
    // Without symbols, which rustc would take out with a program that not every toolchain has.
    link.args(["cc", "-s", "-target"]).arg(system);
    link.args(env::args_os().skip(1).filter_map(known));
    Some(match link.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("zig does not start: {error}");
            ExitCode::FAILURE
        }
    })
}

/// The argument as zig knows it, if it does.
fn known(argument: OsString) -> Option<OsString> {
    match argument.to_str() {
        Some("-lgcc_s") => Some("-lunwind".into()), // the unwinder by another name
        Some(text) if UNUSED.contains(&text) => None,
        _ => Some(argument),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_translated() {
        let asked = ["-m64", "-lgcc_s", "-lkvm", "a.o"].map(OsString::from);
        let passed: Vec<_> = asked.into_iter().filter_map(known).collect();
        assert_eq!(passed, ["-m64", "-lunwind", "a.o"]);
    }
}
