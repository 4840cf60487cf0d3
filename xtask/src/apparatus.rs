//! The tools that a machine needs besides Rust. `.ci/prepare` installs them; this program only checks that they are there.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The folder in which `.ci/prepare` puts whatever is no Debian package.
pub(crate) fn cache() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    Ok(cache.context("neither XDG_CACHE_HOME nor HOME is set")?.join("select-sys-ci"))
}

/// Fails unless each of these programs is in the path. `part` is the argument of `.ci/prepare` that installs them.
pub(crate) fn need_programs(programs: &[&str], part: &str) -> Result<()> {
    programs.iter().try_for_each(|program| need(has_program(program), program, part))
}

/// Fails unless something `is_there`.
pub(crate) fn need(is_there: bool, name: &str, part: &str) -> Result<()> {
    if !is_there {
        bail!("{name} is missing; on Debian 12, `.ci/prepare {part}` installs it");
    }
    Ok(())
}

pub(crate) fn has_program(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Fails unless the linker finds the library that the feature `libkqueue` asks for.
pub(crate) fn need_libkqueue() -> Result<()> {
    // The compiler prints the bare name of a file that it does not find.
    let output = Command::new("cc").arg("-print-file-name=libkqueue.so").output();
    let found = output.is_ok_and(|output| output.stdout.contains(&b'/'));
    need(found, "libkqueue, of version 2.3.1 or newer,", "libkqueue")
}

/// Returns a command for a program of one of rustup's toolchains.
pub(crate) fn rustup(toolchain: &str, program: &str) -> Command {
    // Not `cargo +NAME`: the first cargo in the path may be Debian's own, which knows no `+NAME`.
    let mut command = Command::new("rustup");
    command.args(["run", toolchain, program]);
    // Set by the cargo that runs this program, for its own toolchain.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    command
}

/// Returns the folder with zig, the script that calls it as a linker, and the unwinder for each system.
pub(crate) fn zig() -> Result<PathBuf> {
    let folder = cache()?.join("zig");
    need(folder.exists(), "zig, a C compiler and linker for other systems,", "zig")?;
    // Its name has zig's release in it: cargo links again where the linker has another path.
    fs::canonicalize(&folder).with_context(|| folder.display().to_string())
}
