//! The standard library of other targets, as far as `cargo check` needs it: its metadata, without machine code.
//!
//! Cargo's `-Zbuild-std` compiles the library to machine code even for `cargo check`, and once more for clippy. Metadata alone
//! takes 28 s of processor time a target instead of 45 s, and serves `check`, `clippy` and `doc` alike.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Toolchain;
use crate::shell;

impl Toolchain {
    /// Makes the metadata for these targets in `folder`, where cargo finds what it made before, and returns the folder for
    /// rustc's `--sysroot`.
    pub(super) fn metadata(&self, targets: &[&str], folder: &Path) -> Result<PathBuf> {
        let package = folder.join("library");
        fs::create_dir_all(package.join("src"))?;
        fs::write(package.join("src/lib.rs"), "#![no_std]\n")?;
        fs::write(package.join("Cargo.toml"), manifest(&self.library))?;
        let lock = self.library.join("Cargo.lock");
        fs::copy(&lock, package.join("Cargo.lock")).with_context(|| lock.display().to_string())?;

        let mut check = self.cargo("check", targets);
        check.args(["--quiet", "--package", "sysroot"]).current_dir(&package);
        check.env("CARGO_TARGET_DIR", folder.join("library-target")).env("CARGO_INCREMENTAL", "0");
        // The library's private dependencies must not be visible to programs.
        check.env("CARGO_ENCODED_RUSTFLAGS", "-Zforce-unstable-if-unmarked");
        let files = shell::built_files(&mut check)?;

        let sysroot = folder.join("sysroot");
        let libraries = sysroot.join("lib/rustlib");
        for target in targets {
            let library = libraries.join(target).join("lib");
            let _ = fs::remove_dir_all(&library);
            fs::create_dir_all(&library)?;
            let of_target = |file: &&PathBuf| {
                file.extension().is_some_and(|it| it == "rmeta") && file.iter().any(|part| part == *target)
            };
            for file in files.iter().filter(of_target) {
                fs::copy(file, library.join(file.file_name().unwrap_or_default()))?;
            }
        }
        Ok(sysroot)
    }
}

/// A package that depends on the whole library by its paths, as the compiler's own build does.
fn manifest(source: &Path) -> String {
    let path = |name: &str| source.join(name).display().to_string();
    let mut text = format!(
        "[package]\nname = \"library\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies.sysroot]\npath = {:?}\ndefault-features = false\nfeatures = [\"panic-unwind\"]\n\
         [patch.crates-io]\n",
        path("sysroot")
    );
    for name in ["core", "alloc", "std"] {
        let name = format!("rustc-std-workspace-{name}");
        let _ = writeln!(text, "{name} = {{ path = {:?} }}", path(&name));
    }
    text
}
