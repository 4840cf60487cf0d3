//! Other libraries: the Rust ones are built into the program, those in C and Python are programs of their own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::OURS;
use crate::shell;

/// The peers in Rust.
pub(super) const CRATES: [&str; 3] = ["mio", "polling", "popol"];

/// Every other peer: its subjects, and the call that they wait with.
const CALLS: [(&str, &str); 9] = [
    ("mio", "epoll"),
    ("polling", "epoll"),
    ("popol", "poll"),
    ("libevent", "epoll"),
    ("libev", "epoll"),
    ("libuv", "epoll"),
    ("cpython", "epoll"),
    ("cpython-poll", "poll"),
    ("cpython-select", "select"),
];

/// A library in C: its header, what to link with, and Debian's package.
struct Library {
    name: &'static str,
    header: &'static str,
    link: &'static [&'static str],
    package: &'static str,
}

const LIBRARIES: [Library; 3] = [
    Library {
        name: "libevent",
        header: "event2/event.h",
        link: &["-levent_core", "-levent_pthreads"],
        package: "libevent-dev",
    },
    Library { name: "libev", header: "ev.h", link: &["-lev"], package: "libev-dev" },
    Library { name: "libuv", header: "uv.h", link: &["-luv"], package: "libuv1-dev" },
];

/// The subjects of Python.
const PYTHON: [&str; 3] = ["cpython", "cpython-poll", "cpython-select"];

/// The subjects to measure.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    pub(super) names: Vec<&'static str>,
    /// The names of those that are programs of their own, with the programs.
    pub(super) programs: Vec<(&'static str, PathBuf)>,
}

impl Subjects {
    /// Ours, and those that some names stand for; without names all that are there.
    pub(super) fn new(names: Option<&[String]>) -> Result<Self> {
        let mut subjects = Self { names: OURS.to_vec(), programs: Vec::new() };
        let all =
            || ["raw", "sys"].into_iter().chain(CRATES).chain(LIBRARIES.map(|it| it.name)).chain(["cpython"]);
        let asked: Vec<&str> = match names {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => all().collect(),
        };
        if let Some(unknown) = asked.iter().find(|name| !all().any(|known| known == **name)) {
            bail!("there is no `{unknown}`, only {}", all().collect::<Vec<_>>().join(", "));
        }
        for name in asked {
            subjects.add(name, names.is_some())?;
        }
        Ok(subjects)
    }

    /// Adds the subjects of a known name.
    fn add(&mut self, name: &str, must: bool) -> Result<()> {
        match name {
            "raw" => self.names.extend(["raw-epoll", "deferred-epoll", "raw-poll", "raw-select"]),
            "sys" => self.names.extend(["sys-epoll", "sys-poll", "sys-select"]),
            // `os.eventfd` came with 3.10.
            "cpython" if there(must, name, "python3", &["python3", "-c", "import os; os.eventfd"])? => {
                let program = shell::root().join("tests/bench/peers/peer.py");
                for name in PYTHON {
                    self.names.push(name);
                    self.programs.push((name, program.clone()));
                }
            }
            _ => self.names.extend(CRATES.iter().find(|known| **known == name)),
        }
        for library in LIBRARIES.iter().filter(|library| library.name == name) {
            let probe = ["cc", "-fsyntax-only", "-include", library.header, "-xc", "/dev/null"];
            if there(must, name, library.package, &probe)? {
                self.names.push(library.name);
                self.programs.push((library.name, library.build()?));
            }
        }
        Ok(())
    }

    /// The features of the package `bench` that these subjects need.
    pub(super) fn features(&self) -> &'static str {
        if self.names.iter().any(|name| CRATES.contains(name)) { "peers" } else { "" }
    }
}

/// The call that a subject waits with.
pub(super) fn call(subject: &str) -> &str {
    match CALLS.iter().find(|(name, _)| *name == subject) {
        Some((_, call)) => call,
        None => subject.rsplit('-').next().unwrap_or(subject),
    }
}

/// All subjects that are neither ours nor bare calls.
pub(super) fn peers() -> impl Iterator<Item = &'static str> {
    CALLS.iter().map(|(name, _)| *name)
}

/// Returns whether a subject can be measured, which is whether the probe succeeds. One that `must` be and cannot is an
/// error, another a line of output.
fn there(must: bool, name: &str, package: &str, probe: &[&str]) -> Result<bool> {
    let mut command = Command::new(probe[0]);
    let status = command.args(&probe[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match (status.is_ok_and(|status| status.success()), must) {
        (true, _) => Ok(true),
        (false, true) => bail!("{name} is missing: Debian's package {package}"),
        (false, false) => {
            eprintln!("not measured: {name} (Debian's package {package} is not installed)");
            Ok(false)
        }
    }
}

impl Library {
    fn build(&self) -> Result<PathBuf> {
        let folder = shell::target_directory()?.join("peers");
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let program = folder.join(self.name);
        let source = shell::root().join("tests/bench/peers").join(self.name).with_extension("c");
        let mut cc = Command::new("cc");
        // ev.h's own casts are what the last option is about.
        cc.args(["-O2", "-Wall", "-Wno-strict-aliasing", "-o"]).arg(&program).arg(source);
        shell::run(cc.args(self.link).arg("-pthread"))?;
        Ok(program)
    }
}
