//! The registry: everything that the back ends share.

use std::fmt;
use std::io;

use rustix::io::Errno;

use crate::backend::{AnyBackend, Backend, BackendKind, Source};
use crate::keys::Keys;
use crate::map::{Map, Slot, State};
use crate::sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use crate::token::{SelectorId, Tag};
use crate::waker::WakerSource;
use crate::{Error, Interest, Limit, Lookup, Mode, Operation, Token};

// In the order in which their methods are documented.
mod register;

mod change;

mod wait;

mod access;

/// A registry of file objects to wait for, each with data of yours, over the back end `B`.
///
/// Use one of the aliases: [`DefaultSelector`](crate::DefaultSelector), or `EpollSelector`, `KqueueSelector`,
/// `DevpollSelector`, [`PollSelector`](crate::PollSelector), [`SelectSelector`](crate::SelectSelector), or
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
///         let Ok((mut stream, _)) = listener.accept() else { continue }; // who connected may be gone again
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
/// A selector over a back end with a descriptor of its own (epoll, kqueue) has it too, through [`AsFd`]: it is readable when a
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
    /// Everything about registering that can fail.
    fn admit(&mut self, fileobj: &F, interest: Interest, mode: Mode) -> Result<(RawFd, u32), Error> {
        self.check(interest, mode)?;
        // Once: a second call may lend another descriptor.
        let fd = fileobj.as_fd();
        let number = fd.as_raw_fd();
        // `poll` passes over a negative number, such as that of `rustix::fs::CWD` (AT_FDCWD): it would never be reported.
        if (number as isize) < 0 {
            return Err(Error::Os { during: Operation::Register, source: Errno::BADF.into() });
        }
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
            Ok(()) => {
                self.map.oneshot |= mode == Mode::Oneshot;
                Ok((number, generation))
            }
            Err(error) => Err(Error::new(Operation::Register, self.backend.name(), error)),
        }
    }

    /// Makes the back end forget a key, unless it has.
    fn withdraw(&mut self, slot: u32) -> Result<(), Error> {
        let entry = self.map.get(slot).ok_or(Error::NotRegistered)?;
        if entry.state == State::Paused {
            return Ok(());
        }
        let source =
            Source::new(lend(self.map.id, slot, entry)?, entry.tag(slot), entry.interest, entry.mode);
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

    fn entry(&self, slot: u32) -> Result<&Slot<F, D>, Error> {
        self.map.get(slot).ok_or(Error::NotRegistered)
    }
}

fn lend<F: AsFd, D>(selector: SelectorId, number: u32, slot: &Slot<F, D>) -> Result<BorrowedFd<'_>, Error> {
    slot.lend().map_err(|lent| invalid_fd(selector, number, slot, lent))
}

fn invalid_fd<F, D>(selector: SelectorId, number: u32, slot: &Slot<F, D>, lent: RawFd) -> Error {
    let token = Token::new(selector, number, slot.generation);
    Error::InvalidFd { token, registered: slot.fd, lent }
}

impl<F: AsFd, D> Selector<AnyBackend, F, D> {
    /// Opens a back end of this kind, whatever the environment says.
    ///
    /// # Errors
    ///
    /// * [`Error::UnknownBackend`]: this platform, or the program as it was built, has none of this kind.
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

/// The back end's own descriptor, to wait *for* it: readable when a wait would find something.
///
/// To wait *on* it, or to register with it (through `sys::epoll::Epoll::from_fd` of a duplicate, say), takes events away
/// from the selector, or shows it foreign ones.
///
/// # Panics
///
/// That of a kqueue, in a forked child, where there is none.
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
