//! Back ends: the trait that a [`Selector`](crate::Selector) uses, and its implementations for this platform.
//!
//! [`Backend`] is public, so that a selector can have a back end of your own: a wrapper that counts or traces, a simulation
//! for tests, another kernel interface.
//!
//! # Examples
//!
//! A back end that wraps another one and counts the calls:
//!
//! ```
//! use selectors::backend::{Backend, Poll, Source, Tag};
//! use selectors::{Interest, Mode, Readiness, Selector, Timeout};
//! use std::io;
//! use std::os::unix::net::UnixStream;
//!
//! struct Counting<B> {
//!     inner: B,
//!     changes: u32,
//!     waits: u32,
//! }
//!
//! impl<B: Backend> Backend for Counting<B> {
//!     fn new() -> io::Result<Self> {
//!         Ok(Self { inner: B::new()?, changes: 0, waits: 0 })
//!     }
//!     fn name(&self) -> &'static str {
//!         self.inner.name()
//!     }
//!     fn supports(&self, interest: Interest, mode: Mode) -> bool {
//!         self.inner.supports(interest, mode)
//!     }
//!     fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
//!         self.changes += 1;
//!         self.inner.add(source)
//!     }
//!     fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
//!         self.changes += 1;
//!         self.inner.modify(from, to)
//!     }
//!     fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
//!         self.changes += 1;
//!         self.inner.remove(source)
//!     }
//!     fn wait<'fd>(
//!         &mut self,
//!         armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
//!         timeout: Timeout,
//!         report: impl FnMut(Tag, Readiness),
//!     ) -> io::Result<()> {
//!         self.waits += 1;
//!         self.inner.wait(armed, timeout, report)
//!     }
//! }
//!
//! let (a, _b) = UnixStream::pair()?;
//! let mut selector = Selector::<Counting<Poll>, UnixStream>::new()?;
//! let token = selector.register(a, Interest::WRITE, ())?;
//! assert_eq!(selector.select(None)?.len(), 1);
//! selector.modify(token, Interest::WRITE)?; // no change, so no call
//! assert_eq!((selector.backend().changes, selector.backend().waits), (1, 1));
//! # Ok::<(), std::io::Error>(())
//! ```

#[cfg(not(all(devpoll, epoll, kqueue)))]
mod absent;
#[cfg(any(epoll, kqueue))]
mod always_ready;
mod any;
mod convert;
#[cfg(devpoll)]
mod devpoll;
#[cfg(epoll)]
mod epoll;
mod events;
mod interface;
mod kind;
#[cfg(kqueue)]
mod kqueue;
mod poll;
mod select;
mod waiter;

pub use any::AnyBackend;
#[cfg(devpoll)]
pub use devpoll::Devpoll;
#[cfg(epoll)]
pub use epoll::Epoll;
pub use events::Events;
pub use interface::{Backend, Source, Wake};
pub use kind::BackendKind;
#[cfg(kqueue)]
pub use kqueue::Kqueue;
pub use poll::Poll;
pub use select::Select;
pub use waiter::{Wait, Waiter};

pub use crate::token::Tag;

#[cfg(default_backend = "devpoll")]
use Devpoll as Best;
#[cfg(default_backend = "epoll")]
use Epoll as Best;
#[cfg(default_backend = "kqueue")]
use Kqueue as Best;
#[cfg(default_backend = "poll")]
use Poll as Best;
#[cfg(default_backend = "select")]
use Select as Best;

/// The best back end of this platform for most programs.
///
/// `Epoll` on Linux and Android, `Kqueue` on 64-bit BSDs and Apple's systems, `Devpoll` on illumos and Solaris, [`Poll`] on
/// any other Unix: the order of Python's `DefaultSelector`. On Windows it is [`Select`], as in Python: [`Poll`] (`WSAPoll`)
/// does not report a failed connection attempt before Windows 10 version 2004, and reports a peer that half-closed as one
/// that hung up.
///
/// It is chosen at compile time. [`AnyBackend`] chooses at run time.
pub type DefaultBackend = Best;
