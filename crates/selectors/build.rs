//! The table of platforms: sets a cfg name for each back end of the target, and `default_backend`.
//!
//! A list of systems is written here and nowhere else in this crate. The names mean the same as those of `select-sys`,
//! but for `kqueue`, which needs a system of 64 bits: a key's tag travels in `udata`, which is as wide as an address.

use std::env;

fn main() {
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let is_set = |name: &str| env::var_os(name).is_some();
    let os = variable("CARGO_CFG_TARGET_OS");
    let is_apple = variable("CARGO_CFG_TARGET_VENDOR") == "apple";
    let is_bsd = matches!(os.as_str(), "dragonfly" | "freebsd" | "netbsd" | "openbsd");

    let has_epoll = matches!(os.as_str(), "android" | "linux");
    let has_kqueue = (is_apple || is_bsd) && variable("CARGO_CFG_TARGET_POINTER_WIDTH") == "64";
    let has_devpoll = matches!(os.as_str(), "illumos" | "solaris");
    let emulates = |feature| os == "linux" && is_set(feature);

    let default = match () {
        () if has_epoll => "epoll",
        () if has_kqueue => "kqueue",
        () if has_devpoll => "devpoll",
        // Before Windows 10 version 2004, `WSAPoll` does not report that a connection attempt failed.
        () if is_set("CARGO_CFG_WINDOWS") => "select",
        () => "poll",
    };

    println!("cargo::rerun-if-changed=build.rs");
    for (name, has) in [
        ("epoll", has_epoll),
        ("kqueue", has_kqueue || emulates("CARGO_FEATURE_LIBKQUEUE")),
        ("devpoll", has_devpoll || emulates("CARGO_FEATURE_DEVPOLL_EMULATION")),
        // `poll` reports hang-ups and errors in addition to what was requested.
        (
            "poll_hang_ups",
            !(is_apple || is_set("CARGO_CFG_WINDOWS") || matches!(os.as_str(), "dragonfly" | "netbsd")),
        ),
        // EVFILT_EXCEPT.
        ("kqueue_except", is_apple || matches!(os.as_str(), "dragonfly" | "openbsd")),
    ] {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if has {
            println!("cargo::rustc-cfg={name}");
        }
    }
    println!("cargo::rustc-check-cfg=cfg(loom)"); // set by RUSTFLAGS, for tests/loom
    println!("cargo::rustc-check-cfg=cfg(default_backend, values(any()))");
    println!("cargo::rustc-cfg=default_backend=\"{default}\"");
}
