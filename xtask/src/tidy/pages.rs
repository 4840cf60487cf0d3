//! The pages: links lead somewhere, and the examples of README and the guide are compiled.

use std::collections::BTreeMap;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::{Findings, Tree};

/// The pages whose blocks of Rust are examples for users.
const COMPILED: [&str; 2] = ["README.md", "docs/guide.md"];

/// The test command, which README has in a block of shell commands.
const TEST_COMMAND: &str = "cargo xtask conformance";

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    let pages: BTreeMap<_, _> = tree.pages().map(|(path, text)| (path, Page::read(text))).collect();
    for (path, page) in &pages {
        for (line, link) in &page.links {
            if let Some(what) = wrong(tree, &pages, path, link) {
                findings.add(path, *line, format!("the link `{link}` {what}"));
            }
        }
        if COMPILED.contains(path) {
            check_blocks(tree, path, page, findings);
        }
    }
    if tree.get("README.md").is_some_and(|text| test_commands(text).is_none()) {
        findings.add("README.md", 1, format!("no block of shell commands has `{TEST_COMMAND}`"));
    }
}

/// Returns the commands of README's block that has the test command.
pub(crate) fn test_commands(readme: &str) -> Option<Vec<String>> {
    let mut blocks = Page::read(readme).blocks.into_iter().filter(|block| block.info == "sh");
    let block = blocks.find(|block| block.text.lines().any(|line| line.starts_with(TEST_COMMAND)))?;
    Some(block.text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

fn check_blocks(tree: &Tree, path: &str, page: &Page, findings: &mut Findings) {
    let included = format!("/{path}\"");
    let is_include = |line: &str| line.contains("include_str!") && line.contains(&included);
    let compiled = tree.rust().any(|(_, text)| text.lines().any(is_include));
    for block in &page.blocks {
        let is_rust = block.info.starts_with("rust");
        if block.info.is_empty() {
            findings.add(
                path,
                block.line,
                "name the language of this block; without it, it is compiled as Rust",
            );
        } else if is_rust && (!compiled || block.info.contains("ignore")) {
            findings.add(path, block.line, "this example is not compiled");
        }
    }
}

/// Returns what is wrong with a link, if anything.
fn wrong(tree: &Tree, pages: &BTreeMap<&str, Page>, page: &str, link: &str) -> Option<String> {
    if ["http:", "https:", "mailto:"].iter().any(|scheme| link.starts_with(scheme)) {
        return None;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() { Some(page.to_owned()) } else { resolve(page, file) };
    let Some(target) = target else { return Some("leaves the repository".to_owned()) };
    if tree.get(&target).is_none() {
        let folder = format!("{target}/");
        let is_folder = target.is_empty() || tree.all().any(|(path, _)| path.starts_with(&folder));
        return (!is_folder || anchor.is_some()).then(|| "leads nowhere".to_owned());
    }
    let (anchor, target) = (anchor?, pages.get(target.as_str())?);
    let known = anchors(&target.headings);
    (!known.iter().any(|one| one == anchor))
        .then(|| format!("leads nowhere; there are #{}", known.join(", #")))
}

/// Returns a path relative to a page as one from the top; `None` where it leaves the repository.
fn resolve(page: &str, file: &str) -> Option<String> {
    let mut parts: Vec<_> = page.split('/').collect();
    parts.pop();
    if file.starts_with('/') {
        return None;
    }
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Returns the anchors of headings, the way forges make them.
fn anchors(headings: &[String]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = Vec::new();
    for heading in headings {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        let anchor = kept.collect::<String>().trim().to_lowercase().replace(' ', "-");
        let count = seen.entry(anchor.clone()).or_default();
        anchors.push(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
        *count += 1;
    }
    anchors
}

#[derive(Debug, Default)]
struct Page {
    /// Line and target.
    links: Vec<(usize, String)>,
    headings: Vec<String>,
    blocks: Vec<Block>,
}

/// A block of code between fences.
#[derive(Debug)]
struct Block {
    line: usize,
    /// The words after the opening fence, such as `rust,no_run`.
    info: String,
    text: String,
}

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self::default();
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
        let (mut heading, mut block) = (None::<String>, None::<Block>);
        for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
            let line = text[..range.start].matches('\n').count() + 1;
            match event {
                Event::Start(
                    Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. },
                ) if link_type != LinkType::Email => {
                    page.links.push((line, dest_url.into_string()));
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.headings.extend(heading.take()),
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    block = Some(Block { line, info: info.into_string(), text: String::new() });
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Text(text) | Event::Code(text) => match (&mut heading, &mut block) {
                    (Some(heading), _) => heading.push_str(&text),
                    (None, Some(block)) => block.text.push_str(&text),
                    (None, None) => {}
                },
                _ => {}
            }
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn dead_links_are_found() {
        let readme = "[a](docs/a.md) [b](docs/b.md)\n[c](docs/a.md#there-is-one)\n[d](docs/a.md#is-not)\n[e](#top)\n\
                      [f](https://x/y) [g](docs) [h](docs/)\n[i](/docs/a.md)\n\n# Top\n\n```sh\ncargo xtask conformance\n```\n";
        let files = [
            ("README.md", readme),
            ("docs/a.md", "## There `is`, one\n[up](../README.md#top)\n[x](../c.md)\n"),
        ];
        assert_eq!(places(check, &files), ["README.md:1", "README.md:3", "README.md:6", "docs/a.md:3"]);
    }

    #[test]
    fn examples_that_nobody_compiles_are_found() {
        let page = "```rust\nfn a() {}\n```\n\n```sh\nls\n```\n\n```rust,ignore\nfn\n```\n\n```\nx\n```\n";
        let included = ("tests/a/src/lib.rs", "#[doc = include_str!(\"../../../docs/guide.md\")]\n");
        assert_eq!(
            places(check, &[("docs/guide.md", page), included]),
            ["docs/guide.md:9", "docs/guide.md:13"]
        );
        assert_eq!(places(check, &[("docs/guide.md", page)]).len(), 3);
        assert_eq!(places(check, &[("docs/design.md", page)]), [""; 0]);
    }

    #[test]
    fn readme_has_the_test_command() {
        assert_eq!(places(check, &[("README.md", "```sh\nls\n```\n")]), ["README.md:1"]);
        let readme = "```sh\ncargo xtask demo\n\ncargo xtask conformance\n```\n";
        assert_eq!(test_commands(readme).unwrap(), ["cargo xtask demo", "cargo xtask conformance"]);
    }
}
