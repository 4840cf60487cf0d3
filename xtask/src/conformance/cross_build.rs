//! `cargo xtask conformance --build TARGET`: the suite as one file, to be carried to another system.

use std::fs;

use anyhow::{Context as _, Result, bail};

use super::suite;
use crate::apparatus;
use crate::shell::{self, BOLD};
use crate::toolchain::{Toolchain, variable};

/// A system that can be linked for.
struct Target {
    name: &'static str,
    /// What zig calls it.
    zig: &'static str,
    /// Whether the file can do without a C library there. Such a kernel must keep its system calls as they are, which macOS
    /// does not. OpenBSD changes them: the file is for 7.3 (7.5 and later require a table of system call instructions).
    alone: bool,
}

const TARGETS: [Target; 5] = [
    Target { name: "x86_64-unknown-freebsd", zig: "x86_64-freebsd", alone: true },
    Target { name: "x86_64-unknown-netbsd", zig: "x86_64-netbsd", alone: true },
    Target { name: "x86_64-unknown-openbsd", zig: "x86_64-openbsd", alone: true },
    Target { name: "x86_64-apple-darwin", zig: "x86_64-macos", alone: false },
    Target { name: "aarch64-apple-darwin", zig: "aarch64-macos", alone: false },
];

/// Builds every file that needs nothing but the kernel.
pub(crate) fn build_all_alone() -> Result<()> {
    TARGETS.iter().filter(|target| target.alone).try_for_each(|target| build(target.name))
}

pub(crate) fn build(name: &str) -> Result<()> {
    let Some(target) = TARGETS.iter().find(|known| known.name == name) else {
        let known: Vec<_> = TARGETS.iter().map(|known| known.name).collect();
        bail!("there is no linker for {name:?}; there is one for {}", known.join(", "));
    };
    let mut build = Toolchain::with_source()?.build("test", name)?;
    build.args(["--release", "--package", "conformance", "--test", "conformance", "--no-run"]);
    let zig = apparatus::zig()?;
    build.env(variable(name, "LINKER"), zig.join("linker")).env("ZIG_TARGET", target.zig);
    if target.alone {
        // The standard library has to include what a C library would: the functions for memory are a feature of it.
        build.args(["--features", "freestanding", "-Zbuild-std-features=compiler-builtins-mem"]);
        // With the linker's own arguments, for one address, and in a folder of its own.
        build.env(variable(name, "RUSTFLAGS"), "-Clinker-flavor=ld -Crelocation-model=static");
        build.env("CARGO_TARGET_DIR", shell::target_directory()?.join("alone"));
        build.env("ZIG_UNWINDER", zig.join("unwinder").join(target.zig));
    }
    // Small, and quick to build: it may have to lie in memory, and no time is measured with it.
    for (name, value) in [("DEBUG", "0"), ("OPT_LEVEL", "1"), ("STRIP", "none")] {
        build.env(format!("CARGO_PROFILE_RELEASE_{name}"), value);
    }
    let program = suite::program(&mut build)?;

    let folder = shell::target_directory()?.join("conformance");
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("conformance-{name}"));
    fs::copy(&program, &file).with_context(|| file.display().to_string())?;
    let needs = if target.alone { "the kernel" } else { "the loader and the C library" };
    anstream::println!("{BOLD}{}{BOLD:#}\n{} bytes", file.display(), fs::metadata(&file)?.len());
    println!("It needs {needs} there, a folder for temporary files, and the loopback interface.");
    Ok(())
}
