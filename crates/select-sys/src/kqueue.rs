//! `kqueue(2)`: a queue in the kernel for many kinds of events, not only those of descriptors.
//!
//! A [`Kevent`] is both a change to the queue and an event from it: a descriptor can be read, a file was renamed, a process
//! exited, a signal arrived, a timer expired. [`Kqueue::control`] makes changes and waits for events.
//!
//! # Caveats
//!
//! * An entry belongs to the *number* of a descriptor and ends when that is closed, even while duplicates are open.
//! * Reading and writing are two entries of one descriptor, and two events.
//! * A forked child does not inherit a queue: see [`Kqueue`].
//! * Regular files are ready for reading while the position is not at their end, and not otherwise.
//! * Every change of an entry overwrites its `udata`. (On OpenBSD only [`Flags::ADD`] does.)
//!
//! # Portability
//!
//! FreeBSD, NetBSD, OpenBSD, `DragonFly`, macOS and Apple's other systems. The widths of the fields and many constants differ;
//! the types here are those of each system. On Linux, the feature `libkqueue` uses the library of that name, which emulates
//! the calls well enough for development; it reports errors differently from the BSDs.
//!
//! # References
//!
//! [kqueue(2)](https://man.freebsd.org/cgi/man.cgi?query=kqueue&sektion=2)

mod event;
mod flags;
mod notes;
mod queue;

pub use crate::sys::kqueue::{Data, Extension, FilterBits, FlagBits};
pub use event::Kevent;
pub use flags::{Filter, Flags};
pub use notes::Notes;
pub use queue::Kqueue;
