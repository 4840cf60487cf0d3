//! No long files.

use super::{Findings, Tree};

const MOST: usize = 450;

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for (path, text) in tree.rust() {
        let lines = text.lines().count();
        if lines > MOST {
            let what =
                format!("{lines} lines, where {MOST} are the most; find the part that can stand alone");
            findings.add(path, MOST + 1, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn a_long_file_is_found() {
        let (short, long) = ("\n".repeat(MOST), "\n".repeat(MOST + 1));
        let files =
            [("crates/a/src/long.rs", long.as_str()), ("xtask/src/short.rs", &short), ("a.md", &long)];
        assert_eq!(places(check, &files), ["crates/a/src/long.rs:451"]);
    }
}
