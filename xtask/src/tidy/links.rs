//! No dead links, and no path of the machine at hand.

use std::collections::BTreeMap;

use super::markdown::{Heading, Page};
use super::{Findings, Tree};

/// Folders of people on their machines. Written in halves, or this file would be found.
const HOMES: [&str; 3] = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for (path, text) in tree.pages() {
        for (line, link) in Page::read(text).links {
            if let Some(what) = wrong(tree, path, &link) {
                findings.add(path, line, what);
            }
        }
    }
    // A repository right below the top of the file system has too common a name to look for.
    let here = format!("{}/", tree.root);
    let here = Some(here.as_str()).filter(|here| here.matches('/').count() > 2);
    for (path, text) in tree.all().filter(|(path, _)| !path.contains("LICENSE")) {
        for (index, line) in text.lines().enumerate() {
            if let Some(start) = HOMES.into_iter().chain(here).find(|start| names_path(line, start)) {
                findings.add(
                    path,
                    index + 1,
                    format!("a path of some machine (`{start}`); make it relative"),
                );
            }
        }
    }
}

/// What is wrong with a link, if anything.
fn wrong(tree: &Tree, page: &str, link: &str) -> Option<String> {
    let outside = link.starts_with("//") || link.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme));
    if outside {
        return None;
    }
    if link.starts_with('/') {
        return Some(format!("the link `{link}` starts at the top of some machine; make it relative"));
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() { Some(page.to_owned()) } else { resolved(page, file) };
    let Some(target) = target else { return Some(format!("the link `{link}` leaves the repository")) };
    let folder = format!("{}/", target.trim_end_matches('/'));
    let Some(text) = tree.get(&target) else {
        let exists = target.is_empty() || tree.all().any(|(path, _)| path.starts_with(&folder));
        return (!exists || anchor.is_some())
            .then(|| format!("the link `{link}` leads nowhere: no `{target}`"));
    };
    let anchor = anchor.filter(|_| target.ends_with(".md"))?;
    let known = anchors(&Page::read(text).headings);
    (!known.iter().any(|one| one == anchor)).then(|| {
        format!("the link `{link}` leads nowhere: no heading `#{anchor}`, only #{}", known.join(", #"))
    })
}

fn is_scheme(text: &str) -> bool {
    ["http", "https", "mailto"].contains(&text)
}

/// A path relative to a page, from the top of the repository; `None` where it leaves that.
fn resolved(page: &str, file: &str) -> Option<String> {
    let mut parts: Vec<_> = page.split('/').collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The anchors of headings, the way forges make them.
fn anchors(headings: &[Heading]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = Vec::new();
    for heading in headings {
        let kept = heading.text.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        let anchor = kept.collect::<String>().trim().to_lowercase().replace(' ', "-");
        let count = seen.entry(anchor.clone()).or_default();
        anchors.push(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
        *count += 1;
    }
    anchors
}

/// Whether the path stands in the line by itself, and not as the end of a longer one.
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(index, _)| {
        let before = line[..index].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~/}".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn dead_links_are_found() {
        let readme = "[a](docs/a.md) [b](docs/b.md)\n[c](docs/a.md#there-is)\n[d](docs/a.md#is-not)\n[e](#top)\n\
                      [f](https://x/y) [g](docs) [h](docs/)\n[i](/docs/a.md)\n\n# Top\n";
        let files =
            [("README.md", readme), ("docs/a.md", "## There is\n[up](../README.md#top)\n[x](../c.md)\n")];
        let expected = ["README.md:1", "README.md:3", "README.md:6", "docs/a.md:3"];
        assert_eq!(places(check, &files), expected);
    }

    #[test]
    fn anchors_are_made_as_forges_do() {
        let heading = |text: &str| Heading { line: 1, level: 2, text: text.into() };
        let headings = ["What `it` does, and why", "One_two—three", "One", "One"].map(heading);
        assert_eq!(anchors(&headings), ["what-it-does-and-why", "one_twothree", "one", "one-1"]);
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        let text = format!("see {}someone/a\ntarget{}b\n", HOMES[0], HOMES[1]);
        assert_eq!(places(check, &[("docs/a.md", &text)]), ["docs/a.md:1"]);
        let mut tree = Tree::of(&[("xtask/src/main.rs", "\n// /some/where/xtask")]);
        tree.root = "/some/where".into();
        let mut findings = Findings::default();
        check(&tree, &mut findings);
        assert_eq!(findings.0[0].line, 2);
    }
}
