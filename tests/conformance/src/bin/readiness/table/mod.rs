//! The table: made on this machine, written into the page, or compared with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use situation::Situation;

mod local;
mod observe;
mod other;
mod situation;
mod tcp;

const BEGIN: &str = "<!-- readiness: begin. Written by `cargo xtask readiness --write`, do not edit. -->";
const END: &str = "<!-- readiness: end -->";
const COLUMNS: [&str; 8] = [
    "`select`",
    "`poll`",
    "`epoll`",
    "`Readiness` by select",
    "`Readiness` by poll",
    "`Readiness` by epoll",
    "asked for `READ_CLOSED` alone",
    "asked for `HANG_UP` alone",
];

/// Kind of descriptor and state.
type Name = (String, String);
type Cells = [String; COLUMNS.len()];
type Rows = Vec<(Name, Cells)>;

/// Compares the page with this machine. Returns notes about rows that were not compared.
pub(crate) fn check() -> Result<Vec<String>, String> {
    let page = read()?;
    let written = parse(parts(&page)?.1);
    let (rows, notes) = observed()?;

    let mut differences = String::new();
    for ((kind, name), cells) in &rows {
        let Some(row) = written.get(&(kind.clone(), name.clone())) else {
            writeln!(differences, "{kind}, {name}: is not in the page").map_err(text)?;
            continue;
        };
        for ((column, said), seen) in COLUMNS.iter().zip(row).zip(cells) {
            if said != seen {
                let column = column.replace('`', "");
                writeln!(differences, "{kind}, {name}, {column}: the page says {said}, this machine {seen}")
                    .map_err(text)?;
            }
        }
    }
    let known: Vec<Name> = situations().map(|situation| situation.title()).collect();
    for (kind, name) in written.keys().filter(|name| !known.contains(name)) {
        writeln!(differences, "{kind}, {name}: is in the page, but not among the situations")
            .map_err(text)?;
    }
    if differences.is_empty() {
        return Ok(notes);
    }
    Err(format!(
        "docs/platforms.md differs from this machine:\n{differences}`cargo xtask readiness --write` rewrites it"
    ))
}

/// Writes the answers of this machine into the page.
#[allow(dead_code, reason = "the test of the page, which has this module too, does not write")]
pub(crate) fn write() -> Result<Vec<String>, String> {
    let page = read()?;
    let (before, _, after) = parts(&page)?;
    let (rows, notes) = observed()?;
    if !notes.is_empty() {
        return Err(format!("the table needs a newer kernel:\n{}", notes.join("\n")));
    }
    let (major, minor) = observe::kernel()?;
    let mut table = format!("\n\nRecorded on Linux {major}.{minor}, {}.\n\n", std::env::consts::ARCH);
    writeln!(table, "| descriptor | situation | {} |", COLUMNS.join(" | ")).map_err(text)?;
    writeln!(table, "|{}", "---|".repeat(2 + COLUMNS.len())).map_err(text)?;
    for ((kind, name), cells) in &rows {
        writeln!(table, "| {kind} | {name} | {} |", cells.join(" | ")).map_err(text)?;
    }
    fs::write(path(), format!("{before}{BEGIN}{table}\n{END}{after}")).map_err(text)?;
    Ok(vec![format!("{} situations written to docs/platforms.md", rows.len())])
}

fn situations() -> impl Iterator<Item = &'static Situation> {
    [local::PIPES, local::SOCKETS, tcp::SITUATIONS, other::SITUATIONS].into_iter().flatten()
}

/// Returns the answers of this machine, and the situations that it cannot create.
fn observed() -> Result<(Rows, Vec<String>), String> {
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    let kernel = observe::kernel()?;
    for situation in situations() {
        let (kind, name) = situation.title();
        if let Some((major, minor)) = situation.since.filter(|since| *since > kernel) {
            notes.push(format!("{kind}, {name}: not run: because this Linux is older than {major}.{minor}"));
            continue;
        }
        let seen = (situation.make)().and_then(|made| observe::cells(&made.fd));
        let cells = seen.map_err(|error| format!("{kind}, {name}: {error}"))?;
        rows.push(((kind, name), cells));
    }
    Ok((rows, notes))
}

fn parse(table: &str) -> BTreeMap<Name, Cells> {
    let mut rows = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with('|')).skip(2) {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
        let name = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        rows.insert(name, std::array::from_fn(|_| cells.next().unwrap_or_default()));
    }
    rows
}

/// Splits the page before, between and after the two marks.
fn parts(page: &str) -> Result<(&str, &str, &str), String> {
    let (before, rest) =
        page.split_once(BEGIN).ok_or_else(|| format!("docs/platforms.md needs a line {BEGIN}"))?;
    let (table, after) =
        rest.split_once(END).ok_or_else(|| format!("docs/platforms.md needs a line {END}"))?;
    Ok((before, table, after))
}

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "docs", "platforms.md"].iter().collect()
}

fn read() -> Result<String, String> {
    fs::read_to_string(path()).map_err(|error| format!("docs/platforms.md: {error}"))
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
