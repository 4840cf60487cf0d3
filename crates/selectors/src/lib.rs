//! Wait for many sockets, pipes and other descriptors at once: register file objects, wait, get typed keys.
//!
//! A [`Selector`] keeps a map of file objects that you own or borrow, each with your own data, and waits until some of them
//! are ready. It uses any kernel interface that the platform has: `EpollSelector`, `KqueueSelector`, `DevpollSelector`,
//! [`PollSelector`], [`SelectSelector`]. [`DefaultSelector`] is the best one for most programs; [`AnySelector`] is chosen at
//! run time.
//!
//! * **Safe.** A selector owns a file object, or borrows it, while it is registered: it never waits for a closed
//!   descriptor. This crate contains no `unsafe` and requires none.
//! * **Typed.** A [`Token`] identifies a registration and is never reused. Your data keeps its type.
//! * **Level-triggered** unless you ask for edges or one-shot keys: unread data is reported again.
//! * **Nothing is lost.** A failed call changes nothing and returns its arguments. Closing a selector returns every file
//!   object.
//! * **Exact.** A timeout has nanoseconds where the kernel has them, never elapses early, and survives signals.
//!
//! # Examples
//!
//! An echo server, here for one client:
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
//!         match selector.fileobj_mut(token) {
//!             Some(Peer::Listener(listener)) => {
//!                 let stream = match listener.accept() {
//!                     Ok((stream, _address)) => stream,
//!                     Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
//!                     Err(error) => return Err(error),
//!                 };
//!                 stream.set_nonblocking(false)?; // on BSDs it inherits the mode of the listener
//!                 selector.register(Peer::Client(stream), Interest::READ, ())?;
//!             }
//!             Some(Peer::Client(stream)) => {
//!                 let mut buffer = [0; 1024];
//!                 // This blocks while a client reads nothing. The guide shows how to avoid that.
//!                 let echoed = stream.read(&mut buffer).and_then(|length| {
//!                     stream.write_all(&buffer[..length])?;
//!                     Ok(length)
//!                 });
//!                 if !matches!(echoed, Ok(1..)) {
//!                     selector.unregister(token)?; // it closed the connection, or the connection broke
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
//! [`sys`] is the crate `select-sys`: the same interfaces without a registry. Depend on that crate alone if you need
//! nothing else.
//!
//! # Coming from Python
//!
//! | `selectors` module | here |
//! |---|---|
//! | `EVENT_READ`, `EVENT_WRITE` | [`Interest::READ`], [`Interest::WRITE`] to request; [`Readiness::READ`], [`Readiness::WRITE`] in results |
//! | `DefaultSelector()`, `EpollSelector()`, … | [`DefaultSelector::new`](Selector::new), `EpollSelector`, [`PollSelector`], [`SelectSelector`] |
//! | `BaseSelector` | [`Selector`] over any [`Backend`](backend::Backend) |
//! | `register(fileobj, events, data)` | [`register`](Selector::register) |
//! | `modify(fileobj, events, data)` | [`modify`](Selector::modify) for the events, [`data_mut`](Selector::data_mut) for the data |
//! | `unregister(fileobj)` | [`unregister`](Selector::unregister) |
//! | `select(timeout)` | [`select`](Selector::select), or [`select_into`](Selector::select_into) without allocation |
//! | `get_key(fileobj)`, `get_map()` | [`key`](Selector::key), [`keys`](Selector::keys) |
//! | `SelectorKey(fileobj, fd, events, data)` | [`Key`] while registered, [`SelectorKey`] afterwards |
//! | `close()`, `with` | [`into_keys`](Selector::into_keys), drop |
//! | `fileno()` | [`AsFd`](sys::fd::AsFd) |
//!
//! # Portability
//!
//! Linux, Android, the BSDs, Apple's systems, illumos, Solaris, and Windows (sockets only). The test suite has been run on
//! Linux, on FreeBSD 14.2, NetBSD 10.99 and OpenBSD 7.3 (in QEMU), and for Windows under Wine. For the other systems the
//! crate has only been compiled. On 32-bit BSDs the default back end is [`Poll`](backend::Poll), because a [`Tag`](backend::Tag)
//! does not fit into a 32-bit `udata`. `docs/platforms.md` in the repository shows what each kernel reports for each kind of
//! file.
//!
//! Threads: a selector can be sent to another thread if `F` and `D` can. One thread uses it at a time; the others use a
//! [`Waker`]. Many threads can use a [`SharedSelector`].
//!
//! Forking: on Linux a child shares the epoll set of its parent. If it registers, modifies or unregisters with an inherited
//! `EpollSelector`, it changes the parent's set. A child must make its own selector; dropping the inherited one is harmless.
//!
//! # Features
//!
//! None is enabled by default. Both are for developing and testing portable programs on Linux:
//!
//! * `libkqueue`: the `Kqueue` back end over the system's libkqueue.
//! * `devpoll-emulation`: the `Devpoll` back end over `poll(2)`, by the rules of `/dev/poll`.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod backend;
mod error;
mod fd_index;
mod fd_io;
mod interest;
pub mod keys;
mod map;
mod operation;
mod os;
mod readiness;
pub mod ready;
mod rejected;
mod selector;
mod serials;
mod shared;
mod sync;
mod token;
mod waker;

#[doc(inline)]
pub use backend::BackendKind;
pub use error::{Error, FailedKey};
pub use fd_io::FdIo;
pub use interest::{Interest, Mode};
#[doc(inline)]
pub use keys::{IntoKeys, Key, Keys, SelectorKey};
pub use operation::{Limit, Operation};
pub use readiness::Readiness;
#[doc(inline)]
pub use ready::Ready;
pub use rejected::Rejected;
pub use select_sys as sys;
pub use select_sys::Timeout;
pub use selector::Selector;
pub use shared::SharedSelector;
pub use token::{Lookup, LookupKey, Token};
pub use waker::Waker;

/// A [`Selector`] over the best back end of this platform, [`DefaultBackend`](backend::DefaultBackend).
pub type DefaultSelector<F, D = ()> = Selector<backend::DefaultBackend, F, D>;

/// A [`Selector`] over a back end that the program or the environment variable `SELECTORS_BACKEND` chooses at run time.
pub type AnySelector<F, D = ()> = Selector<backend::AnyBackend, F, D>;

/// A [`SharedSelector`] over the best back end of this platform, [`DefaultBackend`](backend::DefaultBackend).
pub type DefaultSharedSelector<F, D = ()> = SharedSelector<backend::DefaultBackend, F, D>;

/// A [`SharedSelector`] over a back end that is chosen at run time, as that of an [`AnySelector`].
pub type AnySharedSelector<F, D = ()> = SharedSelector<backend::AnyBackend, F, D>;

/// A [`Selector`] over `select(2)`.
pub type SelectSelector<F, D = ()> = Selector<backend::Select, F, D>;

/// A [`Selector`] over `poll(2)`.
pub type PollSelector<F, D = ()> = Selector<backend::Poll, F, D>;

/// A [`Selector`] over `epoll(7)`.
#[cfg(epoll)]
pub type EpollSelector<F, D = ()> = Selector<backend::Epoll, F, D>;

/// A [`Selector`] over `/dev/poll`.
#[cfg(devpoll)]
pub type DevpollSelector<F, D = ()> = Selector<backend::Devpoll, F, D>;

/// A [`Selector`] over `kqueue(2)`.
#[cfg(kqueue)]
pub type KqueueSelector<F, D = ()> = Selector<backend::Kqueue, F, D>;
