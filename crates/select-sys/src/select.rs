//! `select(2)`: one call with a bit for each descriptor.
//!
//! There are two ways to use it:
//!
//! * The call itself over your own sets: [`select`](select()), [`FdSet`].
//! * Sets that outlive the borrow of their descriptors, to build a registry on: [`StoredFds`].
//!
//! The first borrows the descriptors. A program that owns its connections in a map cannot store an `FdSet` with the map;
//! it uses the second, or the registry of the `selectors` crate.
//!
//! # Caveats
//!
//! * Each call examines every number up to the highest in a set, so its cost grows with that number.
//! * A hang-up makes a descriptor readable, an error makes it readable and writable. `select` cannot tell them from data, and
//!   does not report them in other sets.
//!
//! # Portability
//!
//! POSIX.1-2024. The limit `FD_SETSIZE` (1024) does not apply here: the sets grow with the numbers, and kernels accept sets of
//! any size. (The C library of illumos refuses numbers from 65,536 up.) Regular files are always ready for reading and
//! writing.
//!
//! Apple's systems report the read end of a pipe as writable, and a file that is always ready in `except` too.
//!
//! Windows can wait for sockets only. There a set is a list of any length, and the cost grows with the length. A
//! connection attempt that failed is reported in `except`, and in no other set.
//!
//! # References
//!
//! [select(2)](https://man7.org/linux/man-pages/man2/select.2.html)

mod call;
mod set;
mod stored;

pub use call::select;
pub use set::{FdSet, Iter};
pub use stored::{Borrowed, ReadyFds, SetFlags, StoredFds};
