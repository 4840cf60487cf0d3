//! The descriptor types in the signatures of this crate.
//!
//! On Unix they are those of the standard library.
//!
//! # Portability
//!
//! Windows can wait for sockets only. There these names stand for the socket types and traits of the standard library:
//! [`BorrowedFd`] is a `BorrowedSocket`, [`RawFd`] a `RawSocket`, and every type that implements `AsSocket` implements
//! [`AsFd`]. To make your own type usable, implement `AsSocket`. Sockets of several types go into a `Box<dyn AsFd>`.

pub use crate::sys::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

pub(crate) use crate::sys::fd::number;
