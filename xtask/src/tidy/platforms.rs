//! Platforms: `build.rs` is the only list of systems, and code that differs is in `sys/` and `os/`.

use super::{Findings, Tree};

/// Where a condition may name a platform.
const PLACES: [&str; 4] = ["/src/sys.rs", "/src/sys/", "/src/os.rs", "/src/os/"];

/// The items that may have such a condition anywhere; the last is a row of a constant table.
const ITEMS: [&str; 6] = ["mod ", "use ", "const ", "static ", "extern crate ", "("];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for (path, text) in tree.sources() {
        let lines: Vec<_> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let Some(condition) = condition(&lines[index..]) else { continue };
            if condition.matches("target_os =").count() > 1 {
                findings.add(path, index + 1, "a list of systems belongs in build.rs, which gives it a name");
            } else if names_platform(&condition)
                && !PLACES.iter().any(|place| path.contains(place))
                && !is_item(if line.trim_start().starts_with("#[") { item(&lines[index..]) } else { line })
            {
                findings.add(path, index + 1, "a platform is named outside of sys/ and os/");
            }
        }
    }
}

/// Returns the condition that begins on the first line, if one does, up to its last parenthesis.
fn condition(lines: &[&str]) -> Option<String> {
    let first = lines[0].trim_start();
    let start = ["cfg(", "cfg!(", "cfg_attr("].iter().filter_map(|word| first.find(word)).min()?;
    if first.starts_with("//") {
        return None;
    }
    let (mut text, mut depth) = (String::new(), 0);
    for character in first[start..].chars().chain(lines[1..].iter().flat_map(|line| line.chars())) {
        text.push(character);
        match character {
            '(' => depth += 1,
            ')' if depth == 1 => break,
            ')' => depth -= 1,
            _ => {}
        }
    }
    Some(text)
}

fn names_platform(condition: &str) -> bool {
    let mut words = condition.split(|c: char| !c.is_alphanumeric() && c != '_');
    // A property of the processor, such as `target_has_atomic`, is no platform.
    words.any(|word| {
        ["target_os", "target_vendor", "target_family", "target_env", "unix", "windows"].contains(&word)
    })
}

/// Returns the line of the item that an attribute on the first line belongs to.
fn item<'a>(lines: &[&'a str]) -> &'a str {
    let mut depth = 0;
    for line in lines {
        let code = line.trim_start();
        let (open, close) = (line.matches(['[', '(']).count(), line.matches([']', ')']).count());
        if depth == 0 && !code.starts_with("#[") && !code.starts_with("//") {
            return line;
        }
        depth = (depth + open).saturating_sub(close);
    }
    ""
}

fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("pub").map_or(line, |rest| {
        let rest = rest.strip_prefix('(').and_then(|rest| Some(rest.split_once(')')?.1)).unwrap_or(rest);
        rest.trim_start()
    });
    ITEMS.iter().any(|item| line.starts_with(item)) && !line.starts_with("const fn ")
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    const PATH: &str = "crates/selectors/src/selector.rs";

    fn lines(text: &str) -> Vec<usize> {
        let places = places(check, &[(PATH, text)]);
        places.iter().map(|place| place.rsplit(':').next().unwrap().parse().unwrap()).collect()
    }

    #[test]
    fn conditions_on_code_are_found() {
        let text = "#[cfg(unix)]\nfn a() {}\nfn b() {\n    if cfg!(target_os = \"linux\") {}\n}\n\
                    #[cfg_attr(\n    all(test, windows),\n    ignore\n)]\nfn c() {}\n#[cfg(windows)]\npub const fn d() {}\n";
        assert_eq!(lines(text), [1, 4, 6, 11]);
    }

    #[test]
    fn modules_imports_constants_and_other_words_are_not() {
        let text = "#[cfg(unix)]\nmod a;\n#[cfg(windows)]\n#[doc(alias = \"x\")]\npub(crate) use b;\n\
                    /// X.\n#[cfg(not(\n    windows\n))]\n/// Y.\npub const C: u32 = 1;\nconst D: bool = cfg!(target_os = \"linux\");\n\
                    // On `cfg(unix)`.\n#[cfg(epoll)]\nfn e() {}\nuse std::os::unix::io::AsFd;\n";
        assert_eq!(lines(text), [0; 0]);
        assert_eq!(
            places(
                check,
                &[("crates/selectors/src/os/unix.rs", "#[cfg(target_os = \"linux\")]\nfn a() {}\n")]
            ),
            [""; 0]
        );
    }

    #[test]
    fn a_list_of_systems_is_found_everywhere() {
        let text = "#[cfg(any(\n    target_os = \"linux\",\n    target_os = \"android\"\n))]\nmod a;\n";
        assert_eq!(
            places(check, &[("crates/select-sys/src/sys.rs", text)]),
            ["crates/select-sys/src/sys.rs:1"]
        );
    }
}
