//! The form of the documentation: the first line, the sections, and which of them must be there.

use std::collections::BTreeSet;

use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta, ReturnType, Signature, TraitItem, Type, Visibility};

use super::{Findings, Tree};

/// The sections that an item may have, in their order.
const SECTIONS: [&str; 6] = ["Errors", "Panics", "Safety", "Examples", "Portability", "References"];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    let files = tree.sources().filter_map(|(path, text)| Some((path, syn::parse_file(text).ok()?.items)));
    let files: Vec<_> = files.collect();
    let mut iterators = BTreeSet::new();
    files.iter().for_each(|(_, items)| find_iterators(items, &mut iterators));
    for (path, items) in &files {
        let mut checker = Checker { path, iterators: &iterators, findings };
        checker.items(items);
    }
}

/// The names of the types that are iterators. What makes them shows how they are used.
fn find_iterators(items: &[Item], found: &mut BTreeSet<String>) {
    for item in items {
        let Item::Impl(block) = item else { continue };
        let Some((of, _)) = &block.trait_ else { continue };
        if of.segments.last().is_some_and(|name| name.ident == "Iterator") {
            found.extend(last_name(&block.self_ty));
        }
    }
}

struct Checker<'a> {
    path: &'a str,
    iterators: &'a BTreeSet<String>,
    findings: &'a mut Findings,
}

/// What an item must tell beyond its first line.
#[derive(Clone, Copy, Default)]
struct Needs {
    errors: bool,
    examples: bool,
}

impl Checker<'_> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Const(one) => self.item(&one.vis, &one.attrs, &one.ident, Needs::default()),
                Item::Static(one) => self.item(&one.vis, &one.attrs, &one.ident, Needs::default()),
                Item::Type(one) => self.item(&one.vis, &one.attrs, &one.ident, Needs::default()),
                Item::Enum(one) => self.item(&one.vis, &one.attrs, &one.ident, Needs::default()),
                Item::Struct(one) => self.item(&one.vis, &one.attrs, &one.ident, self.of_type(&one.ident)),
                Item::Fn(one) => self.item(&one.vis, &one.attrs, &one.sig.ident, of_function(&one.sig)),
                Item::Impl(block) if block.trait_.is_none() => {
                    for inner in &block.items {
                        match inner {
                            ImplItem::Fn(one) => {
                                self.item(&one.vis, &one.attrs, &one.sig.ident, of_function(&one.sig));
                            }
                            ImplItem::Const(one) => {
                                self.item(&one.vis, &one.attrs, &one.ident, Needs::default())
                            }
                            _ => {}
                        }
                    }
                }
                Item::Trait(one) if is_public(&one.vis) => {
                    self.item(&one.vis, &one.attrs, &one.ident, self.of_type(&one.ident));
                    for inner in &one.items {
                        match inner {
                            TraitItem::Fn(inner) => {
                                self.item(&one.vis, &inner.attrs, &inner.sig.ident, of_function(&inner.sig));
                            }
                            TraitItem::Const(inner) => {
                                self.item(&one.vis, &inner.attrs, &inner.ident, Needs::default());
                            }
                            _ => {}
                        }
                    }
                }
                // What is public in a private module is for the crate only.
                Item::Mod(one) if is_public(&one.vis) => {
                    self.items(one.content.as_ref().map_or(&[], |(_, items)| items));
                }
                _ => {}
            }
        }
    }

    /// An enum shows its values by itself; what else a type is for takes an example.
    fn of_type(&self, name: &syn::Ident) -> Needs {
        Needs { errors: false, examples: !self.iterators.contains(&name.to_string()) }
    }

    fn item(&mut self, visibility: &Visibility, attributes: &[Attribute], name: &syn::Ident, needs: Needs) {
        // That there are docs at all is for the compiler to see.
        let Some(lines) = doc_lines(attributes) else { return };
        let first = lines.iter().position(|(_, text)| !text.trim().is_empty());
        let (Some(first), true) = (first, is_public(visibility)) else { return };

        let (line, summary) = &lines[first];
        let alone = lines.get(first + 1).is_none_or(|(_, text)| text.trim().is_empty());
        if !alone || !summary.trim_end().ends_with('.') {
            let what = format!("the docs of `{name}` must start with one line that ends with a period");
            self.findings.add(self.path, *line, what);
        }
        let present = self.sections(&lines, name);
        for (wanted, section) in [(needs.errors, "Errors"), (needs.examples, "Examples")] {
            if wanted && !present.contains(section) {
                let what = format!("the docs of `{name}` need a section `# {section}`");
                self.findings.add(self.path, name.span().start().line, what);
            }
        }
    }

    /// The sections of some docs; complains about unknown ones and about their order.
    fn sections<'l>(&mut self, lines: &'l [(usize, String)], name: &syn::Ident) -> BTreeSet<&'l str> {
        let (mut present, mut fenced, mut last) = (BTreeSet::new(), false, 0);
        for (line, text) in lines {
            fenced ^= text.trim_start().starts_with("```");
            let Some(title) = text.strip_prefix("# ").filter(|_| !fenced) else { continue };
            let title = title.trim();
            present.insert(title);
            let order = SECTIONS.join(", ");
            match SECTIONS.iter().position(|known| *known == title) {
                None => {
                    let what =
                        format!("the docs of `{name}` have a section `# {title}`; there are only {order}");
                    self.findings.add(self.path, *line, what);
                }
                Some(place) if place < last => {
                    let what =
                        format!("the section `# {title}` of `{name}` comes too late; the order is {order}");
                    self.findings.add(self.path, *line, what);
                }
                Some(place) => last = place,
            }
        }
        present
    }
}

fn of_function(signature: &Signature) -> Needs {
    let errors = match &signature.output {
        ReturnType::Type(_, of) => last_name(of).is_some_and(|name| name == "Result"),
        ReturnType::Default => false,
    };
    Needs { errors, examples: false }
}

fn last_name(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The lines of the docs with their numbers; `None` where they are hidden or not written out.
fn doc_lines(attributes: &[Attribute]) -> Option<Vec<(usize, String)>> {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|one| one.path().is_ident("doc")) {
        match &attribute.meta {
            Meta::NameValue(pair) => {
                let Expr::Lit(literal) = &pair.value else { return None };
                let Lit::Str(text) = &literal.lit else { return None };
                let start = attribute.span().start().line;
                for (index, line) in text.value().split('\n').enumerate() {
                    lines.push((start + index, line.strip_prefix(' ').unwrap_or(line).to_owned()));
                }
            }
            Meta::List(list) if list.tokens.to_string() == "hidden" => return None,
            Meta::List(_) | Meta::Path(_) => {}
        }
    }
    Some(lines)
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
    fn a_fallible_function_tells_its_errors() {
        let text = "impl A {\n/// Opens.\npub fn open() -> io::Result<Self> { x }\n\
                    /// Reads.\n///\n/// # Errors\n///\n/// None.\npub fn read() -> Result<u8, E> { x }\n\
                    /// Looks.\npub fn look() -> Option<u8> { x }\n/// Own.\npub(crate) fn own() -> io::Result<()> { x }\n}\n\
                    impl fmt::Debug for A { fn fmt(&self) -> fmt::Result { x } }\n\
                    /// Waits.\npub const fn wait() -> Result<()> { x }\n";
        assert_eq!(
            of(text),
            [
                "3: the docs of `open` need a section `# Errors`",
                "17: the docs of `wait` need a section `# Errors`"
            ]
        );
    }

    #[test]
    fn methods_of_a_public_trait_count() {
        let text = "/// T.\n///\n/// # Examples\npub trait T {\n/// Adds.\nfn add(&self) -> io::Result<()>;\n}\n\
                    trait Own {\n/// Adds\nfn add(&self) -> io::Result<()>;\n}\n";
        assert_eq!(of(text), ["6: the docs of `add` need a section `# Errors`"]);
    }

    #[test]
    fn the_first_line_is_one_sentence() {
        let text = "/// No period\npub const A: u8 = 1;\n/// Two\n/// lines.\npub fn b() {}\n/// Good: yes.\n///\n/// More\n/// text\npub fn c() {}\n";
        let expected = [(1, "A"), (3, "b")];
        let expected = expected.map(|(line, name)| {
            format!("{line}: the docs of `{name}` must start with one line that ends with a period")
        });
        assert_eq!(of(text), expected);
    }

    #[test]
    fn sections_are_known_and_in_order() {
        let text = "/// A.\n///\n/// # Examples\n///\n/// ```\n/// # Hidden\n/// ```\n///\n/// # Panics\n///\n/// # Notes\npub fn a() {}\n";
        let found = of(text);
        assert!(found[1].starts_with("11: the docs of `a` have a section `# Notes`"), "{found:?}");
        assert!(found[0].starts_with("9: the section `# Panics` of `a` comes too late"), "{found:?}");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_type_has_an_example_unless_it_is_an_iterator() {
        let text = "/// A.\npub struct A;\n/// B.\npub struct B<'a>(&'a u8);\nimpl Iterator for B<'_> {}\n\
                    /// C.\n#[doc(hidden)]\npub enum C {}\n/// D.\nstruct D;\n/// F.\npub enum F {}\nmod own {\n/// E.\npub struct E;\n}\n";
        assert_eq!(of(text), ["2: the docs of `A` need a section `# Examples`"]);
    }
}
