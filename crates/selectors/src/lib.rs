//! Wait for many files at once: register what you own or borrow, wait, get typed keys back.
//!
//! A [`Selector`] keeps a map of file objects, each with data of yours, and waits until some of them are ready. It does
//! so over any kernel interface that the platform has: `EpollSelector`, `KqueueSelector`, `DevpollSelector`,
//! [`PollSelector`], [`SelectSelector`]; [`DefaultSelector`] is the one that serves best, [`AnySelector`] is chosen at run
//! time.
//!
//! * **Safe.** A selector owns what is registered, or borrows it for as long: no descriptor is waited for after it was
//!   closed. There is no `unsafe` in this crate, and none is asked of you.
//! * **Typed.** [`Token`]s name registrations and never come to name another one. Your data comes back as your type.
//! * **Level-triggered** unless you ask for edges or single shots: what was not read is reported again.
//! * **Nothing is lost.** A call that fails has changed nothing and gives back what it was handed. Closing a selector
//!   gives back everything.
//! * **Exact.** A wait takes nanoseconds where the kernel does, never ends early, and goes on after a signal.
//!
//! # Examples
//!
//! An echo server for as many clients as come, here for one:
//!
//! ```
//! use selectors::{DefaultSelector, Interest};
//! use std::io::{ErrorKind, Read, Write};
//! use std::net::{TcpListener, TcpStream};
//!
//! enum Peer {
//!     Listener(TcpListener),
//!     Client(TcpStream),
//! }
//!
//! impl std::os::fd::AsFd for Peer {
//!     fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
//!         match self {
//!             Self::Listener(listener) => listener.as_fd(),
//!             Self::Client(stream) => stream.as_fd(),
//!         }
//!     }
//! }
//!
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! listener.set_nonblocking(true)?;
//! let mut client = TcpStream::connect(listener.local_addr()?)?;
//! client.write_all(b"hello")?;
//! client.shutdown(std::net::Shutdown::Write)?;
//!
//! let mut selector = DefaultSelector::new()?;
//! selector.register(Peer::Listener(listener), Interest::READ, ())?;
//! let mut served = 0;
//! while served < 1 {
//!     for (token, _readiness) in &selector.select(None)? {
//!         match selector.fileobj(token) {
//!             Some(Peer::Listener(listener)) => {
//!                 let stream = match listener.accept() {
//!                     Ok((stream, _address)) => stream,
//!                     Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
//!                     Err(error) => return Err(error),
//!                 };
//!                 stream.set_nonblocking(false)?; // BSDs hand on what the listener is
//!                 selector.register(Peer::Client(stream), Interest::READ, ())?;
//!             }
//!             Some(Peer::Client(stream)) => {
//!                 let (mut stream, mut buffer) = (stream, [0; 1024]);
//!                 // A client that reads nothing makes this wait: the guide shows how to do without.
//!                 let echoed = stream.read(&mut buffer).and_then(|length| {
//!                     stream.write_all(&buffer[..length])?;
//!                     Ok(length)
//!                 });
//!                 if !matches!(echoed, Ok(1..)) {
//!                     selector.unregister(token)?; // it has left, or its connection broke
//!                     served += 1;
//!                 }
//!             }
//!             None => {} // unregistered since the wait
//!         }
//!     }
//! }
//!
//! let mut echo = String::new();
//! client.read_to_string(&mut echo)?;
//! assert_eq!(echo, "hello");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # The system calls themselves
//!
//! [`sys`] is the crate `select-sys`: the same interfaces without a registry. Depend on that crate alone when you want
//! nothing else.
//!
//! # Coming from Python
//!
//! | `selectors` module | here |
//! |---|---|
//! | `EVENT_READ`, `EVENT_WRITE` | [`Interest::READ`], [`Interest::WRITE`] to ask; [`Readiness::READ`], [`Readiness::WRITE`] in answers |
//! | `DefaultSelector()`, `EpollSelector()`, … | [`DefaultSelector::new`](Selector::new), `EpollSelector`, [`PollSelector`], [`SelectSelector`] |
//! | `BaseSelector` | [`Selector`] over any [`Backend`](backend::Backend) |
//! | `register(fileobj, events, data)` | [`register`](Selector::register) |
//! | `modify(fileobj, events, data)` | [`modify`](Selector::modify) for the events, [`data_mut`](Selector::data_mut) for the data |
//! | `unregister(fileobj)` | [`unregister`](Selector::unregister) |
//! | `select(timeout)` | [`select`](Selector::select), or [`select_into`](Selector::select_into) without allocation |
//! | `get_key(fileobj)`, `get_map()` | [`key`](Selector::key), [`keys`](Selector::keys) |
//! | `SelectorKey(fileobj, fd, events, data)` | [`Key`] while registered, [`SelectorKey`] when given back |
//! | `close()`, `with` | [`into_keys`](Selector::into_keys), drop |
//! | `fileno()` | [`AsFd`](sys::fd::AsFd) |
//!
//! # Portability
//!
//! Linux, Android, the BSDs, Apple's systems, illumos, Solaris, and Windows for sockets. So far this has been run on Linux,
//! and for Windows under Wine; for the others it compiles. Where there is `kqueue` the system must be one of 64 bits: the
//! name of a key has to fit into what the kernel carries. What the kernels tell about each kind of file is a table in the
//! repository (`docs/platforms.md`), made by running it.
//!
//! Threads: a selector can be moved to another thread when `F` and `D` can. It is used by one thread at a time;
//! [`Waker`] is for the others.
//!
//! Forking: on Linux a child shares the parent's epoll set: what it registers, modifies or unregisters with an inherited
//! `EpollSelector` changes the parent's. A child should make its own; dropping the inherited one is harmless.
//!
//! # Features
//!
//! None is on by default. Both add something to Linux alone, to develop and test portable programs with:
//!
//! * `libkqueue`: the `Kqueue` back end over the system's libkqueue.
//! * `devpoll-emulation`: the `Devpoll` back end over `poll(2)`, by the rules of `/dev/poll`.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod backend;
mod error;
mod file;
mod index;
mod interest;
pub mod keys;
mod map;
pub mod ready;
mod selector;
mod token;
mod waker;

#[doc(inline)]
pub use backend::BackendKind;
#[allow(unused_imports, unreachable_pub, reason = "Windows has no other back ends than the two below")]
pub use backend::aliases::*;
pub use error::{Error, Limit, Operation, Rejected};
pub use file::File;
pub use interest::{Interest, Mode};
#[doc(inline)]
pub use keys::{IntoKeys, Key, Keys, SelectorKey};
#[doc(inline)]
pub use ready::{Readiness, Ready};
pub use select_sys as sys;
pub use select_sys::Timeout;
pub use selector::Selector;
pub use token::{Lookup, Token};
pub use waker::Waker;

/// A [`Selector`] over the best back end of this platform: [`DefaultBackend`](backend::DefaultBackend).
pub type DefaultSelector<F, D = ()> = Selector<backend::DefaultBackend, F, D>;

/// A [`Selector`] over a back end chosen at run time, by the program or by `SELECTORS_BACKEND`.
pub type AnySelector<F, D = ()> = Selector<backend::AnyBackend, F, D>;

/// A [`Selector`] over `poll(2)`.
pub type PollSelector<F, D = ()> = Selector<backend::Poll, F, D>;

/// A [`Selector`] over `select(2)`.
pub type SelectSelector<F, D = ()> = Selector<backend::Select, F, D>;
