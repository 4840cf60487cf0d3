//! The examples, run as programs: what they print, and that every byte comes back.

// Some examples are for Unix alone: `std::os::fd`, SO_REUSEPORT.
#![cfg(unix)]

mod echo;
mod program;
mod servers;
mod sources;
