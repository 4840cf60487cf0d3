//! What lies at the top level.

use super::{Findings, Tree};

const ALLOWED: [&str; 6] = ["Cargo.toml", "README.md", "crates", "docs", "tests", "xtask"];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for (path, _) in tree.all() {
        let top = path.split('/').next().unwrap_or_default();
        if !top.starts_with('.') && !ALLOWED.contains(&top) {
            let what =
                format!("`{top}` does not belong at the top level; there are only {}", ALLOWED.join(", "));
            findings.add(path, 1, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn a_stray_file_is_found() {
        let files = [("notes.txt", ""), ("scripts/a.sh", ""), (".ci/run", ""), ("crates/a/Cargo.toml", "")];
        assert_eq!(places(check, &files), ["notes.txt:1", "scripts/a.sh:1"]);
    }
}
