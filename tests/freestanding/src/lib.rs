//! What a Rust program needs of a C library, over the system calls of FreeBSD and NetBSD on x86-64.
//!
//! The conformance suite can be carried to such a system as one file. A file that takes its C library from there runs
//! only where there is one. This one, linked statically, needs a kernel and nothing else, and it measures what the
//! kernel does and not what a library makes of it. It has what the standard library and the suite call, and no more: a
//! function that is missing shows when the file is linked. Some are there for the linker alone and always fail:
//! resolving host names, for example.
//!
//! The names, and what they demand of their callers, are those of the manual pages. On other systems there is nothing
//! here.

#![no_std]
#![cfg_attr(
    all(any(target_os = "freebsd", target_os = "netbsd"), target_arch = "x86_64"),
    expect(unsafe_code, unsafe_op_in_unsafe_fn, reason = "these are functions of C, made of system calls"),
    allow(clippy::missing_safety_doc, reason = "a function demands what its manual page does")
)]

// The table of platforms.

#[cfg(all(target_os = "freebsd", target_arch = "x86_64"))]
#[path = "freebsd.rs"]
mod system;
#[cfg(all(target_os = "netbsd", target_arch = "x86_64"))]
#[path = "netbsd.rs"]
mod system;

#[cfg(all(any(target_os = "freebsd", target_os = "netbsd"), target_arch = "x86_64"))]
mod alike;
#[cfg(all(any(target_os = "freebsd", target_os = "netbsd"), target_arch = "x86_64"))]
mod call;
#[cfg(all(any(target_os = "freebsd", target_os = "netbsd"), target_arch = "x86_64"))]
mod folder;
#[cfg(all(any(target_os = "freebsd", target_os = "netbsd"), target_arch = "x86_64"))]
mod lock;
#[cfg(all(any(target_os = "freebsd", target_os = "netbsd"), target_arch = "x86_64"))]
mod memory;
#[cfg(all(any(target_os = "freebsd", target_os = "netbsd"), target_arch = "x86_64"))]
mod odds;
#[cfg(all(any(target_os = "freebsd", target_os = "netbsd"), target_arch = "x86_64"))]
mod process;
#[cfg(all(any(target_os = "freebsd", target_os = "netbsd"), target_arch = "x86_64"))]
mod start;
#[cfg(all(any(target_os = "freebsd", target_os = "netbsd"), target_arch = "x86_64"))]
mod thread;
#[cfg(all(any(target_os = "freebsd", target_os = "netbsd"), target_arch = "x86_64"))]
mod thread_data;
