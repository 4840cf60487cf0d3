//! The documentation of public items: the first line, the sections, and an example for each type.
//!
//! Reads lines, as rustfmt leaves them, and no syntax tree. (That what can fail has `# Errors` is for clippy to check.)

use super::{Findings, Tree};

/// The sections that an item may have, in their order.
const SECTIONS: [&str; 6] = ["Errors", "Panics", "Safety", "Examples", "Portability", "References"];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for (path, text) in tree.sources() {
        let (mut docs, mut hidden, mut in_trait) = (Vec::new(), false, false);
        for (index, line) in text.lines().enumerate() {
            let code = line.trim_start();
            if let Some(doc) = code.strip_prefix("///") {
                docs.push((index + 1, doc.strip_prefix(' ').unwrap_or(doc)));
                continue;
            }
            if code.starts_with("#[") || (!docs.is_empty() && code.ends_with(']') && line.starts_with(')')) {
                hidden |= code.starts_with("#[doc(hidden)]");
                continue;
            }
            let is_public = code.starts_with("pub ") || (in_trait && code.starts_with("fn "));
            if is_public && !hidden && !docs.is_empty() {
                check_first_line(path, &docs, findings);
                let examples = check_sections(path, &docs, findings);
                let name = ["pub struct ", "pub trait "].iter().find_map(|item| line.strip_prefix(item));
                let name =
                    name.and_then(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
                if let Some(name) = name.filter(|name| !examples && !is_iterator(tree, name)) {
                    findings.add(path, index + 1, format!("`{name}` needs a section `# Examples`"));
                }
            }
            in_trait = (in_trait && line != "}") || line.starts_with("pub trait ");
            docs.clear();
            hidden = false;
        }
    }
}

fn check_first_line(path: &str, docs: &[(usize, &str)], findings: &mut Findings) {
    let (line, first) = docs[0];
    let alone = docs.get(1).is_none_or(|(_, text)| text.is_empty());
    if !alone || !first.trim_end().ends_with('.') {
        findings.add(path, line, "docs start with one sentence on one line, with a period");
    }
}

/// Returns whether there are examples.
fn check_sections(path: &str, docs: &[(usize, &str)], findings: &mut Findings) -> bool {
    let (mut fenced, mut last, mut examples) = (false, 0, false);
    for (line, text) in docs {
        fenced ^= text.starts_with("```");
        let Some(title) = text.strip_prefix("# ").filter(|_| !fenced) else { continue };
        match SECTIONS.iter().position(|known| *known == title) {
            Some(place) if place >= last => last = place,
            _ => findings.add(
                path,
                *line,
                format!("`# {title}`: the sections are, in this order, {}", SECTIONS.join(", ")),
            ),
        }
        examples |= title == "Examples";
    }
    examples
}

/// Returns whether a type is an iterator. The method that returns it shows its use.
fn is_iterator(tree: &Tree, name: &str) -> bool {
    let names_it = |line: &str| {
        let rest = line.strip_prefix("impl").and_then(|rest| Some(rest.split_once(" Iterator for ")?.1));
        rest.and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with(['<', ' ']))
    };
    tree.sources().any(|(_, text)| text.lines().any(names_it))
}

#[cfg(test)]
mod tests {
    use super::super::findings;
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let all = findings(check, &[("crates/a/src/b.rs", text)]);
        all.iter().map(|one| one.trim_start_matches("crates/a/src/b.rs:").to_owned()).collect()
    }

    #[test]
    fn the_first_line_is_one_sentence() {
        let text = "/// No period\npub const A: u8 = 1;\n/// Two\n/// lines.\n#[inline]\npub fn b() {}\n/// Good.\n///\n/// More\npub fn c() {}\n\
                    /// Own\nfn d() {}\n/// T.\n///\n/// # Examples\npub trait T {\n    /// Bad\n    fn e();\n}\n";
        let found = of(text);
        let lines: Vec<_> = found.iter().filter_map(|one| one.split(':').next()).collect();
        assert_eq!(lines, ["1", "3", "17"], "{found:?}");
    }

    #[test]
    fn sections_are_known_and_in_order() {
        let text = "/// A.\n///\n/// # Examples\n///\n/// ```\n/// # Hidden\n/// ```\n///\n/// # Panics\n///\n/// # Notes\npub fn a() {}\n";
        let found = of(text);
        assert!(
            found.len() == 2 && found[0].starts_with("9: `# Panics`") && found[1].starts_with("11: "),
            "{found:?}"
        );
    }

    #[test]
    fn a_type_has_an_example_unless_it_is_an_iterator() {
        let text = "/// A.\npub struct A;\n/// B.\npub struct B<'a>(&'a u8);\nimpl<'a> Iterator for B<'a> {}\n\
                    /// C.\n#[doc(hidden)]\npub struct C;\n/// D.\nstruct D;\n/// F.\npub enum F {}\n";
        assert_eq!(of(text), ["2: `A` needs a section `# Examples`"]);
    }
}
