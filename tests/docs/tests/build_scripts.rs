//! The claim of docs/style.md that the tables of platforms in both crates agree.

use std::path::Path;
use std::process::Command;
use std::{env, fs, process};

const SYSTEMS: &str =
    "android dragonfly freebsd haiku illumos ios linux macos netbsd openbsd solaris windows";
/// The cfg names that both tables have.
const NAMES: [&str; 4] = ["epoll", "devpoll", "kqueue", "kqueue_except"];

/// Runs a build script for a system, and returns its output.
fn output(script: &Path, system: &str, features: bool) -> String {
    let mut script = Command::new(script);
    script.env("CARGO_CFG_TARGET_OS", system).env("CARGO_CFG_TARGET_POINTER_WIDTH", "64");
    script.env("CARGO_CFG_TARGET_VENDOR", if ["ios", "macos"].contains(&system) { "apple" } else { "pc" });
    if features {
        script.env("CARGO_FEATURE_LIBKQUEUE", "1").env("CARGO_FEATURE_DEVPOLL_EMULATION", "1");
    }
    String::from_utf8(script.output().unwrap().stdout).unwrap()
}

#[test]
fn the_tables_of_both_crates_agree() {
    let scripts = ["select-sys", "selectors"].map(|name| {
        let program = env::temp_dir().join(format!("docs-tests-{}-{name}", process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates").join(name).join("build.rs");
        let rustc = Command::new("rustc").arg("--edition=2024").arg(source).arg("-o").arg(&program).status();
        assert!(rustc.unwrap().success());
        program
    });
    for (system, features) in SYSTEMS.split(' ').flat_map(|system| [(system, false), (system, true)]) {
        let [low, high] = scripts.each_ref().map(|script| output(script, system, features));
        for name in NAMES {
            let has = |output: &str| output.lines().any(|line| line == format!("cargo::rustc-cfg={name}"));
            assert!(low.contains(&format!("cfg({name})")), "{name} is in both tables");
            assert_eq!(has(&low), has(&high), "{name} on {system}, features: {features}");
        }
    }
    scripts.iter().for_each(|script| fs::remove_file(script).unwrap());
}
