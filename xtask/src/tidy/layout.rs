//! The tree of files: its top level, the length of a file, and one file for each kernel interface in both crates.

use super::{Findings, Tree};

const TOP: [&str; 6] = ["Cargo.toml", "README.md", "crates", "docs", "tests", "xtask"];
const INTERFACES: [&str; 5] = ["select", "poll", "epoll", "devpoll", "kqueue"];
const MOST_LINES: usize = 400;

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for (path, _) in tree.all() {
        let top = path.split('/').next().unwrap_or_default();
        if !top.starts_with('.') && !TOP.contains(&top) {
            findings.add(path, 1, format!("`{top}` does not belong at the top level"));
        }
    }
    for (path, text) in tree.rust() {
        let lines = text.lines().count();
        if lines > MOST_LINES {
            findings.add(path, MOST_LINES + 1, format!("{lines} lines, where {MOST_LINES} are the most"));
        }
        if path.starts_with("crates/") {
            let attributes =
                text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("#[path"));
            for (index, _) in attributes {
                findings.add(path, index + 1, "a module has the name of its file: no `#[path]`");
            }
        }
    }
    for name in INTERFACES {
        let low = format!("crates/select-sys/src/{name}.rs");
        let high = format!("crates/selectors/src/backend/{name}.rs");
        for (here, there) in [(&low, &high), (&high, &low)] {
            if tree.get(here).is_some() && tree.get(there).is_none() {
                findings.add(here, 1, format!("the other crate has no `{there}`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn files_in_the_wrong_place_or_too_long_are_found() {
        let (short, long) = ("\n".repeat(MOST_LINES), "\n".repeat(MOST_LINES + 1));
        let files = [
            ("notes.txt", ""),
            (".ci/run", ""),
            ("crates/a/src/long.rs", long.as_str()),
            ("xtask/src/short.rs", &short),
            ("docs/a.md", &long),
            ("crates/a/src/lib.rs", "mod a;\n#[path = \"c.rs\"]\nmod b;\n"),
            ("crates/select-sys/src/poll.rs", ""),
            ("crates/selectors/src/backend/poll.rs", ""),
            ("crates/select-sys/src/epoll.rs", ""),
        ];
        let expected = [
            "crates/a/src/lib.rs:2",
            "crates/a/src/long.rs:401",
            "crates/select-sys/src/epoll.rs:1",
            "notes.txt:1",
        ];
        assert_eq!(places(check, &files), expected);
    }
}
