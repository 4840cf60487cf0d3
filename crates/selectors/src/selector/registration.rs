//! Opening a selector, and registering file objects.

use std::io;

use rustix::io::Errno;
use select_sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use super::Selector;
use super::abandoned::Abandoned;
use crate::backend::{Backend, Source};
use crate::error::Error;
use crate::interest::{Interest, Mode};
use crate::map::{Map, Reservation, State};
use crate::operation::{Limit, Operation};
use crate::rejected::Rejected;
use crate::token::{LookupKey, Token};

impl<B: Backend, F: AsFd, D> Selector<B, F, D> {
    /// Opens the back end and makes a selector with no registrations.
    ///
    /// # Errors
    ///
    /// * [`Error::Limit`]: no descriptors or memory left.
    /// * [`Error::UnknownBackend`]: for [`AnySelector`](crate::AnySelector), the environment variable
    ///   `SELECTORS_BACKEND` names a back end that this platform does not have.
    /// * [`Error::Os`]: the back end does not work on this system.
    pub fn new() -> Result<Self, Error> {
        B::new().map(Self::with_backend).map_err(|error| Error::from_backend(Operation::Open, "", error))
    }

    /// Makes a selector over an open back end that watches nothing yet.
    ///
    /// # Examples
    ///
    /// The poll back end, which cannot fail to open:
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
        Self { backend, map: Map::new(), waker: None, abandoned: Abandoned::default() }
    }

    /// Registers a file object, level-triggered, with data.
    ///
    /// Sockets, pipes, terminals and everything else that `poll(2)` accepts can be registered. Files that are always ready,
    /// such as regular files, directories and `/dev/null`, are reported in each wait, also where the kernel's own set refuses
    /// them.
    ///
    /// A read or write can block even if the file object was reported: on Linux a socket can be reported as ready and then
    /// have no data (select(2), BUGS). Set file objects to non-blocking mode, and treat
    /// [`WouldBlock`](std::io::ErrorKind::WouldBlock) as "not yet".
    ///
    /// # Errors
    ///
    /// Nothing has changed, and the [`Rejected`] contains the file object and the data. `?` converts it to an [`Error`] or an
    /// `io::Error`, and with owned file objects and data to boxed errors and to `anyhow::Error`. See [`Rejected`] for the
    /// others.
    ///
    /// * [`Error::InvalidInterest`]: the interest is empty or has unknown bits.
    /// * [`Error::AlreadyRegistered`]: its descriptor is registered, perhaps through another object.
    /// * [`Error::Unsupported`]: the back end cannot wait for this interest.
    /// * [`Error::UnsupportedFile`]: the kernel cannot wait for this kind of file, and it is not always ready.
    /// * [`Error::Limit`]: no watches or memory left.
    /// * [`Error::Os`]: any other error of the system, such as `EBADF` from epoll for a file opened with `O_PATH`. `EBADF` is
    ///   also the error for a negative number, such as that of `rustix::fs::CWD`.
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
    /// In every mode, a file object that is ready now is reported by the next wait. One that is always ready, such as a regular
    /// file, is reported edge-triggered or one-shot once for each call that arms it: this one, `modify` and `rearm`.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register), and [`Error::Unsupported`] for a mode that the back end does not have.
    ///
    /// # Examples
    ///
    /// A one-shot key is reported once, and again after it was rearmed:
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
        match self.try_add(&fileobj, interest, mode) {
            Ok((reservation, fd)) => Ok(reservation.insert(fileobj, fd, interest, mode, data)),
            Err(error) => Err(Rejected::new(error, fileobj, data)),
        }
    }

    /// Registers a file object without waiting for it yet: level-triggered, and [paused](Self::pause).
    ///
    /// This takes no system call. [`rearm`](Self::rearm) or [`modify`](Self::modify) starts the waiting.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register), but the system has not seen the file object yet: [`Error::UnsupportedFile`], a limit
    /// or another error of the system is returned when the key is resumed.
    ///
    /// # Examples
    ///
    /// A proxy that reads from a server only when the client has said something:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    /// use std::time::Duration;
    ///
    /// let (client, mut far_client) = UnixStream::pair()?;
    /// let (server, _far_server) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// selector.register(client, Interest::READ, ())?;
    /// let server = selector.register_paused(server, Interest::WRITE, ())?;
    /// assert!(selector.select(Duration::ZERO)?.is_empty());
    /// selector.rearm(server)?;
    /// assert_eq!(selector.select(Duration::ZERO)?.len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn register_paused(
        &mut self,
        fileobj: F,
        interest: Interest,
        data: D,
    ) -> Result<Token, Rejected<F, D>> {
        let result = self.borrow_new(&fileobj, interest, Mode::Level).map(|fd| fd.as_raw_fd());
        match result.and_then(|fd| Ok((reserve(&mut self.map)?, fd))) {
            Ok((reservation, fd)) => {
                let token = reservation.insert(fileobj, fd, interest, Mode::Level, data);
                self.map.disarm(token.slot(), State::Paused);
                Ok(token)
            }
            Err(error) => Err(Rejected::new(error, fileobj, data)),
        }
    }

    /// Adds a file object to the back end, and reserves a slot for its registration.
    fn try_add(
        &mut self,
        fileobj: &F,
        interest: Interest,
        mode: Mode,
    ) -> Result<(Reservation<'_, F, D>, RawFd), Error> {
        let fd = self.borrow_new(fileobj, interest, mode)?;
        let Self { backend, map, abandoned, .. } = self;
        let reservation = reserve(map)?;
        let source = Source::new(fd, reservation.tag(), interest, mode);
        match abandoned.remove(backend, fd).and_then(|()| backend.add(&source)) {
            Ok(()) => Ok((reservation, fd.as_raw_fd())),
            Err(error) => Err(Error::from_backend(Operation::Register, backend.name(), error)),
        }
    }

    /// Borrows the descriptor of a new file object, or reports why it cannot be registered.
    ///
    /// Callers use this result and do not ask again: a second call may return another descriptor.
    fn borrow_new<'f>(
        &mut self,
        fileobj: &'f F,
        interest: Interest,
        mode: Mode,
    ) -> Result<BorrowedFd<'f>, Error> {
        self.validate(interest, mode)?;
        let borrowed = fileobj.as_fd();
        let fd = borrowed.as_raw_fd();
        // poll(2) ignores a negative number, such as that of `rustix::fs::CWD` (AT_FDCWD). It would never be reported.
        if (fd as isize) < 0 {
            return Err(Error::Os { during: Operation::Register, error: Errno::BADF.into() });
        }
        self.claim(fd, None)?;
        Ok(borrowed)
    }

    /// Claims the number of a descriptor, for a new key or for the one in this slot.
    ///
    /// The key that has the number keeps it if its file object lends it. Otherwise that key loses it and is paused.
    pub(super) fn claim(&mut self, fd: RawFd, slot: Option<u32>) -> Result<(), Error> {
        let Some(owner) = self.map.lookup(LookupKey::Fd(fd)) else { return Ok(()) };
        let token = owner.token();
        if Some(token.slot()) == slot {
            return Ok(());
        }
        if owner.borrow_fd().is_ok() {
            return Err(Error::AlreadyRegistered { fd, token });
        }
        self.abandoned.pause(&mut self.map, token.slot());
        Ok(())
    }

    pub(super) fn validate(&self, interest: Interest, mode: Mode) -> Result<(), Error> {
        if !interest.is_valid() {
            return Err(Error::InvalidInterest(interest));
        }
        if !self.backend.supports(interest, mode) {
            return Err(Error::Unsupported { backend: self.backend.name(), interest, mode });
        }
        Ok(())
    }
}

/// Reserves a slot for a registration.
fn reserve<F, D>(map: &mut Map<F, D>) -> Result<Reservation<'_, F, D>, Error> {
    map.reserve().ok_or_else(|| {
        let source = io::ErrorKind::OutOfMemory.into();
        Error::Limit { limit: Limit::Memory, during: Operation::Register, source }
    })
}
