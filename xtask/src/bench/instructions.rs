//! How many instructions an event takes outside the kernel. They can be repeated where times cannot.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::peers::Subjects;
use super::{COUNTED, program};
use crate::{apparatus, shell};

/// Waits in the shorter of two runs; the longer has twice as many. Each finds `EVENTS` events.
const WAITS: u64 = 200;
const EVENTS: u64 = 100;

/// The exit status of a program whose subject cannot do what is asked, as an edge-triggered one with what stays ready.
const CANNOT: i32 = 3;

/// The tolerated increase over the recorded figures, in percent.
const MORE: f64 = 5.0;

fn file() -> PathBuf {
    shell::root().join("tests/bench/instructions.txt")
}

/// Fails when one of our back ends takes more instructions for an event than is recorded.
pub(crate) fn check() -> Result<()> {
    let text = fs::read_to_string(file()).context("tests/bench/instructions.txt")?;
    let program = prepare("")?;
    let mut worse = Vec::new();
    for (name, known) in parse(&text)? {
        let now = must(&program, &name)?;
        println!("{name}: {now:.1} instructions an event, {known:.1} written down");
        if now > known * (1.0 + MORE / 100.0) {
            worse.push(name);
        }
    }
    let release = release()?;
    if !worse.is_empty() && !text.lines().any(|line| line == release) {
        println!("written down with another compiler than {release:?}, so this is no failure");
    } else if !worse.is_empty() {
        bail!(
            "more instructions than before on {}; if it must be, `cargo xtask bench --instructions --write`",
            worse.join(", ")
        );
    }
    Ok(())
}

/// The line that tells the compiler: another one may make more or fewer instructions of the same code.
fn release() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().context("rustc does not start")?;
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(format!("# rustc {}", version.split(' ').nth(1).context("rustc has no version")?))
}

/// Writes down what our back ends take.
pub(super) fn write() -> Result<()> {
    let program = prepare("")?;
    let line = |name| Ok(format!("{name} {:.1}\n", must(&program, name)?));
    let text = format!(
        "# Instructions outside the kernel for each event, where a wait finds 100 of 100 files ready.\n\
         # Written by `cargo xtask bench --instructions --write`.\n{}\n{}",
        release()?,
        COUNTED.into_iter().map(line).collect::<Result<String>>()?
    );
    fs::write(file(), &text).context("tests/bench/instructions.txt")?;
    print!("{text}");
    Ok(())
}

/// Prints what these subjects take for an event, with what stays ready and where it is written to before each wait, and for
/// a wait that finds nothing.
pub(super) fn compare(subjects: &Subjects) -> Result<()> {
    let program = prepare(subjects.features())?;
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(["subject", "stays ready", "written to each time", "a wait that finds nothing"]);
    // Those in programs of their own are not counted.
    let own = |name: &&&str| subjects.programs.iter().any(|(program, _)| program == *name);
    for name in subjects.names.iter().filter(|name| !own(name)) {
        let of = |mode| -> Result<String> {
            let count = measure(&program, name, mode)?;
            Ok(count.map_or_else(|| "-".to_owned(), |count| format!("{count:.1}")))
        };
        table.add_row([(*name).to_owned(), of("level")?, of("edge")?, of("idle")?]);
    }
    println!("{table}");
    Ok(())
}

fn prepare(features: &str) -> Result<PathBuf> {
    apparatus::need_programs(&["valgrind"], "valgrind")?;
    program("instructions", features)
}

/// The instructions for an event of what stays ready, which every subject in the file can do.
fn must(program: &Path, subject: &str) -> Result<f64> {
    measure(program, subject, "level")?.with_context(|| format!("`{subject}` cannot find what stays ready"))
}

/// The instructions for an event, or for a wait without any: what twice as many waits take more. `None` if the subject
/// cannot do that.
fn measure(program: &Path, subject: &str, mode: &str) -> Result<Option<f64>> {
    let Some(once) = count(program, subject, mode, WAITS)? else { return Ok(None) };
    let twice = count(program, subject, mode, 2 * WAITS)?.context("it can do that, and then it cannot")?;
    let events = if mode == "idle" { 1 } else { EVENTS };
    Ok(Some((twice as f64 - once as f64) / (WAITS * events) as f64))
}

fn count(program: &Path, subject: &str, mode: &str, waits: u64) -> Result<Option<u64>> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    let output =
        valgrind.args([subject, mode, &waits.to_string()]).output().context("valgrind does not start")?;
    if output.status.code() == Some(CANNOT) {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let count = said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    if !output.status.success() || count.is_none() {
        bail!("`{subject}`, `{mode}`, under valgrind ({}): {said}", output.status);
    }
    Ok(count)
}

/// Reads lines of a name and a number; others begin with `#`.
fn parse(text: &str) -> Result<Vec<(String, f64)>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let figures = lines.map(|line| {
        let (name, number) = line.split_once(' ')?;
        Some((name.to_owned(), number.parse().ok()?))
    });
    let figures: Option<Vec<_>> = figures.collect();
    figures.filter(|figures| !figures.is_empty()).context("lines must be a name and a number")
}
