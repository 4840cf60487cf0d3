//! This program as a linker for other systems: what rustc asks for, passed on to zig in the words that it knows.
//!
//! With zig's C compiler it links programs that take the C library from the system. With its linker alone it links
//! those that need none.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs, io};

/// Set where this program is to be a linker: the zig to call, and what that calls the system.
const ZIG: &str = "XTASK_LINK_ZIG";
const SYSTEM: &str = "XTASK_LINK_SYSTEM";

/// Libraries that the crate `libc` names for all programs and that ours take nothing from.
const UNUSED: [&str; 6] = ["-lexecinfo", "-lkvm", "-lmemstat", "-lprocstat", "-ldevstat", "-liconv"];

/// Set where the program is to need no C library: the folder with the objects of the unwinder.
const UNWINDER: &str = "XTASK_LINK_UNWINDER";

/// What makes this program a linker when it is started again.
pub(crate) fn environment(
    zig: &Path,
    system: &str,
    unwinder: Option<&Path>,
) -> Vec<(&'static str, OsString)> {
    let unwinder = unwinder.map(|folder| (UNWINDER, folder.into()));
    [(ZIG, zig.into()), (SYSTEM, system.into())].into_iter().chain(unwinder).collect()
}

/// Links, if that is what this process is for.
pub(crate) fn run() -> Option<ExitCode> {
    let (zig, system) = (env::var_os(ZIG)?, env::var_os(SYSTEM)?);
    let mut link = Command::new(zig);
    let asked = env::args_os().skip(1);
    // Without symbols (-s), which rustc would take out with a program that not every toolchain has.
    if let Some(unwinder) = env::var_os(UNWINDER) {
        link.args(["ld.lld", "-s", "-static"]);
        link.args(asked.filter(|argument| !argument.to_string_lossy().starts_with("-l")));
        match objects(Path::new(&unwinder)) {
            Ok(objects) => link.args(objects),
            Err(error) => {
                eprintln!("{}: {error}", Path::new(&unwinder).display());
                return Some(ExitCode::FAILURE);
            }
        };
    } else {
        link.args(["cc", "-s", "-target"]).arg(system).args(asked.filter_map(known));
    }
    Some(match link.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("zig does not start: {error}");
            ExitCode::FAILURE
        }
    })
}

fn objects(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let files = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    files.filter(|file| file.as_ref().is_ok_and(|file| file.extension() == Some("o".as_ref()))).collect()
}

/// The argument as zig's compiler knows it, if it does.
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
