//! Changing, pausing and unregistering keys.

use select_sys::fd::AsFd;

use super::Selector;
use crate::backend::{Backend, Source};
use crate::error::Error;
use crate::interest::{Interest, Mode};
use crate::keys::SelectorKey;
use crate::map::State;
use crate::operation::Operation;
use crate::token::{Lookup, LookupKey};

impl<B: Backend, F: AsFd, D> Selector<B, F, D> {
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
    /// * [`Error::AlreadyRegistered`]: the key was paused, and another one has its descriptor by now, see [`Error::InvalidFd`].
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
    /// [`modify`](Self::modify) and [`rearm`](Self::rearm) resume it. Pausing a paused key does nothing. Use this to silence a
    /// hang-up that the program knows, and for back-pressure. A program that must learn of a hang-up while it neither reads nor
    /// writes uses the interest [`HANG_UP`](Interest::HANG_UP) instead, where the back end has it.
    ///
    /// # Errors
    ///
    /// The registration is unchanged.
    ///
    /// * [`Error::NotRegistered`]: `which` is not registered.
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
    /// * [`Error::Os`]: an error of the system. It is no error if the system does not know the descriptor any more, nor if
    ///   the file object lends another descriptor now, see [`Error::InvalidFd`].
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
        let (token, is_in_backend) = (entry.token(), entry.is_in_backend());
        // Another key may have the number of a paused one by now.
        let claimed = if is_in_backend { Ok(()) } else { self.claim(entry.fd, Some(token.slot())) };
        let Self { backend, map, abandoned, .. } = self;
        let tag = map.new_tag(token.slot());
        let entry = map.find(LookupKey::Token(token))?;
        let fd = entry.borrow_fd()?;
        claimed?; // after the descriptor: that another one is lent is the more precise error
        let to = Source::new(fd, tag, interest, mode);
        if is_in_backend {
            let from = Source::new(fd, entry.tag(), entry.interest, entry.mode);
            let modified = backend.modify(&from, &to);
            modified.map_err(|error| Error::from_change(token, entry.fd, backend.name(), error))?;
        } else {
            let added = abandoned.remove(backend, fd).and_then(|()| backend.add(&to));
            added.map_err(|error| Error::from_backend(Operation::Register, backend.name(), error))?;
        }
        map.arm(tag, interest, mode);
        Ok(())
    }

    /// Removes a registration from the back end, if it is in it, and returns its slot.
    fn remove_from_backend(&mut self, key: LookupKey) -> Result<u32, Error> {
        let entry = self.map.find(key)?;
        if entry.is_in_backend() {
            match entry.borrow_fd() {
                Ok(fd) => {
                    let source = Source::new(fd, entry.tag(), entry.interest, entry.mode);
                    let removed = self.backend.remove(&source);
                    removed.map_err(|error| {
                        Error::from_backend(Operation::Unregister, self.backend.name(), error)
                    })?;
                }
                // Its number may be another file's by now.
                Err(_) => self.abandoned.insert(entry),
            }
        }
        Ok(entry.token().slot())
    }
}
