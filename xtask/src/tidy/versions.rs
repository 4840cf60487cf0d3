//! Numbers and commands that stand in more than one place say the same everywhere.

use super::markdown::Page;
use super::{Findings, Tree};

/// The test command, which README has in a block of shell commands.
const COMMAND: &str = "cargo xtask conformance";

const README: &str = "README.md";
const CHANGELOG: &str = "docs/changelog.md";
const CRATES: [&str; 2] = ["select-sys", "selectors"];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    let manifest = tree.get("Cargo.toml").unwrap_or_default();
    let mut of_workspace = |key: &str| {
        let value = value(manifest, "workspace.package", key);
        if value.is_none() {
            findings.add("Cargo.toml", 1, format!("[workspace.package] has no `{key}`"));
        }
        value.map(|(_, value)| value)
    };
    let (version, edition) = (of_workspace("version"), of_workspace("edition"));
    let (Some(version), Some(edition), Some(rust)) = (version, edition, of_workspace("rust-version")) else {
        return;
    };

    for name in CRATES {
        if let Some((line, dependency)) = value(manifest, "workspace.dependencies", name) {
            if !dependency.contains(&format!("version = \"{version}\"")) {
                let what =
                    format!("the dependency on `{name}` must ask for version {version}, the workspace's");
                findings.add("Cargo.toml", line, what);
            }
        }
        let path = format!("crates/{name}/Cargo.toml");
        for key in ["version", "edition", "rust-version"] {
            let text = tree.get(&path).unwrap_or_default();
            if !text.is_empty() && !text.contains(&format!("\n{key}.workspace = true")) {
                findings.add(&path, 1, format!("take `{key}` from the workspace: `{key}.workspace = true`"));
            }
        }
    }
    check_changelog(tree, version, findings);
    check_readme(tree, edition, rust, findings);
    for (path, text) in tree.pages() {
        check_dependency_lines(path, text, version, findings);
    }
}

/// The line and the value of `key = value` in a section of a manifest, without quotes.
fn value<'a>(manifest: &'a str, section: &str, key: &str) -> Option<(usize, &'a str)> {
    let header = format!("[{section}]");
    let lines = manifest.lines().enumerate().skip_while(|(_, line)| line.trim() != header).skip(1);
    let mut lines = lines.take_while(|(_, line)| !line.starts_with('['));
    lines.find_map(|(index, line)| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| (index + 1, value.trim().trim_matches('"')))
    })
}

fn check_changelog(tree: &Tree, version: &str, findings: &mut Findings) {
    let Some(text) = tree.get(CHANGELOG) else {
        findings.add(CHANGELOG, 1, "is missing");
        return;
    };
    let page = Page::read(text);
    let top = page.headings.iter().find(|heading| heading.level == 2);
    let named = top.and_then(|heading| heading.text.split_whitespace().next()).unwrap_or_default();
    if named != version {
        let what = format!("the top entry is for `{named}`, and the workspace has version {version}");
        findings.add(CHANGELOG, top.map_or(1, |heading| heading.line), what);
    }
}

fn check_readme(tree: &Tree, edition: &str, rust: &str, findings: &mut Findings) {
    let Some(text) = tree.get(README) else {
        findings.add(README, 1, "is missing");
        return;
    };
    if test_commands(text).is_none() {
        findings.add(README, 1, format!("has no block of shell commands with `{COMMAND}`"));
    }
    if numbers_after(text, "Rust ").is_empty() {
        findings.add(README, 1, format!("does not tell the oldest Rust it works with: Rust {rust}"));
    }
    for (before, right) in [("Rust ", rust), ("edition ", edition)] {
        for (line, number) in numbers_after(text, before) {
            if number != right {
                let what = format!("says `{before}{number}`, and the manifest says {right}");
                findings.add(README, line, what);
            }
        }
    }
}

/// The block of README with the commands to try the project: its line, and the commands.
pub(crate) fn test_commands(readme: &str) -> Option<Vec<String>> {
    let blocks = Page::read(readme).blocks;
    blocks.iter().find_map(|block| {
        let commands = block.commands()?;
        let is_test = commands.iter().any(|line| line.starts_with(COMMAND));
        is_test.then(|| commands.iter().map(|line| (*line).to_owned()).collect())
    })
}

/// The numbers that directly follow a word, with their lines.
fn numbers_after(text: &str, word: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (start, _) in line.match_indices(word) {
            let rest = &line[start + word.len()..];
            let number: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            let number = number.trim_end_matches('.');
            if number.len() > 1 {
                found.push((index + 1, number.to_owned()));
            }
        }
    }
    found
}

/// Lines like `selectors = "0.1"` or `select-sys = { version = "0.1" }` must take in the present version.
fn check_dependency_lines(path: &str, text: &str, version: &str, findings: &mut Findings) {
    for (index, line) in text.lines().enumerate() {
        let Some((name, rest)) = line.split_once('=') else { continue };
        if !CRATES.contains(&name.trim()) {
            continue;
        }
        let wanted = rest.split_once("version").map_or(rest, |(_, after)| after);
        let wanted = wanted.split('"').nth(1).unwrap_or_default();
        let fits = version.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if wanted.is_empty() || !fits {
            findings.add(
                path,
                index + 1,
                format!("asks for version `{wanted}`, and the workspace has {version}"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    const MANIFEST: &str = "[workspace]\n\n[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\n\
        rust-version = \"1.85\"\n\n[workspace.dependencies]\nselectors = { path = \"x\", version = \"0.1.0\" }\n";
    const GOOD: &str = "# A\n\nRust 1.85 or newer, edition 2024.\n\n```toml\n[dependencies]\nselectors = \"0.1\"\n```\n\n\
        ```sh\ncargo xtask demo\ncargo xtask conformance\n```\n";
    const LOG: &str = "# Changelog\n\n## 0.1.0 - unreleased\n\nAll.\n\n## 0.0.9\n";

    fn of(manifest: &str, readme: &str, changelog: &str) -> Vec<String> {
        findings(check, &[("Cargo.toml", manifest), (README, readme), (CHANGELOG, changelog)])
    }

    #[test]
    fn what_agrees_is_let_through() {
        assert_eq!(of(MANIFEST, GOOD, LOG), [""; 0]);
    }

    #[test]
    fn other_numbers_are_found() {
        let readme =
            GOOD.replace("1.85", "1.80").replace("edition 2024", "edition 2021").replace("0.1", "0.2");
        let found = of(MANIFEST, &readme, LOG);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("README.md:3: says `Rust 1.80`"), "{found:?}");
        assert!(found[2].starts_with("README.md:7: asks for version `0.2`"), "{found:?}");

        let found = of(&MANIFEST.replace("\"0.1.0\" }", "\"0.0.9\" }"), GOOD, &LOG.replace("0.1.0", "0.1.1"));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("Cargo.toml:9:") && found[1].starts_with("docs/changelog.md:3:"),
            "{found:?}"
        );
    }

    #[test]
    fn the_commands_stand_in_readme() {
        let found = of(MANIFEST, &GOOD.replace("```sh", "```text"), LOG);
        assert!(found[0].starts_with("README.md:1: has no block"), "{found:?}");
    }

    #[test]
    fn a_crate_takes_its_version_from_the_workspace() {
        let own = "[package]\nname = \"selectors\"\nversion = \"0.1.0\"\nedition.workspace = true\nrust-version.workspace = true\n";
        let files = [
            ("Cargo.toml", MANIFEST),
            (README, GOOD),
            (CHANGELOG, LOG),
            ("crates/selectors/Cargo.toml", own),
        ];
        let found = findings(check, &files);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("`version.workspace = true`"), "{found:?}");
    }
}
