//! `cargo xtask msrv`: the oldest Rust that the manifests promise, exactly.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// The packages of Debian that hold a Rust besides the distribution's own. Their names carry `-web` because the
/// distribution brings them up to date for its web browsers.
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "libstd-rust-web-dev"];

/// How to start one version's programs.
struct Toolchain {
    cargo: Vec<OsString>,
    rustc: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
}

impl Toolchain {
    /// One that rustup manages.
    fn of_rustup(name: &str) -> Self {
        let start = |program: &str| ["rustup", "run", name, program].map(OsString::from).to_vec();
        Self { cargo: start("cargo"), rustc: start("rustc"), environment: Vec::new() }
    }

    /// What [`fetch`] leaves behind.
    fn unpacked(folder: &Path) -> Self {
        let root = folder.join("root");
        let (cargo, rustc) = (root.join("usr/bin/cargo"), root.join("usr/bin/rustc"));
        let machine = format!("{}-linux-gnu", env::consts::ARCH);
        let libraries = [root.join("usr/lib").join(&machine), root.join("lib").join(&machine)];
        let libraries = env::join_paths(libraries).unwrap_or_default();
        Self {
            cargo: vec![cargo.into()],
            rustc: vec![rustc.clone().into()],
            environment: vec![("RUSTC", rustc.into()), ("LD_LIBRARY_PATH", libraries)],
        }
    }

    fn command(&self, start: &[OsString]) -> Command {
        let mut command = Command::new(&start[0]);
        command.args(&start[1..]).current_dir(shell::root()).env_remove("RUSTC_WRAPPER");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What its compiler says of itself, if it starts and is a release of the promised version.
    fn version(&self, promised: &str) -> Option<String> {
        let output = self.command(&self.rustc).arg("--version").output().ok()?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success() && is_release_of(&version, promised)).then_some(version)
    }
}

pub(crate) fn run() -> Result<ExitCode> {
    let metadata = shell::metadata()?;
    let promised = promised(&metadata)?;
    let folder = shell::target_directory()?.join("msrv");
    let (toolchain, version) = find(&promised, &folder)?;

    println!("checking with {version}");
    let mut check = toolchain.command(&toolchain.cargo);
    check.env("CARGO_TARGET_DIR", folder.join("build"));
    check.args(["check", "--package", "select-sys", "--package", "selectors", "--all-features"]);
    check.args(["--lib", "--examples"]);
    shell::run(&mut check)?;
    println!("both crates and their examples compile with Rust {promised}");
    Ok(ExitCode::SUCCESS)
}

/// The `rust-version` of the two crates, which must be the same.
fn promised(metadata: &serde_json::Value) -> Result<String> {
    let mut versions = Vec::new();
    for name in ["select-sys", "selectors"] {
        let package = metadata["packages"].as_array().into_iter().flatten().find(|one| one["name"] == name);
        let version = package.and_then(|one| one["rust_version"].as_str());
        versions.push(version.with_context(|| format!("the package `{name}` has no rust-version"))?);
    }
    if versions[0] != versions[1] {
        bail!("select-sys promises Rust {}, selectors {}", versions[0], versions[1]);
    }
    let parts: Vec<_> = versions[0].split('.').take(2).collect();
    Ok(parts.join("."))
}

fn find(promised: &str, folder: &Path) -> Result<(Toolchain, String)> {
    let known = rustup_toolchain(promised).map(|name| Toolchain::of_rustup(&name));
    for toolchain in known.into_iter().chain([Toolchain::unpacked(folder)]) {
        if let Some(version) = toolchain.version(promised) {
            return Ok((toolchain, version));
        }
    }
    fetch(promised, folder)
        .and_then(|()| {
            let toolchain = Toolchain::unpacked(folder);
            let version = toolchain.version(promised).context("what was fetched does not start")?;
            Ok((toolchain, version))
        })
        .with_context(|| {
            format!(
                "Rust {promised} is not here and cannot be fetched. To have it: `rustup toolchain install {promised}`, \
                 or unpack it anywhere and `rustup toolchain link msrv FOLDER`"
            )
        })
}

/// A toolchain of rustup for the promised version: one by that number, or whatever is linked as `msrv`.
fn rustup_toolchain(promised: &str) -> Option<String> {
    let output = Command::new("rustup").args(["toolchain", "list"]).output().ok()?;
    choose(&String::from_utf8_lossy(&output.stdout), promised)
}

fn choose(list: &str, promised: &str) -> Option<String> {
    let names: Vec<_> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let numbered = names.iter().find(|name| {
        let number = name.split('-').next().unwrap_or_default();
        number == promised || number.strip_prefix(promised).is_some_and(|rest| rest.starts_with('.'))
    });
    numbered.or_else(|| names.iter().find(|name| **name == "msrv")).map(|name| (*name).to_owned())
}

/// Downloads the distribution's packages of that version, with what they need and the machine lacks, and unpacks
/// them in a folder. Nothing gets installed.
fn fetch(promised: &str, folder: &Path) -> Result<()> {
    let version = match offered(promised)? {
        Some(version) => version,
        None => {
            shell::run(Command::new("apt-get").args(["update", "--quiet"]))?;
            offered(promised)?
                .with_context(|| format!("no package of Rust {promised} in the lists of apt"))?
        }
    };
    let archives = folder.join("archives");
    fs::create_dir_all(archives.join("partial"))?;
    let mut download = Command::new("apt-get");
    download
        .args(["install", "--quiet", "--yes", "--reinstall", "--download-only"])
        .args([
            "--no-install-recommends",
            "--allow-downgrades",
            "--option",
            "Debug::NoLocking=1",
            "--option",
            "APT::Sandbox::User=root",
        ])
        .arg("--option")
        .arg(format!("Dir::Cache::archives={}", archives.display()))
        .arg(format!("libstd-rust-web-{promised}={version}"))
        .args(PACKAGES.map(|package| format!("{package}={version}")))
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(std::process::Stdio::null());
    shell::run(&mut download)?;

    // Under another name until it is complete.
    let (part, root) = (folder.join("part"), folder.join("root"));
    for folder in [&part, &root] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    for entry in fs::read_dir(&archives)? {
        let path = entry?.path();
        // A second C library beside the machine's own would only confuse the loader.
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".deb") && !name.starts_with("libc6_") {
            shell::run(Command::new("dpkg").arg("--extract").arg(&path).arg(&part))?;
        }
    }
    fs::rename(part, root)?;
    fs::remove_dir_all(&archives)?;
    Ok(())
}

/// The version of the packages that apt has for a Rust version.
fn offered(promised: &str) -> Result<Option<String>> {
    let output = Command::new("apt-cache")
        .args(["madison", PACKAGES[0]])
        .output()
        .context("there is no apt on this machine")?;
    Ok(package_version(&String::from_utf8_lossy(&output.stdout), promised))
}

/// Reads lines like `rustc-web | 1.85.0+dfsg3-1 | http://... Packages`.
fn package_version(madison: &str, promised: &str) -> Option<String> {
    let versions = madison.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim);
    versions.filter(|version| is_release_of(version, promised)).map(str::to_owned).next()
}

/// Whether a text like `cargo 1.85.0 (d73d2caf9 2024-12-31)` or `1.85.0+dfsg3-1` speaks of that version.
fn is_release_of(text: &str, promised: &str) -> bool {
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    number.is_some_and(|number| number.strip_prefix(promised).is_some_and(|rest| rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numbered_toolchain_comes_before_a_linked_one() {
        let list =
            "stable-x86_64-unknown-linux-gnu (active, default)\nmsrv\n1.85.1-x86_64-unknown-linux-gnu\n";
        assert_eq!(choose(list, "1.85").as_deref(), Some("1.85.1-x86_64-unknown-linux-gnu"));
        assert_eq!(choose(list, "1.80").as_deref(), Some("msrv"));
        assert_eq!(choose("1.850.0-x86_64\nstable\n", "1.85"), None);
    }

    #[test]
    fn the_package_of_the_version_is_found() {
        let madison = " rustc-web | 1.96.0+dfsg1-1~deb12u2 | http://one Packages\n\
                       \u{20}rustc-web | 1.85.0+dfsg3-1~deb12u3 | http://two Packages\n";
        assert_eq!(package_version(madison, "1.85").as_deref(), Some("1.85.0+dfsg3-1~deb12u3"));
        assert_eq!(package_version(madison, "1.9"), None);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_release_of("cargo 1.85.0 (d73d2caf9 2024-12-31)", "1.85"));
        assert!(!is_release_of("cargo 1.95.0 (f2d3ce0bd 2026-03-21)", "1.85"));
        assert!(!is_release_of("cargo 1.850.0", "1.85"));
    }

    #[test]
    fn both_crates_promise_the_same() {
        let package = |name, version| serde_json::json!({"name": name, "rust_version": version});
        let same =
            serde_json::json!({"packages": [package("select-sys", "1.85"), package("selectors", "1.85")]});
        assert_eq!(promised(&same).unwrap(), "1.85");
        let not =
            serde_json::json!({"packages": [package("select-sys", "1.85"), package("selectors", "1.86")]});
        assert!(promised(&not).is_err());
    }
}
