//! Debian's packages: what a command needs and this machine lacks is installed, where that can be done.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::shell;
use crate::system::System;

/// Sees to it that these packages are installed.
pub(crate) fn need(packages: &[&str]) -> Result<()> {
    let missing: Vec<_> =
        packages.iter().copied().filter(|package| installed_version(package).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    check_apt(&missing)?;
    update(&[]);
    install(&[], &missing)
}

/// As [`need`], in this version or a newer one, from another suite of the distribution, of which nothing else is taken.
pub(crate) fn need_from(suite: &str, package: &str, oldest: &str) -> Result<()> {
    if installed_version(package).is_some_and(|version| is_at_least(&version, oldest)) {
        return Ok(());
    }
    check_apt(&[package])?;
    let folder = shell::target_directory()?.join("debian");
    fs::create_dir_all(&folder)?;
    let mut options = Vec::new();
    // Named to these commands alone, in place of files of the machine, so that nothing below /etc stays as it ought not to.
    for (option, file, more) in [
        ("Dir::Etc::SourceList", "sources.list", format!("deb {} {suite} main\n", mirror()?)),
        (
            "Dir::Etc::Preferences",
            "preferences",
            format!("Package: *\nPin: release a={suite}\nPin-Priority: 1\n"),
        ),
    ] {
        let of_machine = fs::read_to_string(Path::new("/etc/apt").join(file)).unwrap_or_default();
        let path = folder.join(file);
        fs::write(&path, format!("{of_machine}\n\n{more}")).with_context(|| path.display().to_string())?;
        options.extend(["--option".to_owned(), format!("{option}={}", path.display())]);
    }
    update(&options);
    options.extend(["--target-release".to_owned(), suite.to_owned()]);
    let result = install(&options, &[package]);
    update(&[]); // forgets what the suite has
    result
}

/// An error where there is no apt.
fn check_apt(missing: &[&str]) -> Result<()> {
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("missing, and only Debian has them under these names: {}", missing.join(", "));
    }
    Ok(())
}

/// The version of a package, if it is installed.
fn installed_version(package: &str) -> Option<String> {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status} ${Version}", package]);
    let told = String::from_utf8(query.output().ok()?.stdout).ok()?;
    told.strip_prefix("installed ").map(str::to_owned)
}

fn is_at_least(version: &str, oldest: &str) -> bool {
    let compared = Command::new("dpkg").args(["--compare-versions", version, "ge", oldest]).status();
    compared.is_ok_and(|status| status.success())
}

/// Without this, apt may know of no packages at all. A failure shows in what comes next.
fn update(options: &[String]) {
    let _ = quiet(Command::new("apt-get").args(["update", "--quiet"]).args(options));
}

fn install(options: &[String], packages: &[&str]) -> Result<()> {
    let mut install = Command::new("apt-get");
    install.args(["install", "--quiet", "--yes", "--no-install-recommends"]).args(options).args(packages);
    let output = quiet(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        bail!("Debian's packages {} cannot be installed: {said}", packages.join(", "));
    }
    Ok(())
}

/// Runs what prints much that nobody reads.
fn quiet(command: &mut Command) -> Result<Output> {
    shell::announce(command);
    command.stdin(Stdio::null()).output().context("apt-get does not start")
}

/// The address that this machine gets its packages from.
fn mirror() -> Result<String> {
    let mut list = Command::new("apt-get");
    list.args(["indextargets", "--format", "$(REPO_URI)", "Identifier: Packages"]);
    let output = list.output().context("apt-get does not start")?;
    let known = String::from_utf8_lossy(&output.stdout);
    match archive(&known) {
        Some(address) => Ok(address.to_owned()),
        // Where apt takes it from a list of mirrors, as in Debian's cloud images, it tells the address of that list.
        None if System::this().is_debian() => Ok("http://deb.debian.org/debian".to_owned()),
        None => bail!("that takes Debian, and this is {}", System::this().name),
    }
}

/// The first address of Debian's archive among those of apt's sources.
fn archive(addresses: &str) -> Option<&str> {
    addresses.lines().find(|address| address.trim_end_matches('/').ends_with("/debian"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_exist_is_not_installed() {
        assert_eq!(installed_version("a-package-that-does-not-exist"), None);
    }

    #[test]
    fn the_archive_is_found_among_other_addresses() {
        let known = "mirror+file:/etc/apt/mirrors/debian.list\nhttp://deb.debian.org/debian-security/\n\
                     http://deb.debian.org/debian/\n";
        assert_eq!(archive(known), Some("http://deb.debian.org/debian/"));
        assert_eq!(archive("mirror+file:/etc/apt/mirrors/debian.list\n"), None);
        assert_eq!(archive("http://archive.ubuntu.com/ubuntu/\n"), None);
    }
}
