//! The machines on which the suite runs: this one, and those that it can be made to act as.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::wine;
use crate::toolchain::Library;
use crate::{debian, shell};

/// What can be had beside this machine and its own interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum With {
    /// /dev/poll on Linux, emulated over poll(2) by its rules; the column says `devpoll-emulated`
    DevpollEmulation,
    /// kqueue on Linux, emulated by libkqueue, which is a package of Debian's suite `experimental`; the column says
    /// `kqueue-emulated`
    Libkqueue,
    /// Windows, emulated by Wine
    Wine,
    /// Linux on i686: 32 bits
    I686,
    /// Linux on s390x, big-endian, emulated by QEMU
    S390x,
    /// CPython's own tests with its modules `select` and `selectors` put over the two crates, and these tests alone;
    /// with an emulation, those of kqueue and /dev/poll over both emulations
    Cpython,
    /// All of these but cpython
    All,
}

/// A machine on which the suite runs, and how it gets there.
#[derive(Default)]
pub(super) struct Machine {
    pub(super) name: String,
    /// Of the package `conformance`.
    pub(super) features: Vec<&'static str>,
    /// Its target, if that is not this machine's own.
    target: Option<&'static str>,
    /// For cargo, and for the program.
    environment: Vec<(&'static str, OsString)>,
    /// What runs the program.
    pub(super) runner: Option<&'static str>,
}

impl Machine {
    /// This machine, then the others that are wanted. What they take is installed.
    pub(super) fn all(with: &[With]) -> Result<Vec<Self>> {
        let wants = |one| with.contains(&one) || with.contains(&With::All);
        let mut own = Self { name: "this machine".to_owned(), ..Self::default() };
        if wants(With::DevpollEmulation) {
            own.features.push("devpoll-emulation");
        }
        if wants(With::Libkqueue) {
            need_libkqueue()?;
            own.features.push("libkqueue");
        }
        let mut machines = vec![own];
        if wants(With::Wine) {
            machines.push(Self::windows().context("Wine is not here")?);
        }
        if wants(With::I686) {
            machines.push(Self::i686()?);
        }
        if wants(With::S390x) {
            machines.push(Self::s390x()?);
        }
        Ok(machines)
    }

    fn windows() -> Result<Self> {
        debian::need(&wine::PACKAGES)?;
        Ok(Self {
            name: "Windows, emulated by Wine".to_owned(),
            target: Some("x86_64-pc-windows-gnu"),
            environment: wine::environment()?,
            runner: Some("wine"),
            ..Self::default()
        })
    }

    fn i686() -> Result<Self> {
        debian::need(&["gcc-i686-linux-gnu", "libc6-dev-i386-cross"])?;
        Ok(Self {
            name: "Linux on i686".to_owned(),
            target: Some("i686-unknown-linux-gnu"),
            environment: vec![
                ("CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_LINKER", "i686-linux-gnu-gcc".into()),
                // There need not be a loader for its programs here.
                ("CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_RUSTFLAGS", STATIC.into()),
            ],
            ..Self::default()
        })
    }

    fn s390x() -> Result<Self> {
        debian::need(&["gcc-s390x-linux-gnu", "libc6-dev-s390x-cross", "qemu-user"])?;
        Ok(Self {
            name: "Linux on s390x, emulated by QEMU".to_owned(),
            target: Some("s390x-unknown-linux-gnu"),
            environment: vec![
                ("CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER", "s390x-linux-gnu-gcc".into()),
                ("CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_RUSTFLAGS", STATIC.into()),
                // A tenth of what is usual: each takes 25 times as long.
                ("CONFORMANCE_MODEL_CASES", "30".into()),
                // A program that starts itself again must go the same way.
                ("CONFORMANCE_RUNNER", QEMU.into()),
            ],
            runner: Some(QEMU),
            ..Self::default()
        })
    }

    /// The command that builds for it.
    pub(super) fn cargo(&self) -> Result<Command> {
        let mut cargo = match self.target {
            Some(target) => Library::of(target)?.cargo("test", target)?,
            None => shell::cargo(["test"]),
        };
        cargo.envs(self.environment.iter().cloned());
        Ok(cargo)
    }

    /// The command that runs a program which was built for it.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = match self.runner {
            Some(runner) => {
                let mut command = Command::new(runner);
                command.arg(program);
                command
            }
            None => Command::new(program),
        };
        command.envs(self.environment.iter().cloned());
        command
    }
}

/// Installs what the feature `libkqueue` links.
pub(super) fn need_libkqueue() -> Result<()> {
    const OLDEST: &str = "2.3.1";
    debian::need_from("experimental", "libkqueue-dev", OLDEST)
        .with_context(|| format!("libkqueue, in version {OLDEST} or newer, is not here"))
}

const QEMU: &str = "qemu-s390x";

const STATIC: &str = "-Ctarget-feature=+crt-static";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alone_this_machine_has_no_more_than_its_own() {
        let machines = Machine::all(&[]).unwrap();
        assert_eq!(machines.len(), 1);
        assert!(machines[0].features.is_empty() && machines[0].target.is_none());
    }

    #[test]
    fn a_runner_stands_before_the_program() {
        let machine = Machine { runner: Some("qemu-s390x"), ..Machine::default() };
        let command = machine.command(Path::new("/suite"));
        assert_eq!(command.get_program(), "qemu-s390x");
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["/suite"]);
    }
}
