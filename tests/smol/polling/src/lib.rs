//! The API of [polling 3](https://docs.rs/polling/3) on Unix, over [`selectors::SharedSelector`].
//!
//! A program that depends on polling, or on smol, async-io or another crate above it, runs on the selectors with
//! `[patch.crates-io] polling = { path = "..." }`. The environment variable `SELECTORS_BACKEND` chooses the back end.
//!
//! Differences from polling:
//!
//! * The capacity of [`Events`] is no limit: a wait returns all that is ready.
//! * [`Event::none`] hears of nothing. With polling on epoll it hears of a hang-up; use [`Event::with_interrupt`].
//! * Edge-triggered modes exist on epoll and kqueue only, as [`Poller::supports_edge`] says.
//! * There is no `os::kqueue`: no signals, processes and timers.

#![deny(unsafe_code)]

mod event;
mod events;
pub mod os;
mod poller;
mod source;

pub use event::{Event, PollMode};
pub use events::Events;
pub use poller::Poller;
pub use source::{AsRawSource, AsSource};
