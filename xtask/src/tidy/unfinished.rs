//! Nothing unfinished, and no warning silenced without saying why.

use proc_macro2::{Delimiter, TokenTree};

use super::tokens::{attribute, group, ident, list, of, punct};
use super::{Findings, Tree};

/// Words that say that something is left to do. Written in halves, or this file would be found.
const WORDS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

const MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];

const TEXTS: [&str; 4] = [".rs", ".md", ".toml", ".ci/run"];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for (path, text) in tree.all().filter(|(path, _)| TEXTS.iter().any(|end| path.ends_with(end))) {
        for (index, line) in text.lines().enumerate() {
            if let Some(word) = WORDS.into_iter().find(|word| contains_word(line, word)) {
                findings.add(path, index + 1, format!("`{word}`: finish it, or say what is so and why"));
            }
        }
    }
    for (path, text) in tree.rust() {
        for (line, what) in in_tokens(&of(text).unwrap_or_default()) {
            findings.add(path, line, what);
        }
    }
}

fn contains_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

fn in_tokens(tokens: &[TokenTree]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let line = token.span().start().line;
        if let Some((inside, _)) = attribute(tokens, index) {
            found.extend(in_attribute(&list(inside.stream())).map(|what| (line, what)));
        }
        match token {
            TokenTree::Ident(name) if punct(tokens.get(index + 1), '!') => {
                let called = matches!(tokens.get(index + 2), Some(TokenTree::Group(_)));
                if called && MACROS.iter().any(|known| name == known) {
                    found.push((line, format!("`{name}!`: finish it")));
                }
            }
            TokenTree::Group(inside) => found.extend(in_tokens(&list(inside.stream()))),
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

fn in_attribute(tokens: &[TokenTree]) -> Option<String> {
    let name = ident(tokens.first())?.to_string();
    match name.as_str() {
        "ignore" if tokens.len() == 1 => {
            Some("`#[ignore]` without a reason; write `#[ignore = \"...\"]`".into())
        }
        "allow" | "expect" => {
            let inside = list(group(tokens.get(1), Delimiter::Parenthesis)?.stream());
            let reason = inside.iter().any(|token| ident(Some(token)).is_some_and(|word| word == "reason"));
            (!reason).then(|| format!("`#[{name}(...)]` without a reason; add `reason = \"...\"`"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn words_are_found_and_parts_of_words_are_not() {
        let text = format!("fine\n// {}: later\nlet a{}X = 1;\n", WORDS[0], WORDS[2]);
        assert_eq!(places(check, &[("docs/a.md", &text)]), ["docs/a.md:2"]);
        assert_eq!(places(check, &[(".ci/run", &text)]), [".ci/run:2"]);
        assert_eq!(places(check, &[("crates/a/LICENSE-MIT", &text)]), [""; 0]);
    }

    #[test]
    fn macros_are_found_at_any_depth() {
        let text = "fn a() {\n  todo!()\n}\nfn b() { if dbg!(true) {} }\nfn c() { unimplemented!(\"x\"); }\n\
                    // todo!()\nfn todo() {}\nfn d() { let _ = \"dbg!()\"; }\n";
        let expected = [2, 4, 5].map(|line| format!("tests/a.rs:{line}"));
        assert_eq!(places(check, &[("tests/a.rs", text)]), expected);
    }

    #[test]
    fn silence_needs_a_reason() {
        let text = "#![allow(dead_code)]\n#[ignore]\nfn a() {}\n#[ignore = \"slow\"]\nfn b() {}\n\
                    #[expect(unsafe_code, reason = \"system call\")]\nfn c() {}\nfn d() {\n  #[expect(unused)]\n  let x = 1;\n}";
        let expected = [1, 2, 9].map(|line| format!("tests/a.rs:{line}"));
        assert_eq!(places(check, &[("tests/a.rs", text)]), expected);
    }
}
