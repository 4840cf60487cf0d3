//! A platform is named in one file per crate.

use proc_macro2::TokenTree;

use super::tokens::{attribute, ident, list, of, punct};
use super::{Findings, Tree};

/// The files that may.
const TABLES: [&str; 2] = ["crates/select-sys/src/lib.rs", "crates/selectors/src/backend.rs"];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for (path, text) in tree.sources().filter(|(path, _)| !TABLES.contains(path)) {
        for (line, name) in named(&of(text).unwrap_or_default()) {
            let what = format!("names a platform (`{name}`); only {} may", TABLES.join(" and "));
            findings.add(path, line, what);
        }
    }
}

/// Where platforms are named, with the words. A condition on one constant, or in its value, is let through.
fn named(tokens: &[TokenTree]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        if let Some((inside, length)) = attribute(tokens, index) {
            let inner = list(inside.stream());
            let condition = ident(inner.first()).is_some_and(|name| name == "cfg" || name == "cfg_attr");
            if condition && !stands_on_constant(tokens, index) {
                found.extend(in_condition(&inner));
            }
            index += length;
            continue;
        }
        let bang = punct(tokens.get(index + 1), '!');
        match token {
            TokenTree::Ident(name) if bang && name == "cfg" => {
                if let Some(TokenTree::Group(inside)) = tokens.get(index + 2) {
                    found.extend(in_condition(&list(inside.stream())));
                }
            }
            TokenTree::Ident(_) if is_constant(tokens, index) => {
                while tokens.get(index).is_some() && !punct(tokens.get(index), ';') {
                    index += 1;
                }
            }
            TokenTree::Group(inside) => found.extend(named(&list(inside.stream()))),
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        index += 1;
    }
    found
}

fn in_condition(tokens: &[TokenTree]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(name) => {
                let name = name.to_string();
                let of_a_path =
                    punct(tokens.get(index + 1), ':') || (index > 0 && punct(tokens.get(index - 1), ':'));
                let platform = name.starts_with("target_") || ["unix", "windows"].contains(&name.as_str());
                if platform && !of_a_path {
                    found.push((token.span().start().line, name));
                }
            }
            TokenTree::Group(inside) => found.extend(in_condition(&list(inside.stream()))),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

/// Whether a constant begins here: no `const fn`, and no parameter of a generic.
fn is_constant(tokens: &[TokenTree], index: usize) -> bool {
    let word = |index: usize, wanted: &str| ident(tokens.get(index)).is_some_and(|name| name == wanted);
    let parameter = index > 0 && (punct(tokens.get(index - 1), '<') || punct(tokens.get(index - 1), ','));
    word(index, "const") && !word(index + 1, "fn") && !word(index + 1, "unsafe") && !parameter
}

/// Whether the attribute at `index`, and those after it, belong to a constant.
fn stands_on_constant(tokens: &[TokenTree], mut index: usize) -> bool {
    while let Some((_, length)) = attribute(tokens, index) {
        index += length;
    }
    if ident(tokens.get(index)).is_some_and(|name| name == "pub") {
        index += 1;
        index += usize::from(matches!(tokens.get(index), Some(TokenTree::Group(_))));
    }
    is_constant(tokens, index)
}

#[cfg(test)]
mod tests {
    use super::super::{findings, places};
    use super::*;

    #[test]
    fn conditions_are_found() {
        let text = "#[cfg(unix)]\nfn a() {}\nfn b() {\n  if cfg!(target_os = \"linux\") {}\n}\n\
                    #[cfg_attr(all(test, windows), ignore)]\nfn c() {}\n#![cfg(target_arch = \"x86\")]";
        let path = "crates/selectors/src/selector.rs";
        let expected = [1, 4, 6, 8].map(|line| format!("{path}:{line}"));
        assert_eq!(places(check, &[(path, text)]), expected);
        assert!(findings(check, &[(path, text)])[0].contains("`unix`"));
    }

    #[test]
    fn other_words_are_not() {
        let text = "use std::os::unix::io::AsFd;\n// #[cfg(unix)]\n/// On `cfg(windows)`.\n#[cfg(test)]\n\
                    fn a() { let unix = \"target_os\"; }\n#[cfg(feature = \"unix\")]\nfn b() {}";
        assert_eq!(places(check, &[("crates/selectors/src/selector.rs", text)]), [""; 0]);
    }

    #[test]
    fn the_tables_and_other_packages_may() {
        let text = "#[cfg(unix)]\nfn a() {}";
        let files = TABLES.map(|path| (path, text));
        assert_eq!(places(check, &files), [""; 0]);
        assert_eq!(places(check, &[("tests/conformance/src/lib.rs", text)]), [""; 0]);
    }

    #[test]
    fn one_constant_may() {
        let text = "bitflags::bitflags! {\n pub struct A: u32 {\n  /// X.\n  #[cfg(target_os = \"linux\")]\n\
                    #[doc(alias = \"X\")]\n  const X = if cfg!(unix) { 1 } else { 2 };\n }\n #[cfg(unix)]\n pub struct B: u32 {}\n}";
        let path = "crates/select-sys/src/epoll/flags.rs";
        assert_eq!(places(check, &[(path, text)]), [format!("{path}:8")]);
    }

    #[test]
    fn what_looks_like_a_constant_may_not() {
        let text = "#[cfg(unix)]\npub const fn a() {}\nfn b<const N: usize>() {\n #[cfg(windows)] {}\n}\n\
                    #[cfg(unix)]\npub(crate) const C: &[u8] = &[\n #[cfg(windows)] 1\n];";
        let path = "crates/select-sys/src/time.rs";
        assert_eq!(places(check, &[(path, text)]), [1, 4].map(|line| format!("{path}:{line}")));
    }
}
