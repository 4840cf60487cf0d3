//! The selector: a registry of file objects over a back end.

use std::fmt;

use select_sys::fd::{AsFd, BorrowedFd};

use crate::backend::{AnyBackend, Backend, BackendKind};
use crate::error::Error;
use crate::keys::Keys;
use crate::map::Map;
use crate::operation::Operation;
use crate::waker::WakerSource;

use abandoned::Abandoned;

// In the order in which rustdoc shows their methods.
mod registration;

mod change;

mod many;

mod wait;

mod access;

mod parts;

mod abandoned;

/// A registry of file objects to wait for, each with its own data, over the back end `B`.
///
/// Use one of the aliases: [`DefaultSelector`](crate::DefaultSelector), or `EpollSelector`, `KqueueSelector`,
/// `DevpollSelector`, [`PollSelector`](crate::PollSelector), [`SelectSelector`](crate::SelectSelector), or
/// [`AnySelector`](crate::AnySelector) to choose at run time.
///
/// `F` is the type of the file objects: a stream, a reference to one, an `Arc`, a `BorrowedFd`, a `Box<dyn AsFd>`, your own
/// enum. The selector owns a file object until [`unregister`](Self::unregister) returns it, and lends it as `&F` or `&mut F`.
/// Each call borrows the descriptor from the object again, so the selector uses open descriptors only. `D` is the type of
/// the data of each file object.
///
/// [`register`](Self::register) returns a [`Token`](crate::Token), which identifies the registration. A parameter `which` takes
/// a token, a reference to a file object, or a descriptor, see [`Lookup`](crate::Lookup).
///
/// One thread uses a selector at a time. Others end its wait by a [`Waker`](crate::Waker), and threads that change
/// registrations while others wait use a [`SharedSelector`](crate::SharedSelector). The section "Several threads" of the
/// guide (`docs/guide.md` in the repository) compares the ways.
///
/// Dropping a selector closes it and drops the file objects and the data. [`into_keys`](Self::into_keys) closes it and
/// returns them.
///
/// # Examples
///
/// A server that greets each client:
///
/// ```
/// use selectors::{DefaultSelector, Interest};
/// use std::io::{Read, Write};
/// use std::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// listener.set_nonblocking(true)?;
/// let mut client = TcpStream::connect(listener.local_addr()?)?;
///
/// let mut selector = DefaultSelector::new()?;
/// selector.register(listener, Interest::READ, "hello")?;
/// for (token, readiness) in &selector.select(None)? {
///     let Some((listener, greeting)) = selector.parts(token) else { continue };
///     if readiness.is_readable() {
///         let Ok((mut stream, _)) = listener.accept() else { continue }; // the client may be gone
///         stream.write_all(greeting.as_bytes())?;
///     }
/// }
///
/// let mut greeting = String::new();
/// client.read_to_string(&mut greeting)?;
/// assert_eq!(greeting, "hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Portability
///
/// A selector over epoll or kqueue has a descriptor of its own, see [`AsFd`]: it is readable when a wait would return
/// something. To nest one selector in another, register a duplicate of that descriptor
/// (`selector.as_fd().try_clone_to_owned()`), and call `select` with a timeout of zero when it is ready.
///
/// On epoll a wait may replace the set under the descriptor, if `dup2` has put another file under a registered number while
/// the first file is open elsewhere. A selector that watches a duplicate still gets every event, and may get too many: register
/// a new duplicate.
#[doc(alias = "BaseSelector")]
#[doc(alias = "fileno")]
pub struct Selector<B, F, D = ()> {
    // The first field is dropped first: the kernel's set goes before the files in it are closed.
    backend: B,
    map: Map<F, D>,
    waker: Option<WakerSource>,
    abandoned: Abandoned,
}

impl<F: AsFd, D> Selector<AnyBackend, F, D> {
    /// Opens a back end of this kind. Ignores the environment variable `SELECTORS_BACKEND`.
    ///
    /// # Errors
    ///
    /// * [`Error::UnknownBackend`]: this platform, or the program as it was built, has none of this kind.
    /// * [`Error::Limit`]: no descriptors or memory left.
    /// * [`Error::Os`]: the back end does not work on this system.
    ///
    /// # Examples
    ///
    /// A selector over each back end in turn:
    ///
    /// ```
    /// use selectors::{AnySelector, BackendKind};
    /// use std::os::unix::net::UnixStream;
    ///
    /// for kind in BackendKind::available() {
    ///     let selector = AnySelector::<UnixStream>::open(kind)?;
    ///     println!("{kind}: {selector:?}");
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn open(kind: BackendKind) -> Result<Self, Error> {
        let backend = AnyBackend::open(kind);
        backend
            .map(Self::with_backend)
            .map_err(|error| Error::from_backend(Operation::Open, kind.name(), error))
    }

    /// Returns the kind of the back end.
    #[must_use]
    pub fn kind(&self) -> BackendKind {
        self.backend.kind()
    }
}

/// Lends the back end's own descriptor, which is readable when a wait would return something.
///
/// Use it only to wait for it in another selector. A program that waits *on* it, or registers with it (through
/// `sys::epoll::Epoll::from_fd` and a duplicate, for example), takes events from the selector or adds foreign ones.
///
/// # Panics
///
/// Panics for a kqueue in a forked child, which does not inherit it.
impl<B: AsFd, F, D> AsFd for Selector<B, F, D> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.backend.as_fd()
    }
}

impl<B: Backend, F, D: fmt::Debug> fmt::Debug for Selector<B, F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selector")
            .field("backend", &self.backend.name())
            .field("keys", &Keys::new(&self.map))
            .finish_non_exhaustive()
    }
}
