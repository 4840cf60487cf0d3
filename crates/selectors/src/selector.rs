//! The registry: everything that the back ends share.

use std::fmt;
use std::io;

use crate::backend::{AnyBackend, Backend, BackendKind, Source};
use crate::keys::{Keys, SelectorKey};
use crate::map::{Map, Slot, State};
use crate::sys::fd::{AsFd, AsRawFd, BorrowedFd};
use crate::token::Tag;
use crate::waker::WakerSource;
use crate::{Error, Interest, Limit, Lookup, Mode, Operation, Rejected, Token};

mod access;
mod change;
mod wait;

/// A registry of file objects to wait for, each with data of yours, over the back end `B`.
///
/// Use one of the aliases: [`DefaultSelector`](crate::DefaultSelector), or [`EpollSelector`](crate::EpollSelector),
/// [`PollSelector`](crate::PollSelector), [`SelectSelector`](crate::SelectSelector), or
/// [`AnySelector`](crate::AnySelector) to choose at run time.
///
/// `F` is what is registered: a stream, a reference to one, an `Arc`, a `BorrowedFd`, a `Box<dyn AsFd>`, an enum of
/// yours. The selector owns it and lends it as `&F` until [`unregister`](Self::unregister) gives it back, so a
/// descriptor is open for as long as it is waited for. `D` is the data that goes with each.
///
/// A registration is named by the [`Token`] that [`register`](Self::register) returns; wherever a method takes `which`,
/// the file object (or its descriptor) will do as well, see [`Lookup`].
///
/// Dropping a selector closes it and drops what is registered; [`into_keys`](Self::into_keys) closes it and gives
/// everything back.
///
/// # Examples
///
/// Greet whoever connects:
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
///         let (mut stream, _) = listener.accept()?;
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
/// A selector over a back end with a descriptor of its own (epoll) has it too, through [`AsFd`]: it is readable when a
/// wait would find something. To wait for one selector in another, register a duplicate of that descriptor
/// (`selector.as_fd().try_clone_to_owned()`), and `select` with no time when it is ready.
#[doc(alias = "BaseSelector")]
#[doc(alias = "fileno")]
pub struct Selector<B, F, D = ()> {
    // First, so that it is dropped first: a kernel's set is gone before the files in it are closed.
    backend: B,
    map: Map<F, D>,
    waker: Option<WakerSource>,
}

impl<B: Backend, F: AsFd, D> Selector<B, F, D> {
    /// Opens the back end. Nothing is registered.
    ///
    /// # Errors
    ///
    /// * [`Error::Limit`]: no descriptors or memory left.
    /// * [`Error::UnknownBackend`]: for [`AnySelector`](crate::AnySelector), the environment variable
    ///   `SELECTORS_BACKEND` names none of this platform.
    /// * [`Error::Os`]: the back end does not work on this system.
    pub fn new() -> Result<Self, Error> {
        match B::new() {
            Ok(backend) => Ok(Self::with_backend(backend)),
            Err(error) => Err(Error::new(Operation::Open, "", error)),
        }
    }

    /// A selector over a back end that is open already, and watches nothing yet.
    ///
    /// # Examples
    ///
    /// A back end that needs no opening:
    ///
    /// ```
    /// use selectors::backend::Poll;
    /// use selectors::{Interest, Selector};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = Selector::with_backend(Poll::default());
    /// selector.register(a, Interest::WRITE, ())?;
    /// assert_eq!(selector.select(None)?.len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_backend(backend: B) -> Self {
        Self { backend, map: Map::new(), waker: None }
    }

    /// Registers a file object, level-triggered, with data of yours.
    ///
    /// Reads and writes may block even so: on Linux a socket can be reported ready and then have nothing (select(2),
    /// BUGS). Set file objects to non-blocking, and take [`WouldBlock`](io::ErrorKind::WouldBlock) for "not yet".
    ///
    /// # Errors
    ///
    /// The file object and the data come back in the [`Rejected`]; nothing has changed.
    ///
    /// * [`Error::InvalidInterest`]: the interest is empty or has unknown bits.
    /// * [`Error::AlreadyRegistered`]: its descriptor is registered, perhaps through another object.
    /// * [`Error::Unsupported`]: the back end cannot wait for this interest.
    /// * [`Error::UnsupportedFile`]: the back end cannot wait for this kind of file, such as a regular file on epoll.
    /// * [`Error::Limit`]: no watches or memory left.
    /// * [`Error::Os`]: anything else that the system says, such as `EBADF` from epoll for a file opened with `O_PATH`.
    ///
    /// # Examples
    ///
    /// Owned, shared and borrowed file objects:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    /// use std::sync::Arc;
    ///
    /// let (a, b) = UnixStream::pair()?;
    ///
    /// let mut borrowing = DefaultSelector::new()?;
    /// borrowing.register(&a, Interest::READ, "a")?;
    /// borrowing.register(&b, Interest::READ, "b")?;
    /// drop(borrowing);
    ///
    /// let shared = Arc::new(a);
    /// let mut sharing = DefaultSelector::new()?;
    /// sharing.register(Arc::clone(&shared), Interest::READ | Interest::WRITE, ())?;
    ///
    /// let mut owning = DefaultSelector::new()?;
    /// owning.register(b, Interest::READ, ())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "EPOLL_CTL_ADD")]
    pub fn register(&mut self, fileobj: F, interest: Interest, data: D) -> Result<Token, Rejected<F, D>> {
        self.register_with(fileobj, interest, Mode::Level, data)
    }

    /// Registers a file object with a [`Mode`].
    ///
    /// In every mode, what is ready at this moment is reported.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register), and [`Error::Unsupported`] for a mode that the back end cannot do.
    ///
    /// # Examples
    ///
    /// One-shot: reported once, then not until it is armed again:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest, Mode};
    /// use std::os::unix::net::UnixStream;
    /// use std::time::Duration;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register_with(a, Interest::WRITE, Mode::Oneshot, ())?;
    /// assert_eq!(selector.select(Duration::ZERO)?.len(), 1);
    /// assert_eq!(selector.select(Duration::ZERO)?.len(), 0);
    /// selector.rearm(token)?;
    /// assert_eq!(selector.select(Duration::ZERO)?.len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn register_with(
        &mut self,
        fileobj: F,
        interest: Interest,
        mode: Mode,
        data: D,
    ) -> Result<Token, Rejected<F, D>> {
        match self.admit(&fileobj, interest, mode) {
            Ok((fd, generation)) => {
                let state = State::Armed;
                Ok(self.map.insert(Slot { fileobj, fd, generation, place: 0, interest, mode, state }, data))
            }
            Err(error) => Err(Rejected::new(error, fileobj, data)),
        }
    }

    /// Everything about registering that can fail.
    fn admit(
        &mut self,
        fileobj: &F,
        interest: Interest,
        mode: Mode,
    ) -> Result<(i32, std::num::NonZeroU32), Error> {
        self.check(interest, mode)?;
        // Once: a second call may lend another descriptor.
        let fd = fileobj.as_fd();
        let number = fd.as_raw_fd();
        if let Some((slot, entry)) =
            self.map.find(Err(number)).and_then(|slot| Some((slot, self.map.get(slot)?)))
        {
            return Err(Error::AlreadyRegistered { fd: number, token: self.map.token(slot, entry) });
        }
        let (slot, generation) = self.map.vacancy().ok_or_else(|| {
            let source = io::ErrorKind::OutOfMemory.into();
            Error::Limit { limit: Limit::Memory, during: Operation::Register, source }
        })?;
        let source = Source::new(fd, Tag::new(slot, generation), interest, mode);
        match self.backend.add(&source) {
            Ok(()) => Ok((number, generation)),
            Err(error) => Err(Error::new(Operation::Register, self.backend.name(), error)),
        }
    }

    /// Ends a registration, and gives the file object and the data back.
    ///
    /// From then on no wait reports it. The list of an earlier wait may still hold its token, which finds nothing.
    ///
    /// # Errors
    ///
    /// The registration is as it was.
    ///
    /// * [`Error::NotRegistered`]: `which` names no registration.
    /// * [`Error::InvalidFd`]: the file object lends another descriptor than before.
    /// * [`Error::Os`]: what the system says. That the system does not know the descriptor (any more) is no error.
    ///
    /// # Examples
    ///
    /// Both connections are ready, and closed before anyone looks at the list:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let tokens = [selector.register(a, Interest::WRITE, ())?, selector.register(b, Interest::WRITE, ())?];
    /// let ready = selector.select(None)?;
    /// for token in tokens {
    ///     let key = selector.unregister(token)?;
    ///     drop(key.fileobj); // closes the connection
    /// }
    /// assert_eq!(ready.len(), 2);
    /// assert!(ready.iter().all(|(token, _)| selector.key(token).is_none()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "EPOLL_CTL_DEL")]
    pub fn unregister(&mut self, which: impl Lookup) -> Result<SelectorKey<F, D>, Error> {
        let slot = self.find(which)?;
        self.withdraw(slot)?;
        let (entry, data) = self.map.remove(slot).ok_or(Error::NotRegistered)?;
        Ok(SelectorKey::new(self.map.token(slot, &entry), entry, data))
    }

    /// Makes the back end forget a key, unless it has.
    fn withdraw(&mut self, slot: u32) -> Result<(), Error> {
        let entry = self.map.get(slot).ok_or(Error::NotRegistered)?;
        if entry.state == State::Paused {
            return Ok(());
        }
        let source = Source::new(
            lend(self.map.token(slot, entry), entry)?,
            entry.tag(slot),
            entry.interest,
            entry.mode,
        );
        self.backend
            .remove(&source)
            .map_err(|error| Error::new(Operation::Unregister, self.backend.name(), error))
    }

    fn check(&self, interest: Interest, mode: Mode) -> Result<(), Error> {
        if !interest.is_valid() {
            return Err(Error::InvalidInterest(interest));
        }
        if !self.backend.supports(interest, mode) {
            return Err(Error::Unsupported { backend: self.backend.name(), interest, mode });
        }
        Ok(())
    }

    fn find(&self, which: impl Lookup) -> Result<u32, Error> {
        self.map.find(which.name()).ok_or(Error::NotRegistered)
    }

    fn entry(&self, slot: u32) -> Result<&Slot<F>, Error> {
        self.map.get(slot).ok_or(Error::NotRegistered)
    }
}

/// The descriptor that a registered file object lends, if it is still that which it was registered with.
///
/// Called once for an operation, because a second call may give another answer.
fn lend<F: AsFd>(token: Token, entry: &Slot<F>) -> Result<BorrowedFd<'_>, Error> {
    let fd = entry.fileobj.as_fd();
    match fd.as_raw_fd() {
        lent if lent == entry.fd => Ok(fd),
        lent => Err(Error::InvalidFd { token, registered: entry.fd, lent }),
    }
}

impl<F: AsFd, D> Selector<AnyBackend, F, D> {
    /// Opens a back end of this kind, whatever the environment says.
    ///
    /// # Errors
    ///
    /// * [`Error::Limit`]: no descriptors or memory left.
    /// * [`Error::Os`]: the back end does not work on this system.
    ///
    /// # Examples
    ///
    /// A program that lets its users choose:
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
        match AnyBackend::open(kind) {
            Ok(backend) => Ok(Self::with_backend(backend)),
            Err(error) => Err(Error::new(Operation::Open, kind.name(), error)),
        }
    }

    /// Which kind of back end this selector has.
    #[must_use]
    pub fn kind(&self) -> BackendKind {
        self.backend.kind()
    }
}

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
