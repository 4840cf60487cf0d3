//! A platform is named in one file per crate.

use proc_macro2::{Delimiter, TokenTree};

use super::tokens::{attribute, group, ident, list, of, punct};
use super::{Findings, Tree};

/// The files that may.
const TABLES: [&str; 2] = ["crates/select-sys/src/lib.rs", "crates/selectors/src/backend.rs"];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for (path, text) in tree.sources().filter(|(path, _)| !TABLES.contains(path)) {
        for (line, name) in named(&of(text).unwrap_or_default(), false) {
            let what = format!("names a platform (`{name}`); only {} may", TABLES.join(" and "));
            findings.add(path, line, what);
        }
    }
}

/// Where platforms are named, with the words. A condition on one constant of a table of flags is let through.
fn named(tokens: &[TokenTree], in_flags: bool) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        if let Some((inside, length)) = attribute(tokens, index) {
            let inner = list(inside.stream());
            let condition = ident(inner.first()).is_some_and(|name| name == "cfg" || name == "cfg_attr");
            if condition && !(in_flags && stands_on_constant(tokens, index)) {
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
            TokenTree::Ident(name) if bang && name == "bitflags" => {
                if let Some(inside) = group(tokens.get(index + 2), Delimiter::Brace) {
                    found.extend(named(&list(inside.stream()), true));
                    index += 2;
                }
            }
            // The value of a constant of the table, which may differ too.
            TokenTree::Ident(name) if in_flags && name == "const" => {
                while tokens.get(index).is_some() && !punct(tokens.get(index), ';') {
                    index += 1;
                }
            }
            TokenTree::Group(inside) => found.extend(named(&list(inside.stream()), in_flags)),
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

/// Whether the attribute at `index`, and those after it, belong to a `const`.
fn stands_on_constant(tokens: &[TokenTree], mut index: usize) -> bool {
    while let Some((_, length)) = attribute(tokens, index) {
        index += length;
    }
    ident(tokens.get(index)).is_some_and(|name| name == "const")
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
    fn one_constant_of_a_table_of_flags_may() {
        let text = "bitflags::bitflags! {\n pub struct A: u32 {\n  /// X.\n  #[cfg(target_os = \"linux\")]\n\
                    #[doc(alias = \"X\")]\n  const X = if cfg!(unix) { 1 } else { 2 };\n }\n #[cfg(unix)]\n pub struct B: u32 {}\n}";
        let path = "crates/select-sys/src/epoll/flags.rs";
        assert_eq!(places(check, &[(path, text)]), [format!("{path}:8")]);
    }
}
