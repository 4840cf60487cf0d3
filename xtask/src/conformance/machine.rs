//! The machines on which the suite runs: this one, and those that it can act as.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use clap::builder::PossibleValue;

use crate::toolchain::{Toolchain, variable};
use crate::{apparatus, shell};

/// The emulations of back ends on Linux: the names of features of the package `conformance`.
const EMULATIONS: [(&str, &str); 2] = [
    ("devpoll-emulation", "/dev/poll on Linux, emulated over poll(2); its column is `devpoll-emulated`"),
    ("libkqueue", "kqueue on Linux, emulated by libkqueue; its column is `kqueue-emulated`"),
];

/// A machine that this one can act as. To add one, add an entry to [`GUESTS`] and its packages to `.ci/prepare`.
struct Guest {
    /// For `--with`, and the part of `.ci/prepare`.
    name: &'static str,
    title: &'static str,
    target: &'static str,
    /// `None` is zig.
    linker: Option<&'static str>,
    /// The program that runs the guest's programs.
    runner: Option<&'static str>,
}

#[rustfmt::skip]
const GUESTS: [Guest; 7] = [
    Guest { name: "wine", title: "Windows, emulated by Wine", target: "x86_64-pc-windows-gnu",
        linker: Some("x86_64-w64-mingw32-gcc"), runner: Some("wine") },
    Guest { name: "i686", title: "Linux on i686", target: "i686-unknown-linux-gnu",
        linker: Some("i686-linux-gnu-gcc"), runner: None },
    Guest { name: "aarch64", title: "Linux on aarch64, emulated by QEMU", target: "aarch64-unknown-linux-gnu",
        linker: Some("aarch64-linux-gnu-gcc"), runner: Some("qemu-aarch64") },
    Guest { name: "s390x", title: "Linux on s390x, big-endian, emulated by QEMU", target: "s390x-unknown-linux-gnu",
        linker: Some("s390x-linux-gnu-gcc"), runner: Some("qemu-s390x") },
    Guest { name: "armv7", title: "Linux on armv7, emulated by QEMU", target: "armv7-unknown-linux-gnueabihf",
        linker: Some("arm-linux-gnueabihf-gcc"), runner: Some("qemu-arm") },
    Guest { name: "riscv64", title: "Linux on riscv64, emulated by QEMU", target: "riscv64gc-unknown-linux-gnu",
        linker: Some("riscv64-linux-gnu-gcc"), runner: Some("qemu-riscv64") },
    Guest { name: "musl", title: "Linux with musl", target: "x86_64-unknown-linux-musl",
        linker: None, runner: None },
];

/// The values of `--with`.
pub(super) fn values() -> Vec<PossibleValue> {
    let emulations = EMULATIONS.iter().copied();
    let others = [("all", "All of these"), ("smol", "Only the tests of smol's crates, over our polling")];
    let named = emulations.chain(GUESTS.iter().map(|guest| (guest.name, guest.title))).chain(others);
    named.map(|(name, help)| PossibleValue::new(name).help(help)).collect()
}

/// A machine on which the suite runs, and how it gets there.
#[derive(Default)]
pub(super) struct Machine {
    pub(super) name: String,
    /// Of the package `conformance`.
    pub(super) features: Vec<&'static str>,
    /// `None` for this machine's own target.
    target: Option<&'static str>,
    /// For cargo and for the program.
    environment: Vec<(String, OsString)>,
    runner: Option<&'static str>,
}

impl Machine {
    /// Returns this machine unless `only_guests`, then the guests that are wanted.
    pub(super) fn all(with: &[String], only_guests: bool) -> Result<Vec<Self>> {
        let wants = |name: &str| with.iter().any(|with| with == name);
        let features =
            EMULATIONS.map(|(name, _)| name).into_iter().filter(|name| wants(name) || wants("all"));
        let host = Self { name: "this machine".to_owned(), features: features.collect(), ..Self::default() };
        if host.features.contains(&"libkqueue") && !only_guests {
            apparatus::need_libkqueue()?;
        }
        let mut machines = if only_guests { Vec::new() } else { vec![host] };
        for guest in GUESTS.iter().filter(|guest| wants(guest.name) || wants("all")) {
            machines.push(Self::guest(guest)?);
        }
        Ok(machines)
    }

    fn guest(guest: &Guest) -> Result<Self> {
        let programs: Vec<_> = [guest.linker, guest.runner].into_iter().flatten().collect();
        apparatus::need_programs(&programs, guest.name)?;
        let mut environment = Vec::new();
        match guest.linker {
            Some(linker) => environment.push((variable(guest.target, "LINKER"), linker.into())),
            None => {
                environment.push((variable(guest.target, "LINKER"), apparatus::zig()?.join("linker").into()));
                environment.push(("ZIG_TARGET".to_owned(), "x86_64-linux-musl".into()));
            }
        }
        match guest.runner {
            Some("wine") => {
                let folder = apparatus::cache()?.join("wine");
                apparatus::need(folder.join("complete").exists(), "the folder of Wine", guest.name)?;
                environment.push(("WINEPREFIX".to_owned(), folder.into()));
                environment.push(("WINEDEBUG".to_owned(), "-all".into()));
            }
            Some(emulator) => {
                // A tenth of the usual number: each takes 25 times as long.
                environment.push(("CONFORMANCE_MODEL_CASES".to_owned(), "30".into()));
                // A scenario that starts the program again has to start the emulator.
                environment.push(("CONFORMANCE_RUNNER".to_owned(), emulator.into()));
            }
            None => {}
        }
        Ok(Self {
            name: guest.title.to_owned(),
            target: Some(guest.target),
            environment,
            runner: guest.runner,
            ..Self::default()
        })
    }

    /// Returns the command that builds for it.
    pub(super) fn cargo(&self) -> Result<Command> {
        let mut cargo = match self.target {
            Some(target) => Toolchain::with_source()?.build("test", target)?,
            None => shell::cargo(["test"]),
        };
        if self.runner.is_some_and(|runner| runner.starts_with("qemu-")) {
            // The suite takes a third of the time for it (epoll's scenarios: 15 s, not 43), and the standard library two minutes
            // more, once. The scenarios are left as they are: to optimise them takes longer than to run them.
            for package in ["\"*\"", "select-sys", "selectors"] {
                cargo.args(["--config", &format!("profile.dev.package.{package}.opt-level=1")]);
            }
        }
        cargo.envs(self.environment.iter().cloned());
        Ok(cargo)
    }

    /// Returns the command that runs a program built for it.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(self.runner.map_or(program, Path::new));
        command.args(self.runner.map(|_| program));
        command.envs(self.environment.iter().cloned());
        command
    }
}
