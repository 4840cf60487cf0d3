//! The interpreters at hand, each with an environment in which our modules can be put before its own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::run::Side;
use crate::{apparatus, shell};

/// Where the environment looks for our modules; nowhere if it is not set.
pub(super) const OURS: &str = "SELECTORS_CPYTHON";

/// A module of the environment that puts ours first.
const HOOK: &str = include_str!("../../../tests/cpython/python/ours_first.py");

/// A program that prints the version and the folder of the package `test`.
const ASK: &str = include_str!("../../../tests/cpython/python/ask.py");

/// The oldest release whose modules are the ones that ours stand for.
const OLDEST: [u32; 2] = [3, 11];

pub(super) struct Interpreter {
    pub(super) name: String,
    version: Vec<u32>,
    /// The folder of its package `test`.
    pub(super) tests: PathBuf,
    /// Its environment's program.
    program: PathBuf,
    /// The folder with our modules.
    pub(super) modules: PathBuf,
}

/// Builds the library that is both modules, perhaps with the emulations.
pub(super) fn build(emulated: bool) -> Result<PathBuf> {
    let mut build = shell::cargo(["build", "--release", "--package", "cpython"]);
    if emulated {
        build.args(["--features", "cpython/libkqueue,cpython/devpoll-emulation"]);
    }
    shell::build(&mut build, "cdylib", "cpython")
}

impl Interpreter {
    /// `python3`, then the newest one below pyenv; or all of them from 3.11 on.
    pub(super) fn all(library: &Path, every: bool) -> Result<Vec<Self>> {
        let folder = shell::target_directory()?.join("cpython");
        let modules = folder.join("modules");
        fs::create_dir_all(&modules)?;
        for module in ["select", "selectors"] {
            let path = modules.join(format!("{module}.abi3.so"));
            // Not over one that a process may have loaded.
            let _ = fs::remove_file(&path);
            fs::copy(library, &path).with_context(|| path.display().to_string())?;
        }
        // The `python3` that is first in the path may lack what Debian's own has.
        let first = ["python3", "/usr/bin/python3"].map(|path| Self::of(Path::new(path), &folder, &modules));
        let first = first.into_iter().find_map(Result::ok);
        apparatus::need(first.is_some(), "Python 3.11 or newer, with its package `test`,", "python")?;
        let mut found = Vec::from_iter(first);
        let mut others: Vec<_> =
            of_pyenv().iter().filter_map(|program| Self::of(program, &folder, &modules).ok()).collect();
        others.retain(|other| other.version != found[0].version);
        others.sort_by(|a, b| b.version.cmp(&a.version));
        if !every {
            others.truncate(1);
        }
        found.extend(others);
        Ok(found)
    }

    fn of(python: &Path, folder: &Path, modules: &Path) -> Result<Self> {
        let answer = Command::new(python).args(["-c", ASK]).output();
        let answer = answer.with_context(|| format!("`{}` does not start", python.display()))?;
        let text = String::from_utf8_lossy(&answer.stdout);
        let mut lines = text.lines();
        let numbers = lines.next().unwrap_or_default();
        let name = format!("Python {numbers}");
        let version: Vec<u32> = numbers.split('.').filter_map(|number| number.parse().ok()).collect();
        if version.len() < 3 || version[..2] < OLDEST[..] {
            bail!("{name} is too old: 3.11 and newer have the tests that are run");
        }
        let tests = PathBuf::from(lines.next().unwrap_or_default());
        if tests.as_os_str().is_empty() {
            let missing = lines.next().unwrap_or_default();
            bail!("{name} comes without the package `test` ({missing})");
        }
        let environment = folder.join(name.replace(' ', "-"));
        let mut venv = Command::new(python);
        venv.args(["-m", "venv", "--clear", "--without-pip"]).arg(&environment);
        let made = venv.output().context("venv")?;
        if !made.status.success() {
            bail!("{name} makes no environment: {}", String::from_utf8_lossy(&made.stderr).trim());
        }
        let library = format!("lib/python{}.{}/site-packages", version[0], version[1]);
        let library = environment.join(library);
        fs::write(library.join("ours_first.py"), HOOK)?;
        // Imports it at the start of every process. As `sitecustomize` it would not be found: Debian has one of its own.
        fs::write(library.join("ours_first.pth"), "import ours_first\n")?;
        let program = environment.join("bin/python");
        Ok(Self { name, version, tests, program, modules: modules.to_owned() })
    }

    /// Its program, on one of the two sides.
    pub(super) fn command(&self, side: Side) -> Command {
        let mut command = Command::new(&self.program);
        command.env_remove("PYTHONPATH").env_remove(OURS);
        if side == Side::Ours {
            command.env(OURS, &self.modules);
        }
        command
    }

    /// Compares calls with random arguments.
    pub(super) fn fuzz(&self, package: &Path, steps: u32, seed: u32) -> Result<()> {
        let mut fuzz = self.command(Side::Theirs);
        fuzz.arg(package.join("python/fuzz.py")).arg(&self.modules);
        fuzz.args(["--steps", &steps.to_string(), "--seed", &seed.to_string()]);
        shell::run(&mut fuzz).context("the fuzz")
    }

    /// Measures, and prints the figures.
    pub(super) fn speed(&self, package: &Path) -> Result<()> {
        let mut speed = self.command(Side::Theirs);
        shell::run(speed.arg(package.join("python/speed.py")).arg(&self.modules))
    }
}

/// The interpreters that pyenv has installed.
fn of_pyenv() -> Vec<PathBuf> {
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let root = root.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv")));
    let versions = root.and_then(|root| fs::read_dir(root.join("versions")).ok());
    versions.into_iter().flatten().flatten().map(|entry| entry.path().join("bin/python3")).collect()
}
