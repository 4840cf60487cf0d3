//! Imports run one way: no file of a crate imports a file that imports it, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, Tree};

/// The files that each file imports. A file has the name of its module.
type Imports<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for folder in ["crates/select-sys/src/", "crates/selectors/src/"] {
        let module = |path: &str| Some(path.strip_prefix(folder)?.strip_suffix(".rs")?.replace('/', "::"));
        let files = tree.sources().filter_map(|(path, text)| Some((module(path)?, text)));
        let files: Vec<_> = files.filter(|(module, _)| !module.ends_with("tests")).collect();
        let names: BTreeSet<&str> = files.iter().map(|(module, _)| module.as_str()).collect();
        let all: Imports<'_> = files.iter().map(|(own, text)| (&**own, imports(&names, own, text))).collect();
        for (module, imported) in &all {
            for other in imported.iter().filter(|other| reaches(&all, other, module)) {
                let path = format!("{folder}{}.rs", module.replace("::", "/"));
                findings.add(&path, 1, format!("imports run one way, but `{other}` imports this file too"));
            }
        }
    }
}

fn reaches(all: &Imports<'_>, from: &str, to: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        if seen.insert(module) {
            next.extend(&all[module]);
        }
    }
    seen.contains(to)
}

/// Returns the files that the `use` lines of a module name.
fn imports<'a>(files: &BTreeSet<&'a str>, own: &str, text: &str) -> BTreeSet<&'a str> {
    let code = text.split("\nmod tests {").next().unwrap_or_default();
    // An indented `super` is that of an inline module: this file.
    let is_other = |line: &&str| !["//", "use super::"].iter().any(|start| line.trim().starts_with(start));
    let lines = code.lines().filter(|line| is_other(line) || line.starts_with("use "));
    let code = lines.collect::<Vec<_>>().join(" ");
    let uses = code.split(';').filter_map(|statement| Some(statement.rsplit_once("use ")?.1));
    uses.flat_map(expand).filter_map(|path| file(files, own, &path)).collect()
}

/// Writes `a::{b, c::{d, e}}` as `a::b`, `a::c::d` and `a::c::e`.
fn expand(tree: &str) -> Vec<String> {
    let Some((start, rest)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let (mut depth, inner) = (0, rest.rsplit_once('}').map_or(rest, |(inner, _)| inner));
    let parts = inner.split(|character| {
        depth += i32::from(character == '{') - i32::from(character == '}');
        character == ',' && depth == 0
    });
    parts.flat_map(|part| expand(&format!("{}{}", start.trim(), part.trim()))).collect()
}

/// Returns the file that has the item of a path, unless it is the module's own or another crate's.
fn file<'a>(files: &BTreeSet<&'a str>, own: &str, path: &str) -> Option<&'a str> {
    let mut parts: Vec<_> = own.split("::").filter(|part| *part != "lib").collect();
    for part in path.split("::") {
        match part {
            "crate" => parts.clear(),
            "super" => drop(parts.pop()),
            "self" => {}
            name => parts.push(name),
        }
    }
    let prefixes = (1..=parts.len()).rev().map(|length| parts[..length].join("::"));
    let is_own = path.starts_with("crate") || path.starts_with("super");
    let found = prefixes.into_iter().find_map(|prefix| files.get(prefix.as_str()).copied());
    found.or_else(|| files.get("lib").copied().filter(|_| is_own)).filter(|found| *found != own)
}

#[cfg(test)]
#[test]
fn files_that_import_each_other_are_found() {
    let x = "// use crate::Y;\nuse super::super::{b};\nmod sealed {\n    use super::X;\n}\nmod tests {\nuse crate::A;\n}\n";
    let files = [
        ("crates/selectors/src/lib.rs", "mod a;\nmod b;\npub use a::{A, x::{X}};\nuse std::b;\n"),
        ("crates/selectors/src/a.rs", "mod x;\nuse crate::b::{\n    self,\n    B as C,\n};\n"),
        ("crates/selectors/src/a/x.rs", x),
        ("crates/selectors/src/b.rs", "use a::b;\nfn f() {\n    use crate::a::x;\n}\n"),
    ];
    assert_eq!(
        super::places(check, &files),
        ["crates/selectors/src/a/x.rs:1", "crates/selectors/src/b.rs:1"]
    );
}
