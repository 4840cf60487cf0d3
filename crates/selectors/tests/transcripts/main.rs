//! Runs the examples as programs: checks their output, and that the echo servers return every byte.

// Some examples need Unix: `std::os::fd`, SO_REUSEPORT.
#![cfg(unix)]

mod echo;
mod http;
mod program;
mod servers;
mod sources;
