//! Benchmarks of waits: the same loops over our back ends, the bare system calls and other libraries. Linux only.
//!
//! A [`Subject`] waits for descriptors. A [`Workload`] is a loop that runs over any subject. Libraries in C and Python's
//! modules run the same loops in programs of their own (`peers/`). `cargo xtask bench` runs the programs of this package
//! and makes tables of their output.

#![cfg(target_os = "linux")]

pub use fixture::{allow_descriptors, eventfds};
pub use subject::{Interest, Subject};
pub use workload::{Cost, WARM, Workload};

pub mod allocations;
mod fixture;
pub mod measure;
pub mod peak;
pub mod shared;
mod subject;
pub mod subjects;
mod workload;
pub mod workloads;
