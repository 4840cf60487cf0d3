//! `cargo xtask conformance --build TARGET`: the suite as one file, for a system that is not at hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use super::suite;
use crate::shell::{self, BOLD};
use crate::toolchain::Library;
use crate::{debian, link};

/// The systems that can be linked for, and what the linker calls them.
pub(crate) const TARGETS: [(&str, &str); 5] = [
    ("x86_64-unknown-freebsd", "x86_64-freebsd"),
    ("x86_64-unknown-netbsd", "x86_64-netbsd"),
    ("x86_64-unknown-openbsd", "x86_64-openbsd"),
    ("x86_64-apple-darwin", "x86_64-macos"),
    ("aarch64-apple-darwin", "aarch64-macos"),
];

/// The release of the Python package `ziglang`: a C compiler and linker, with what is needed of each system's library.
const ZIG: &str = "ziglang==0.17.1";

pub(super) fn build(target: &str) -> Result<ExitCode> {
    let Some((_, called)) = TARGETS.iter().find(|(known, _)| *known == target) else {
        let known: Vec<_> = TARGETS.iter().map(|(known, _)| *known).collect();
        bail!("there is no linker for {target:?} here; there is one for {}", known.join(", "));
    };
    let zig = zig()?;
    let mut build = Library::of(target)?.cargo("test", target)?;
    build.args(["--release", "--package", "conformance", "--test", "conformance", "--no-run"]);
    // Small, and quick to build: it may have to lie in memory, and no time is measured with it.
    for (name, value) in [("DEBUG", "0"), ("OPT_LEVEL", "1"), ("STRIP", "none")] {
        build.env(format!("CARGO_PROFILE_RELEASE_{name}"), value);
    }
    let linker = format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace('-', "_"));
    build.env(linker, std::env::current_exe()?).envs(link::environment(&zig, called));
    let program = suite::program(&mut build)?;

    let folder = shell::target_directory()?.join("conformance");
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("conformance-{target}"));
    fs::copy(&program, &file).with_context(|| file.display().to_string())?;
    let size = fs::metadata(&file)?.len();
    anstream::println!("{BOLD}{}{BOLD:#}\n{size} bytes; {}", file.display(), needs(target));
    println!(
        "Run it there, with a part of a scenario's name as its argument if not all are wanted. A scenario has failed"
    );
    println!(
        "when it has not ended after 300 seconds, or as many as the variable CONFORMANCE_PATIENCE says."
    );
    Ok(ExitCode::SUCCESS)
}

/// What it takes from the system it is carried to. The BSDs and macOS keep their system calls in the C library, and that
/// library is to be had as a dynamic one only.
fn needs(target: &str) -> &'static str {
    if target.contains("apple") {
        "it needs nothing but libSystem there."
    } else {
        "it needs nothing but the loader, the C library and the library of threads there, and a folder for temporary files."
    }
}

/// The compiler, which is fetched if it is not there.
fn zig() -> Result<PathBuf> {
    let folder = shell::target_directory()?.join("zig");
    let program = folder.join("ziglang/zig");
    if !program.exists() {
        let python = if has_pip(Path::new("python3")) { "python3" } else { "/usr/bin/python3" };
        if !has_pip(Path::new(python)) {
            debian::need(&["python3-pip"])?;
        }
        let mut install = Command::new(python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]);
        shell::run(install.arg("--target").arg(&folder).arg(ZIG)).context("a linker for other systems")?;
    }
    Ok(program)
}

fn has_pip(python: &Path) -> bool {
    Command::new(python).args(["-m", "pip", "--version"]).output().is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_target_is_an_error_that_names_the_others() {
        let error = build("x86_64-unknown-illumos").unwrap_err().to_string();
        assert!(error.contains("x86_64-unknown-netbsd"), "{error}");
    }
}
