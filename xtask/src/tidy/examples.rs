//! What README and the guide show in Rust is compiled.

use super::markdown::Page;
use super::{Findings, Tree};

const PAGES: [&str; 2] = ["README.md", "docs/guide.md"];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for path in PAGES {
        let Some(text) = tree.get(path) else { continue };
        let blocks = Page::read(text).blocks;
        let rust = blocks.iter().filter(|block| words(&block.info).next() == Some("rust"));
        for block in rust.clone() {
            if words(&block.info).any(|word| word.starts_with("ignore")) {
                findings.add(path, block.line, "this example is not compiled; take `ignore` away");
            }
        }
        for block in blocks.iter().filter(|block| block.info.trim().is_empty()) {
            let what = "say what this block is (`rust`, `sh`, `text`); without a word it is compiled as Rust";
            findings.add(path, block.line, what);
        }
        if let Some(first) = rust.clone().next() {
            let included = format!("/{path}\"");
            let compiled = tree.rust().any(|(_, text)| {
                text.lines().any(|line| line.contains("include_str!") && line.contains(&included))
            });
            if !compiled {
                let what =
                    "no test compiles the examples of this page; some package must `include_str!` it as docs";
                findings.add(path, first.line, what);
            }
        }
    }
}

fn words(info: &str) -> impl Iterator<Item = &str> {
    info.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    const INCLUDED: (&str, &str) = ("tests/a/src/lib.rs", "#[doc = include_str!(\"../../../README.md\")]\n");

    #[test]
    fn an_ignored_example_is_found() {
        let readme =
            "```rust,ignore\nfn\n```\n\n```rust,no_run\nfn a() {}\n```\n\n```sh\nls\n```\n\n```\nx\n```\n";
        assert_eq!(places(check, &[("README.md", readme), INCLUDED]), ["README.md:1", "README.md:13"]);
    }

    #[test]
    fn a_page_that_nobody_compiles_is_found() {
        let page = "text\n\n```rust\nfn a() {}\n```\n";
        assert_eq!(places(check, &[("docs/guide.md", page), INCLUDED]), ["docs/guide.md:3"]);
        assert_eq!(places(check, &[("README.md", page), INCLUDED]), [""; 0]);
        assert_eq!(places(check, &[("docs/design.md", page)]), [""; 0]);
    }
}
