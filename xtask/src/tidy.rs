//! `cargo xtask tidy`: the rules of docs/style.md that neither the compiler nor clippy checks.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell::{self, BOLD};

mod imports;
mod item_docs;
mod layout;
mod pages;
mod platforms;
mod versions;
mod words;

pub(crate) use pages::test_commands;

/// Looks at all files, and adds its findings.
type Rule = fn(&Tree, &mut Findings);

const RULES: [(&str, Rule); 7] = [
    ("layout", layout::check),
    ("platforms", platforms::check),
    ("imports", imports::check),
    ("item docs", item_docs::check),
    ("pages", pages::check),
    ("versions", versions::check),
    ("words", words::check),
];

/// The text files of the repository, by path.
struct Tree(BTreeMap<String, String>);

impl Tree {
    /// Reads every file that git knows or would add.
    fn read(root: &Path) -> Result<Self> {
        let output = Command::new("git")
            .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .context("git does not start")?;
        if !output.status.success() {
            bail!("git does not list the files: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let paths = String::from_utf8_lossy(&output.stdout);
        // A file that is deleted but not yet committed is still listed.
        let text = |path: &str| Some((path.to_owned(), fs::read_to_string(root.join(path)).ok()?));
        Ok(Self(paths.split_terminator('\0').filter_map(text).collect()))
    }

    fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// The sources of the two published crates.
    fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rust().filter(|(path, _)| path.starts_with("crates/") && path.contains("/src/"))
    }

    /// README.md and the pages in docs/.
    fn pages(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all()
            .filter(|(path, _)| *path == "README.md" || (path.starts_with("docs/") && path.ends_with(".md")))
    }

    fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }
}

/// Path, line and text of each violation.
#[derive(Debug, Default)]
struct Findings(Vec<(String, usize, String)>);

impl Findings {
    fn add(&mut self, path: &str, line: usize, what: impl Into<String>) {
        self.0.push((path.to_owned(), line, what.into()));
    }

    fn sorted(mut self) -> Vec<String> {
        self.0.sort();
        self.0.dedup();
        self.0.iter().map(|(path, line, what)| format!("{path}:{line}: {what}")).collect()
    }
}

pub(crate) fn run() -> Result<()> {
    let tree = Tree::read(&shell::root())?;
    let mut total = 0;
    for (name, rule) in RULES {
        let mut findings = Findings::default();
        rule(&tree, &mut findings);
        for finding in findings.sorted() {
            anstream::println!("{finding} {BOLD}[{name}]{BOLD:#}");
            total += 1;
        }
    }
    if total > 0 {
        bail!("{total} findings; docs/style.md explains the rules");
    }
    println!("{} files pass", tree.0.len());
    Ok(())
}

/// Runs one rule over planted files, and returns `path:line: text` of each finding.
#[cfg(test)]
fn findings(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
    let tree = Tree(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect());
    let mut findings = Findings::default();
    rule(&tree, &mut findings);
    findings.sorted()
}

/// Does the same, and returns only `path:line` of each.
#[cfg(test)]
fn places(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
    let findings = findings(rule, files);
    findings.iter().filter_map(|finding| Some(finding.split_once(": ")?.0.to_owned())).collect()
}
