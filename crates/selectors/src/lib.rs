//! Wait for many files at once: register what you own or borrow, wait, get typed keys back.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod backend;
mod error;
mod file;
mod interest;
pub mod keys;
mod map;
pub mod ready;
mod selector;
mod token;
mod waker;

pub use backend::BackendKind;
pub use error::{Error, Limit, Operation, Rejected};
pub use file::File;
pub use interest::{Interest, Mode};
pub use keys::{IntoKeys, Key, Keys, SelectorKey};
pub use ready::{Readiness, Ready};
pub use select_sys as sys;
pub use select_sys::Timeout;
pub use selector::Selector;
pub use token::{Lookup, Token};
pub use waker::Waker;

/// A [`Selector`] over the best back end of this platform.
pub type DefaultSelector<F, D = ()> = Selector<backend::DefaultBackend, F, D>;

/// A [`Selector`] over a back end chosen at run time.
pub type AnySelector<F, D = ()> = Selector<backend::AnyBackend, F, D>;

/// A [`Selector`] over `select(2)`.
pub type SelectSelector<F, D = ()> = Selector<backend::Select, F, D>;

/// A [`Selector`] over `poll(2)`.
pub type PollSelector<F, D = ()> = Selector<backend::Poll, F, D>;

/// A [`Selector`] over `epoll(7)`.
pub type EpollSelector<F, D = ()> = Selector<backend::Epoll, F, D>;
