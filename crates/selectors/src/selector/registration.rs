//! Opening a selector; registering, changing and unregistering file objects.

use std::io;

use rustix::io::Errno;
use select_sys::fd::{AsFd, AsRawFd, RawFd};

use super::Selector;
use crate::backend::{Backend, Source};
use crate::error::{Error, Rejected};
use crate::interest::{Interest, Mode};
use crate::keys::SelectorKey;
use crate::map::{Map, Reservation, State};
use crate::operation::{Limit, Operation};
use crate::token::{Lookup, LookupKey, Token};

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
        Self { backend, map: Map::new(), waker: None }
    }

    /// Registers a file object, level-triggered, with data.
    ///
    /// A read or write can block even if the file object was reported: on Linux a socket can be reported as ready and then
    /// have no data (select(2), BUGS). Set file objects to non-blocking mode, and treat
    /// [`WouldBlock`](std::io::ErrorKind::WouldBlock) as "not yet".
    ///
    /// # Errors
    ///
    /// Nothing has changed, and the [`Rejected`] contains the file object and the data. `?` converts it to an [`Error`] or an
    /// `io::Error`; for other types write `.map_err(selectors::Error::from)?`.
    ///
    /// * [`Error::InvalidInterest`]: the interest is empty or has unknown bits.
    /// * [`Error::AlreadyRegistered`]: its descriptor is registered, perhaps through another object.
    /// * [`Error::Unsupported`]: the back end cannot wait for this interest.
    /// * [`Error::UnsupportedFile`]: the back end cannot wait for this kind of file, such as a regular file on epoll.
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
    /// In every mode, a file object that is ready now is reported by the next wait.
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

    /// Adds a file object to the back end, and reserves a slot for its registration.
    fn try_add(
        &mut self,
        fileobj: &F,
        interest: Interest,
        mode: Mode,
    ) -> Result<(Reservation<'_, F, D>, RawFd), Error> {
        self.validate(interest, mode)?;
        // A second call of `as_fd` may return another descriptor.
        let borrowed = fileobj.as_fd();
        let fd = borrowed.as_raw_fd();
        // poll(2) ignores a negative number, such as that of `rustix::fs::CWD` (AT_FDCWD). It would never be reported.
        if (fd as isize) < 0 {
            return Err(Error::Os { during: Operation::Register, error: Errno::BADF.into() });
        }
        if let Some(entry) = self.map.lookup(LookupKey::Fd(fd)) {
            return Err(Error::AlreadyRegistered { fd, token: entry.token });
        }
        let Some(reservation) = self.map.reserve() else {
            let source = io::ErrorKind::OutOfMemory.into();
            return Err(Error::Limit { limit: Limit::Memory, during: Operation::Register, source });
        };
        match self.backend.add(&Source::new(borrowed, reservation.token().tag(), interest, mode)) {
            Ok(()) => Ok((reservation, fd)),
            Err(error) => Err(Error::from_backend(Operation::Register, self.backend.name(), error)),
        }
    }

    /// Changes the interest of a registration. Rearms it, and resumes it if it was paused.
    ///
    /// The data is unchanged; use [`data_mut`](Self::data_mut) for that. On epoll and kqueue a change is a system call. If a
    /// level-triggered key already has this interest, this does nothing.
    ///
    /// # Errors
    ///
    /// The registration is unchanged.
    ///
    /// * [`Error::NotRegistered`]: `which` is not registered.
    /// * [`Error::InvalidInterest`], [`Error::Unsupported`]: as for [`register`](Self::register).
    /// * [`Error::InvalidFd`]: the file object lends another descriptor than the one that was registered.
    /// * [`Error::Lost`]: another file replaced the registered one under the number of its descriptor.
    /// * [`Error::UnsupportedFile`]: the key was paused, and a file that the back end cannot wait for replaced it.
    /// * [`Error::Limit`], [`Error::Os`]: an error of the system.
    ///
    /// # Examples
    ///
    /// A connection waits for writing only while it has unsent data:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(a, Interest::READ | Interest::WRITE, "unsent".to_owned())?;
    /// for (token, readiness) in &selector.select(None)? {
    ///     let Some((_stream, unsent)) = selector.parts(token) else { continue };
    ///     if readiness.is_writable() {
    ///         unsent.clear(); // a real program writes it to the stream
    ///         selector.modify(token, Interest::READ)?;
    ///     }
    /// }
    /// assert_eq!(selector.key(token).map(|key| key.interest()), Some(Interest::READ));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "EPOLL_CTL_MOD")]
    pub fn modify(&mut self, which: impl Lookup, interest: Interest) -> Result<(), Error> {
        let key = which.key();
        let mode = self.map.find(key)?.mode;
        self.change(key, interest, mode)
    }

    /// Changes the interest and the mode of a registration, as [`modify`](Self::modify) does.
    ///
    /// # Errors
    ///
    /// As [`modify`](Self::modify).
    ///
    /// # Examples
    ///
    /// The greeting is reported once, all other data level-triggered:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest, Mode};
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, mut b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register_with(a, Interest::READ, Mode::Oneshot, ())?;
    /// b.write_all(b"hello")?;
    /// assert_eq!(selector.select(None)?.len(), 1);
    /// selector.modify_with(token, Interest::READ, Mode::Level)?;
    /// assert_eq!(selector.select(None)?.len(), 1);
    /// assert_eq!(selector.select(None)?.len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn modify_with(&mut self, which: impl Lookup, interest: Interest, mode: Mode) -> Result<(), Error> {
        self.change(which.key(), interest, mode)
    }

    /// Rearms an edge-triggered or one-shot key: if it is ready now, the next wait reports it. Resumes a paused key.
    ///
    /// Does nothing for a level-triggered key that is not paused.
    ///
    /// # Errors
    ///
    /// As [`modify`](Self::modify).
    ///
    /// # Examples
    ///
    /// An edge that was reported, but is to be served in the next round:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest, Mode};
    /// use std::os::unix::net::UnixStream;
    /// use std::time::Duration;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register_with(a, Interest::WRITE, Mode::Edge, ())?;
    /// assert_eq!(selector.select(Duration::ZERO)?.len(), 1);
    /// assert_eq!(selector.select(Duration::ZERO)?.len(), 0);
    /// selector.rearm(token)?;
    /// assert_eq!(selector.select(Duration::ZERO)?.len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "EPOLL_CTL_MOD")]
    pub fn rearm(&mut self, which: impl Lookup) -> Result<(), Error> {
        let key = which.key();
        let entry = self.map.find(key)?;
        self.change(key, entry.interest, entry.mode)
    }

    /// Keeps a registration, but waits for nothing on it, not even hang-ups and errors.
    ///
    /// [`modify`](Self::modify) and [`rearm`](Self::rearm) resume it. Pausing a paused key does nothing. Use this for
    /// back-pressure: a proxy pauses the side that it cannot serve. (An empty interest cannot express that: a hang-up would
    /// still end every wait.)
    ///
    /// # Errors
    ///
    /// The registration is unchanged.
    ///
    /// * [`Error::NotRegistered`]: `which` is not registered.
    /// * [`Error::InvalidFd`]: the file object lends another descriptor than the one that was registered.
    /// * [`Error::Os`]: an error of the system.
    ///
    /// # Examples
    ///
    /// Even the end of the stream is not reported while the key is paused:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    /// use std::time::Duration;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(a, Interest::READ, ())?;
    /// selector.pause(token)?;
    /// drop(b);
    /// assert!(selector.select(Duration::ZERO)?.is_empty());
    /// selector.rearm(token)?;
    /// assert_eq!(selector.select(Duration::ZERO)?.len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn pause(&mut self, which: impl Lookup) -> Result<(), Error> {
        let slot = self.remove_from_backend(which.key())?;
        self.map.disarm(slot, State::Paused);
        Ok(())
    }

    /// Changes the interest of a registration, or pauses it if the interest is empty.
    ///
    /// This calls [`pause`](Self::pause) for an empty interest and [`modify`](Self::modify) for any other. It is for programs
    /// that compute their interest.
    ///
    /// # Errors
    ///
    /// As [`modify`](Self::modify) and [`pause`](Self::pause).
    ///
    /// # Examples
    ///
    /// Read while there is room in the buffer, write while there is unsent data:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(a, Interest::READ, Vec::<u8>::new())?;
    ///
    /// let (room, unsent) = (false, false);
    /// let mut interest = Interest::empty();
    /// interest.set(Interest::READ, room);
    /// interest.set(Interest::WRITE, unsent);
    /// selector.set_interest(token, interest)?;
    /// assert!(selector.key(token).is_some_and(|key| key.is_paused()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_interest(&mut self, which: impl Lookup, interest: Interest) -> Result<(), Error> {
        if interest.is_empty() { self.pause(which) } else { self.modify(which, interest) }
    }

    /// Ends a registration and returns the file object and the data.
    ///
    /// No later wait reports it. The [`Ready`](crate::Ready) of an earlier wait may still contain its token, which finds
    /// nothing.
    ///
    /// # Errors
    ///
    /// The registration is unchanged.
    ///
    /// * [`Error::NotRegistered`]: `which` is not registered.
    /// * [`Error::InvalidFd`]: the file object lends another descriptor than the one that was registered.
    /// * [`Error::Os`]: an error of the system. It is no error if the system does not know the descriptor any more.
    ///
    /// # Examples
    ///
    /// Both connections are ready, and are closed before the list is read:
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
        let key = which.key();
        let slot = self.remove_from_backend(key)?;
        self.map.remove(slot).map(SelectorKey::new).ok_or(Error::NotRegistered { key })
    }

    /// Changes a registration, and arms it.
    fn change(&mut self, key: LookupKey, interest: Interest, mode: Mode) -> Result<(), Error> {
        let entry = self.map.find(key)?;
        self.validate(interest, mode)?;
        let unchanged = (entry.interest, entry.mode) == (interest, mode);
        if unchanged && mode == Mode::Level && entry.is_armed() {
            return Ok(());
        }
        let (fd, token) = (entry.borrow_fd()?, entry.token);
        let to = Source::new(fd, token.tag(), interest, mode);
        match entry.state {
            State::Paused => self
                .backend
                .add(&to)
                .map_err(|error| Error::from_backend(Operation::Register, self.backend.name(), error))?,
            State::Armed { .. } | State::Fired => {
                let from = Source::new(fd, token.tag(), entry.interest, entry.mode);
                self.backend
                    .modify(&from, &to)
                    .map_err(|error| Error::from_change(entry.fd, self.backend.name(), error))?;
            }
        }
        self.map.arm(token.slot(), interest, mode);
        Ok(())
    }

    /// Removes a registration from the back end, unless it is paused, and returns its slot.
    fn remove_from_backend(&mut self, key: LookupKey) -> Result<u32, Error> {
        let entry = self.map.find(key)?;
        if entry.state != State::Paused {
            let source = Source::new(entry.borrow_fd()?, entry.token.tag(), entry.interest, entry.mode);
            self.backend
                .remove(&source)
                .map_err(|error| Error::from_backend(Operation::Unregister, self.backend.name(), error))?;
        }
        Ok(entry.token.slot())
    }

    fn validate(&self, interest: Interest, mode: Mode) -> Result<(), Error> {
        if !interest.is_valid() {
            return Err(Error::InvalidInterest(interest));
        }
        if !self.backend.supports(interest, mode) {
            return Err(Error::Unsupported { backend: self.backend.name(), interest, mode });
        }
        Ok(())
    }
}
