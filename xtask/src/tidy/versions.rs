//! Numbers that pages repeat from the manifest.

use super::{Findings, Tree};

const CHANGELOG: &str = "docs/changelog.md";

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    let manifest = tree.get("Cargo.toml").unwrap_or_default();
    let value = |key: &str| {
        let line = manifest.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
        line.and_then(|rest| rest.split('"').next()).unwrap_or_default()
    };
    let (version, rust) = (value("version"), value("rust-version"));
    for (path, text) in tree.pages() {
        for (index, line) in text.lines().enumerate() {
            let is_other = |rest: &str| {
                let number = rest.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
                number.contains('.') && number.trim_end_matches('.') != rust
            };
            if path == "README.md" && line.split("Rust ").skip(1).any(is_other) {
                findings.add(path, index + 1, format!("the oldest Rust of the manifest is {rust}"));
            }
            let dependency =
                ["select-sys = ", "selectors = "].iter().find_map(|name| line.strip_prefix(name));
            if dependency.is_some_and(|value| !value.contains(&format!("\"{version}\""))) {
                findings.add(path, index + 1, format!("the version of the manifest is {version}"));
            }
        }
    }
    let top = tree.get(CHANGELOG).and_then(|text| text.lines().find_map(|line| line.strip_prefix("## ")));
    if top.and_then(|top| top.split(' ').next()) != Some(version) {
        findings.add(CHANGELOG, 1, format!("the top entry must be for {version}, as in the manifest"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn other_numbers_are_found() {
        let manifest = "[workspace.package]\nversion = \"0.1.0\"\nrust-version = \"1.85\"\n";
        let (readme, log) =
            ("Rust 1.85 or newer.\n\nselectors = \"0.1.0\"\n", "# Changelog\n\n## 0.1.0 - unreleased\n");
        let of = |readme: &str, log: &str| {
            places(check, &[("Cargo.toml", manifest), ("README.md", readme), (CHANGELOG, log)])
        };
        assert_eq!(of(readme, log), [""; 0]);
        assert_eq!(of(&readme.replace("1.85", "1.80"), log), ["README.md:1"]);
        assert_eq!(
            of(&readme.replace("0.1", "0.2"), &log.replace("0.1", "0.3")),
            ["README.md:3", "docs/changelog.md:1"]
        );
    }
}
