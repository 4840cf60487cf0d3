//! The table of platforms: names each group of systems once, as a `cfg` that the crate uses.
//!
//! A system that is in no group is an unknown Unix: it gets `select` and `poll` by the calls of POSIX.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");

    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let feature = |name: &str| env::var_os(format!("CARGO_FEATURE_{name}")).is_some();
    let (system, vendor) = (target("OS"), target("VENDOR"));
    let any = |systems: &[&str]| systems.contains(&system.as_str());

    let linux_like = any(&["android", "linux"]);
    let solarish = any(&["illumos", "solaris"]);
    let apple = vendor == "apple";
    let bsd = any(&["dragonfly", "freebsd", "netbsd", "openbsd"]);
    // Emulations, for development on Linux.
    let libkqueue = any(&["linux"]) && feature("LIBKQUEUE");
    let devpoll_emulation = any(&["linux"]) && feature("DEVPOLL_EMULATION");

    let groups = [
        ("linux_like", linux_like),
        ("solarish", solarish),
        ("apple", apple),
        ("known_unix", linux_like || solarish || apple || bsd),
        ("libkqueue", libkqueue),
        ("devpoll_emulation", devpoll_emulation),
        // The interfaces of the kernel.
        ("epoll", linux_like),
        ("devpoll", solarish || devpoll_emulation),
        ("kqueue", bsd || apple || libkqueue),
        // `poll` with nanoseconds, as far as libc 0.2 has it.
        ("ppoll", linux_like || bsd),
        // `POLLRDHUP`.
        ("poll_rdhup", linux_like || any(&["freebsd", "illumos"])),
        // A word of `fd_set` has 32 bits. Elsewhere it is a `long`.
        ("fd_set_u32", apple || any(&["haiku", "netbsd", "openbsd"])),
        // Filters and notes of kqueue that some of its systems have.
        ("kqueue_except", apple || any(&["dragonfly", "openbsd"])),
        ("kqueue_lio", libkqueue || any(&["freebsd"])),
        ("kqueue_timer_notes", !any(&["dragonfly", "openbsd"])),
        ("kqueue_netbsd_freebsd", any(&["freebsd", "netbsd"])),
    ];
    for (name, member) in groups {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if member {
            println!("cargo::rustc-cfg={name}");
        }
    }
}
