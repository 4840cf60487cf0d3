//! `poll(2)`: one call with a list of descriptors.
//!
//! There are three ways to use it:
//!
//! * The call itself over your own list: [`poll`](poll()), [`PollFd`].
//! * An object that keeps the list: [`Poll`].
//! * A list that outlives the borrow of its descriptors, to build a registry on: [`StoredFds`].
//!
//! The first two borrow the descriptors. A program that owns its connections in a map cannot store these types
//! with the map; it uses the third, or the registry of the `selectors` crate.
//!
//! # Caveats
//!
//! * [`ERR`](PollFlags::ERR), [`HUP`](PollFlags::HUP) and [`NVAL`](PollFlags::NVAL) are always reported, even for a
//!   descriptor that is watched for nothing.
//! * Each call examines every descriptor in the list, so its cost grows with the length of the list.
//!
//! # Portability
//!
//! POSIX.1-2024. Regular files are always ready. Linux accepts lists up to the limit of open descriptors
//! (`RLIMIT_NOFILE`), and fails with `EINVAL` beyond.
//!
//! On Apple's systems the call is built on kqueue, and differs from that of other systems:
//!
//! * [`HUP`](PollFlags::HUP) and [`ERR`](PollFlags::ERR) are not reported for an entry that requests nothing.
//! * `HUP` means that either direction has ended, so a peer that half-closed is reported as `HUP` without
//!   [`OUT`](PollFlags::OUT) if both were requested.
//! * [`PRI`](PollFlags::PRI) does not report urgent data.
//! * Of several entries with the same descriptor and the same event, only the last is answered.
//! * Directories and most devices, `/dev/null` and `/dev/tty` among them, are [`NVAL`](PollFlags::NVAL).
//! * The end of a named pipe is not reported.
//!
//! On Windows this is `WSAPoll`, which waits for sockets only. An entry can request [`IN`](PollFlags::IN),
//! [`RDNORM`](PollFlags::RDNORM), [`RDBAND`](PollFlags::RDBAND) (urgent data), [`OUT`](PollFlags::OUT) and
//! [`WRNORM`](PollFlags::WRNORM), where `IN` is the two `RD` ones together. With any other event, including
//! [`PRI`](PollFlags::PRI) and [`HUP`](PollFlags::HUP), the call fails with `WSAEINVAL`. Before Windows 10 version 2004
//! it does not report that a connection attempt failed. It reports `HUP` when the peer has only shut down its sending side.
//!
//! # References
//!
//! [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html)

mod call;
mod flags;
mod object;
mod stored;

pub use call::{PollFd, poll};
pub use flags::PollFlags;
pub use object::{Poll, Ready};
pub use stored::StoredFds;
