//! What cargo builds, and where it puts it: that depends on more than the folder and the profile.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::shell;

/// Builds with this command, and gives back the path of the program or the library that is the target of this kind (`bin`,
/// `test`, `cdylib`) and name.
pub(crate) fn build(build: &mut Command, kind: &str, name: &str) -> Result<PathBuf> {
    shell::announce(build);
    build.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    let output = build.output().context("cargo does not start")?;
    if !output.status.success() {
        bail!("`{name}` does not compile ({})", output.status);
    }
    let path = path(&String::from_utf8_lossy(&output.stdout), kind, name);
    path.with_context(|| format!("cargo built no `{name}` that is a {kind}"))
}

/// The path in cargo's messages, one JSON object a line.
fn path(messages: &str, kind: &str, name: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut artifacts = messages.filter(|message| {
        let target = &message["target"];
        message["reason"] == "compiler-artifact" && target["name"] == name && target["kind"][0] == kind
    });
    // A library is no executable, and the first of what is made for it.
    let file = |artifact: Value| {
        let file = artifact["executable"].as_str().or(artifact["filenames"][0].as_str());
        file.map(PathBuf::from)
    };
    artifacts.find_map(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: &str = "garbage\n\
        {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"suite\",\"kind\":[\"lib\"]},\
         \"filenames\":[\"/x/libsuite.rlib\"],\"executable\":null}\n\
        {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"suite\",\"kind\":[\"test\"]},\
         \"filenames\":[\"/x/suite-1\"],\"executable\":\"/x/suite-1\"}\n\
        {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"python\",\"kind\":[\"cdylib\"]},\
         \"filenames\":[\"/x/libpython.so\"],\"executable\":null}\n";

    #[test]
    fn programs_and_libraries_are_found_among_the_messages() {
        assert_eq!(path(MESSAGES, "test", "suite"), Some(PathBuf::from("/x/suite-1")));
        assert_eq!(path(MESSAGES, "cdylib", "python"), Some(PathBuf::from("/x/libpython.so")));
        assert_eq!(path(MESSAGES, "bin", "suite"), None);
    }
}
