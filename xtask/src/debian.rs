//! Debian's packages: what a command needs and this machine lacks is installed, where that can be done.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// Where apt reads further sources, and further preferences between them.
const SOURCE: &str = "/etc/apt/sources.list.d/selectors-other-suite.list";
const PREFERENCE: &str = "/etc/apt/preferences.d/selectors-other-suite";

/// Sees to it that these packages are installed.
pub(crate) fn need(packages: &[&str]) -> Result<()> {
    let missing = missing(packages)?;
    if missing.is_empty() {
        return Ok(());
    }
    update();
    install(&[], &missing)
}

/// As [`need`], from another suite of the distribution, of which nothing else is taken.
pub(crate) fn need_from(suite: &str, packages: &[&str]) -> Result<()> {
    let missing = missing(packages)?;
    if missing.is_empty() {
        return Ok(());
    }
    update();
    let mirror = mirror()?;
    fs::write(PREFERENCE, format!("Package: *\nPin: release a={suite}\nPin-Priority: 1\n"))
        .context("only root can add a suite")?;
    let result = fs::write(SOURCE, format!("deb {mirror} {suite} main\n")).context(SOURCE);
    let result = result.and_then(|()| {
        update();
        install(&["--target-release", suite], &missing)
    });
    for file in [SOURCE, PREFERENCE] {
        let _ = fs::remove_file(file); // a suite with priority 1 that stays does no harm
    }
    update();
    result
}

fn missing<'a>(packages: &[&'a str]) -> Result<Vec<&'a str>> {
    let missing: Vec<_> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if !missing.is_empty() && !Path::new("/usr/bin/apt-get").exists() {
        bail!("missing, and only Debian has them under these names: {}", missing.join(", "));
    }
    Ok(missing)
}

fn is_installed(package: &str) -> bool {
    let output =
        Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]).output();
    output.is_ok_and(|output| output.stdout == b"installed")
}

/// Without this, apt may know of no packages at all. A failure shows in what comes next.
fn update() {
    let _ = quiet(Command::new("apt-get").args(["update", "--quiet"]));
}

fn install(options: &[&str], packages: &[&str]) -> Result<()> {
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
    let known = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = known.lines().find(|address| address.trim_end_matches('/').ends_with("/debian"));
    found.map(str::to_owned).context("apt knows no address of Debian's archive")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_installed_is_missing() {
        assert!(!is_installed("a-package-that-does-not-exist"));
    }
}
