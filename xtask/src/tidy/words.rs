//! Words that are no plain English, notes about unfinished work, and paths of one machine.

use super::{Findings, Tree};

/// Written in halves, or this file would be found.
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Phrases of older texts of this project, each with a better one.
const PHRASES: [(&str, &str); 9] = [
    (concat!("give", " back"), "return"),
    (concat!("gives", " back"), "return"),
    (concat!("given", " back"), "return"),
    (concat!("an", "ew"), "again"),
    (concat!("of", " yours"), "your"),
    (concat!("be", "side that"), "also"),
    (concat!("left", " at that"), "say what happens"),
    (concat!("of old", ","), "say when"),
    (concat!("the system", " at hand"), "this system"),
];

/// Folders of one machine.
const FOLDERS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/t", "mp/")];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    // The page on style quotes them.
    for (path, text) in tree.all().filter(|(path, _)| *path != "docs/style.md") {
        let is_page = path.ends_with(".md");
        let comment = match path.rsplit('.').next().unwrap_or_default() {
            "rs" => "//",
            "toml" | "yml" | "py" | "sh" => "#",
            _ if path.starts_with(".ci/") => "#",
            _ => "//",
        };
        for (index, line) in text.lines().enumerate() {
            if let Some(folder) = FOLDERS.into_iter().find(|folder| is_path(line, folder)) {
                findings.add(path, index + 1, format!("`{folder}` is a path of one machine"));
            }
            let prose = if is_page { line } else { line.split_once(comment).map_or("", |(_, prose)| prose) };
            if let Some(word) = UNFINISHED.into_iter().find(|word| has_phrase(prose, word)) {
                findings.add(path, index + 1, format!("`{word}`: finish it, or say what is so and why"));
            }
            if let Some((phrase, better)) = PHRASES.into_iter().find(|(phrase, _)| has_phrase(prose, phrase))
            {
                findings.add(path, index + 1, format!("`{phrase}`: plain English is `{better}`"));
            }
        }
    }
}

/// Returns whether a path in the line begins with this folder.
fn is_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || ".-_~}".contains(c)))
}

/// Returns whether the phrase is in the line, and not as a part of longer words.
fn has_phrase(line: &str, phrase: &str) -> bool {
    let in_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(phrase).any(|(at, _)| {
        !in_word(line[..at].chars().next_back()) && !in_word(line[at + phrase.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn phrases_are_found_in_prose_only() {
        let text = format!(
            "// It {} a list.\nlet a = \"{}\";\n// {}: later\nlet b = \"{}b\" + \"a{}\";\n",
            PHRASES[1].0, PHRASES[1].0, UNFINISHED[0], FOLDERS[0], FOLDERS[1]
        );
        assert_eq!(
            places(check, &[("crates/a/src/lib.rs", &text)]),
            ["crates/a/src/lib.rs:1", "crates/a/src/lib.rs:3", "crates/a/src/lib.rs:4"]
        );
        let text = format!("Made {}.\n{}x\n", PHRASES[3].0, PHRASES[3].0);
        assert_eq!(places(check, &[("docs/a.md", &text)]), ["docs/a.md:1"]);
    }
}
