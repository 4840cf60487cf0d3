//! Which of CPython's test modules are run.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// The list of CPython's own, with the meaning of its lines.
const LIST: &str = include_str!("../../../tests/cpython/modules.txt");

/// The one module of tests that is our own, for what CPython's tests leave out.
pub(super) const SHARED: &str = "test_shared";

/// The modules below `tests`, the folder of the package `test`, that this interpreter ships: those of the emulations, or all
/// others, with the slow ones if wanted.
///
/// The slowest come first, so that none of them is left for the end.
pub(super) fn of(tests: &Path, emulated: bool, slow: bool) -> Result<Vec<String>> {
    let mut modules = Vec::new();
    for line in LIST.lines().filter(|line| !line.starts_with('#')) {
        let (name, flag) = line.split_once(' ').unwrap_or((line, ""));
        if if emulated { flag != "emulated" } else { flag == "slow" && !slow } {
            continue;
        }
        let path = tests.join(name.replace('.', "/"));
        if !name.ends_with('/') {
            modules.extend(path.with_extension("py").is_file().then(|| name.to_owned()));
        } else if path.is_dir() {
            modules.extend(in_folder(&path)?);
        }
    }
    if !emulated {
        modules.push(SHARED.to_owned());
    }
    Ok(modules)
}

/// Returns the name by which Python imports it.
pub(super) fn full_name(module: &str) -> String {
    if module == SHARED { module.to_owned() } else { format!("test.{module}") }
}

/// `test_asyncio.test_streams` for `test.test_asyncio.test_streams.StreamTests.test_read`: all before the class.
pub(super) fn of_test(test: &str) -> Option<String> {
    let parts: Vec<_> = test.strip_prefix("test.").unwrap_or(test).split('.').collect();
    let class = parts.iter().position(|part| part.starts_with(|first: char| first.is_ascii_uppercase()))?;
    let name = parts[..class].join(".");
    name.starts_with("test_").then_some(name)
}

fn in_folder(folder: &Path) -> Result<Vec<String>> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut modules = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let file = entry?.file_name();
        if let Some(module) =
            file.to_string_lossy().strip_suffix(".py").filter(|file| file.starts_with("test_"))
        {
            modules.push(format!("{name}.{module}"));
        }
    }
    modules.sort_unstable();
    Ok(modules)
}
