//! Unix: every kind of file, signals, and limits of a process.

pub mod errno;
pub(crate) mod files;
pub(crate) mod fork;
pub(crate) mod group;
pub(crate) mod limits;
pub mod signals;
pub mod stdin;
