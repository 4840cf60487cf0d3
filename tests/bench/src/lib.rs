//! What a wait costs: the same loops over the back ends, the bare system calls, and other libraries. Linux only.
//!
//! A [`Subject`] is something that can wait for descriptors; a [`Workload`] is a loop over any subject.
//! Libraries in C and Python's modules are in programs of their own (`peers/`), which have the same loops. `cargo xtask bench`
//! runs the programs of this package and makes tables and plots of what they print.

#![cfg(target_os = "linux")]

pub use subject::{Interest, Subject};
pub use workload::{Cost, WARM, Workload};

pub mod allocations;
mod fixture;
mod subject;
pub mod subjects;
mod workload;
pub mod workloads;

pub use fixture::{allow_descriptors, eventfds};
