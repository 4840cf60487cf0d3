//! The examples, run as programs: what they print, and that every byte comes back.

mod echo;
mod program;
mod servers;
mod sources;
