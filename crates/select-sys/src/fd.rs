//! The descriptor types that the signatures of this crate use, from the standard library.

pub use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
