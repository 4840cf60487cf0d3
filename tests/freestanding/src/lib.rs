//! The functions of the C library that a Rust program needs, over the system calls of FreeBSD, NetBSD and OpenBSD on x86-64.
//!
//! With this crate the conformance suite is one static file that can be carried to such a system and needs only its
//! kernel. It also measures the kernel itself, not its C library.
//!
//! The crate has only the functions that the standard library and the suite call. A missing function shows when the file
//! is linked. Some functions exist for the linker only and always fail, such as those that resolve host names. Names and
//! requirements are those of the manual pages.
//!
//! On other systems the crate is empty.

#![no_std]
#![cfg(all(any(target_os = "freebsd", target_os = "netbsd", target_os = "openbsd"), target_arch = "x86_64"))]
#![expect(unsafe_code, unsafe_op_in_unsafe_fn, reason = "these are functions of C, made of system calls")]
#![allow(clippy::missing_safety_doc, reason = "the manual page of a function states its requirements")]

mod call;
mod common;
mod folder;
mod lock;
mod memory;
mod process;
mod start;
mod stubs;
mod system;
mod thread;
mod thread_data;
