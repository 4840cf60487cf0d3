//! `/dev/poll`: a set of descriptors that the kernel keeps, level-triggered.
//!
//! There are two ways to use it:
//!
//! * An object that borrows its descriptors: [`DevPoll`].
//! * A set that outlives the borrow of its descriptors, to build a registry on: [`StoredFds`].
//!
//! Events are the flags of `poll(2)`, [`PollFlags`](crate::poll::PollFlags).
//!
//! # Caveats
//!
//! * Registering refuses nothing: the next wait writes all changes in one `write(2)`, and reports the errors.
//! * A set serves the process that first used it. In a forked child an inherited one fails with
//!   [`PermissionDenied`](std::io::ErrorKind::PermissionDenied); make a new one there.
//! * The set holds numbers. A descriptor that was closed by its number and not unregistered is reported as
//!   [`NVAL`](crate::poll::PollFlags::NVAL), in each wait. A new file with the same number may be watched instead, or not.
//! * A wait for the descriptor of the set itself reports [`ERR`](crate::poll::PollFlags::ERR).
//!
//! # Portability
//!
//! illumos and Solaris, where it is an old interface that newer releases of Solaris may drop. The feature
//! `devpoll-emulation` emulates it on Linux over `poll(2)`, to develop and test portable programs with. The emulation follows
//! the rules of the device, but costs what `poll(2)` costs, and a wait for more descriptors than the limit of the process
//! (`RLIMIT_NOFILE`) fails with `EINVAL`.
//!
//! # References
//!
//! [poll(4D)](https://illumos.org/man/4D/poll)

mod object;
mod set;
mod stored;

pub use object::{DevPoll, Ready};
pub use stored::{Borrowed, ReadyFds, StoredFds};
