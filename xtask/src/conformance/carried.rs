//! `cargo xtask conformance --build TARGET`: the suite as one file, for a system that is not at hand.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use super::suite;
use crate::shell::{self, BOLD};
use crate::toolchain::Library;
use crate::{debian, link};

/// A system that can be linked for.
struct Target {
    name: &'static str,
    /// What zig calls it.
    zig: &'static str,
    /// Whether the file can do without a C library there: the kernel must keep its system calls as they are, which those
    /// of OpenBSD and macOS do not.
    alone: bool,
}

impl Target {
    const fn new(name: &'static str, zig: &'static str, alone: bool) -> Self {
        Self { name, zig, alone }
    }

    /// What it takes from the system it is carried to.
    fn needs(&self) -> &'static str {
        match self.alone {
            true => {
                "it needs nothing there but the kernel, a folder for temporary files and the loopback interface."
            }
            false => {
                "it needs the loader and the C library there, a folder for temporary files and the loopback interface."
            }
        }
    }
}

const TARGETS: [Target; 5] = [
    Target::new("x86_64-unknown-freebsd", "x86_64-freebsd", true),
    Target::new("x86_64-unknown-netbsd", "x86_64-netbsd", true),
    Target::new("x86_64-unknown-openbsd", "x86_64-openbsd", false),
    Target::new("x86_64-apple-darwin", "x86_64-macos", false),
    Target::new("aarch64-apple-darwin", "aarch64-macos", false),
];

/// The release of the Python package `ziglang`: a C compiler and linker, with what is needed of each system's library.
/// What comes of it lies in folders with this in their names, so that another release does not find them.
const ZIG: &str = "0.17.1";

pub(super) fn build(target: &str) -> Result<ExitCode> {
    let Some(system) = TARGETS.iter().find(|known| known.name == target) else {
        let known: Vec<_> = TARGETS.iter().map(|known| known.name).collect();
        bail!("there is no linker for {target:?} here; there is one for {}", known.join(", "));
    };
    let zig = zig()?;
    // Built here where it has to bring what a C library would: the functions for memory are a feature of it.
    let library = if system.alone { Library::built(target)? } else { Library::of(target)? };
    let mut build = library.cargo("test", target)?;
    build.args(["--release", "--package", "conformance", "--test", "conformance", "--no-run"]);
    let name = target.to_uppercase().replace('-', "_");
    let unwinder = system.alone.then(|| unwinder(&zig, system)).transpose()?;
    if system.alone {
        build.args(["--features", "freestanding", "-Zbuild-std-features=compiler-builtins-mem"]);
        // With the linker's own arguments, for one address, and apart from what is built for the same target otherwise.
        build.env(format!("CARGO_TARGET_{name}_RUSTFLAGS"), "-Clinker-flavor=ld -Crelocation-model=static");
        build.env("CARGO_TARGET_DIR", shell::target_directory()?.join("alone"));
    }
    // Small, and quick to build: it may have to lie in memory, and no time is measured with it.
    for (name, value) in [("DEBUG", "0"), ("OPT_LEVEL", "1"), ("STRIP", "none")] {
        build.env(format!("CARGO_PROFILE_RELEASE_{name}"), value);
    }
    build.env(format!("CARGO_TARGET_{name}_LINKER"), linker(&zig)?);
    build.envs(link::environment(&zig, system.zig, unwinder.as_deref()));
    let program = suite::program(&mut build)?;

    let folder = shell::target_directory()?.join("conformance");
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("conformance-{target}"));
    fs::copy(&program, &file).with_context(|| file.display().to_string())?;
    let size = fs::metadata(&file)?.len();
    anstream::println!("{BOLD}{}{BOLD:#}\n{size} bytes; {}", file.display(), system.needs());
    println!(
        "Run it there, with a part of a scenario's name as its argument if not all are wanted. A scenario has failed"
    );
    println!(
        "when it has not ended after 300 seconds, or as many as the variable CONFORMANCE_PATIENCE says."
    );
    Ok(ExitCode::SUCCESS)
}

/// LLVM's unwinder, whose source comes with zig, as a folder of objects.
fn unwinder(zig: &Path, system: &Target) -> Result<PathBuf> {
    const SOURCES: [&str; 5] = [
        "libunwind.cpp",
        "UnwindLevel1.c",
        "UnwindLevel1-gcc-ext.c",
        "UnwindRegistersRestore.S",
        "UnwindRegistersSave.S",
    ];
    let library = zig.with_file_name("lib/libunwind");
    let folder = of_release("unwinder")?.join(system.zig);
    fs::create_dir_all(&folder)?;
    for source in SOURCES {
        let object = folder.join(source).with_extension("o");
        if object.exists() {
            continue;
        }
        let mut compile = Command::new(zig);
        compile.args(["cc", "-target", system.zig, "-O2", "-fno-pic", "-fno-stack-protector"]);
        compile.args(["-fno-sanitize=all", "-fno-exceptions", "-fno-rtti", "-DNDEBUG"]);
        compile.args(["-D_LIBUNWIND_IS_NATIVE_ONLY", "-c"]).arg(library.join("src").join(source));
        // Under another name until it is complete, as the compiler is below.
        let part = object.with_extension("part");
        compile.arg("-I").arg(library.join("include")).arg("-o").arg(&part);
        shell::run(&mut compile).context("the unwinder")?;
        fs::rename(&part, &object).with_context(|| object.display().to_string())?;
    }
    Ok(folder)
}

/// The compiler, which is fetched if it is not there.
fn zig() -> Result<PathBuf> {
    let folder = of_release("zig")?;
    let program = folder.join("ziglang/zig");
    if !program.exists() {
        let python = if has_pip(Path::new("python3")) { "python3" } else { "/usr/bin/python3" };
        if !has_pip(Path::new(python)) {
            debian::need(&["python3-pip"])?;
        }
        let part = of_release("zig-part")?;
        for folder in [&part, &folder] {
            if folder.exists() {
                fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
            }
        }
        let mut install = Command::new(python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]);
        shell::run(install.arg("--target").arg(&part).arg(format!("ziglang=={ZIG}")))
            .context("a linker for other systems")?;
        fs::rename(&part, &folder).with_context(|| folder.display().to_string())?;
    }
    Ok(program)
}

/// This program, by a path that another release of zig does not have: cargo links again where the linker has another path.
fn linker(zig: &Path) -> Result<PathBuf> {
    let linker = zig.with_file_name("xtask");
    let _ = fs::remove_file(&linker); // one of an earlier program
    fs::hard_link(env::current_exe()?, &linker).with_context(|| linker.display().to_string())?;
    Ok(linker)
}

fn of_release(name: &str) -> Result<PathBuf> {
    Ok(shell::target_directory()?.join(format!("{name}-{ZIG}")))
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
