//! `cargo xtask tidy`: rules that neither the compiler nor a linter holds. One file per rule.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell::{self, BOLD};

mod docs;
mod examples;
mod file_pairs;
mod layout;
mod length;
mod links;
mod markdown;
mod platforms;
mod tokens;
mod unfinished;
mod versions;

pub(crate) use versions::test_commands;

/// Looks at all files and adds what is wrong.
type Rule = fn(&Tree, &mut Findings);

const RULES: [(&str, Rule); 9] = [
    ("platforms", platforms::check),
    ("length", length::check),
    ("docs", docs::check),
    ("links", links::check),
    ("examples", examples::check),
    ("layout", layout::check),
    ("unfinished", unfinished::check),
    ("versions", versions::check),
    ("file_pairs", file_pairs::check),
];

/// The files of the repository, by path, with their text.
struct Tree {
    /// Where the repository lies on this machine; empty in tests.
    root: String,
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Everything that git knows or would add.
    fn read(root: &Path) -> Result<Self> {
        let output = Command::new("git")
            .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .context("git does not start")?;
        if !output.status.success() {
            bail!("git does not list the files: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let mut files = BTreeMap::new();
        for path in String::from_utf8_lossy(&output.stdout).split_terminator('\0') {
            // A file that is deleted but not yet committed is still listed.
            if let Ok(bytes) = fs::read(root.join(path)) {
                files.insert(path.to_owned(), String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        Ok(Self { root: root.display().to_string(), files })
    }

    /// The sources of the two published crates.
    fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        let of_a_crate = |path: &str| {
            path.strip_prefix("crates/")
                .and_then(|rest| rest.split_once('/'))
                .is_some_and(|(_, rest)| rest.starts_with("src/"))
        };
        self.rust().filter(move |(path, _)| of_a_crate(path))
    }

    fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// README.md and the pages in docs/.
    fn pages(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all()
            .filter(|(path, _)| *path == "README.md" || (path.starts_with("docs/") && path.ends_with(".md")))
    }

    fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }
}

/// What is wrong, where, and what to do.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, path: &str, line: usize, what: impl Into<String>) {
        self.0.push(Finding { path: path.to_owned(), line, what: what.into() });
    }
}

pub(crate) fn run() -> Result<()> {
    let tree = Tree::read(&shell::root())?;
    let mut total = 0;
    for (name, rule) in RULES {
        let mut findings = Findings::default();
        rule(&tree, &mut findings);
        findings.0.sort();
        findings.0.dedup();
        for finding in &findings.0 {
            anstream::println!("{finding} {BOLD}[{name}]{BOLD:#}");
        }
        total += findings.0.len();
    }
    if total > 0 {
        bail!("{total} against the rules, which docs/style.md explains");
    }
    println!("{} files keep {} rules", tree.files.len(), RULES.len());
    Ok(())
}

#[cfg(test)]
impl Tree {
    fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self { root: String::new(), files }
    }
}

/// Runs one rule over planted files; gives back `path:line` and the text of each finding.
#[cfg(test)]
fn findings(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
    let mut findings = Findings::default();
    rule(&Tree::of(files), &mut findings);
    findings.0.sort();
    findings.0.iter().map(ToString::to_string).collect()
}

/// As [`findings`], with only `path:line` of each.
#[cfg(test)]
fn places(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
    let place = |text: &String| text.split(": ").next().unwrap_or_default().to_owned();
    findings(rule, files).iter().map(place).collect()
}
