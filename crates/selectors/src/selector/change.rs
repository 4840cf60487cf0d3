//! Changing registrations.

use super::{Selector, lend};
use crate::backend::{Backend, Source};
use crate::map::State;
use crate::sys::fd::AsFd;
use crate::{Error, Interest, Lookup, Mode, Operation};

impl<B: Backend, F: AsFd, D> Selector<B, F, D> {
    /// Waits for something else on a registered file object; arms it again, or resumes it if it was paused.
    ///
    /// The data stays: [`data_mut`](Self::data_mut) changes it. A change of the interest reaches the
    /// kernel at once. When a level-triggered key already has this interest nothing needs to be done, and there is no
    /// system call.
    ///
    /// # Errors
    ///
    /// The registration is as it was.
    ///
    /// * [`Error::NotRegistered`]: `which` names no registration.
    /// * [`Error::InvalidInterest`], [`Error::Unsupported`]: as for [`register`](Self::register).
    /// * [`Error::InvalidFd`]: the file object lends another descriptor than before.
    /// * [`Error::Lost`]: another file was put under the descriptor's number.
    /// * [`Error::UnsupportedFile`]: the key was paused, and so was a file put there that cannot be waited for.
    /// * [`Error::Limit`], [`Error::Os`]: what the system says.
    ///
    /// # Examples
    ///
    /// Wait for room to write only while there is something to write:
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
    ///         unsent.clear(); // as if it was written
    ///         selector.modify(token, Interest::READ)?;
    ///     }
    /// }
    /// assert_eq!(selector.key(token).map(|key| key.interest()), Some(Interest::READ));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "EPOLL_CTL_MOD")]
    pub fn modify(&mut self, which: impl Lookup, interest: Interest) -> Result<(), Error> {
        let slot = self.find(which)?;
        let mode = self.entry(slot)?.mode;
        self.change(slot, interest, mode)
    }

    /// As [`modify`](Self::modify), and changes the mode too.
    ///
    /// # Errors
    ///
    /// As [`modify`](Self::modify).
    ///
    /// # Examples
    ///
    /// Wait for the greeting once, then for everything that comes:
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
        let slot = self.find(which)?;
        self.change(slot, interest, mode)
    }

    /// Arms an edge-triggered or one-shot key again: what is ready now is reported. Resumes a paused key.
    ///
    /// For a level-triggered key that is not paused there is nothing to do.
    ///
    /// # Errors
    ///
    /// As [`modify`](Self::modify).
    ///
    /// # Examples
    ///
    /// An edge that was seen, and left for the next round:
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
        let slot = self.find(which)?;
        let (interest, mode) = self.entry(slot).map(|entry| (entry.interest, entry.mode))?;
        self.change(slot, interest, mode)
    }

    fn change(&mut self, slot: u32, interest: Interest, mode: Mode) -> Result<(), Error> {
        self.check(interest, mode)?;
        let entry = self.map.get(slot).ok_or(Error::NotRegistered)?;
        let unchanged = (entry.interest, entry.mode) == (interest, mode);
        if unchanged && mode == Mode::Level && entry.state == State::Armed {
            return Ok(());
        }
        let (fd, tag) = (lend(self.map.id, slot, entry)?, entry.tag(slot));
        let to = Source::new(fd, tag, interest, mode);
        match entry.state {
            State::Vacant => return Err(Error::NotRegistered),
            State::Paused => self
                .backend
                .add(&to)
                .map_err(|error| Error::new(Operation::Register, self.backend.name(), error))?,
            State::Armed | State::Fired => {
                let from = Source::new(fd, tag, entry.interest, entry.mode);
                let number = entry.fd;
                self.backend
                    .modify(&from, &to)
                    .map_err(|error| Error::of_change(number, self.backend.name(), error))?;
            }
        }
        if let Some(entry) = self.map.get_mut(slot) {
            entry.arm(interest, mode);
            self.map.oneshot |= mode == Mode::Oneshot;
        }
        Ok(())
    }

    /// Keeps a registration, but waits for nothing on it, not even hang-ups and errors.
    ///
    /// [`modify`](Self::modify) or [`rearm`](Self::rearm) resume it; pausing it again does nothing. For
    /// back-pressure: a proxy pauses the side that it cannot serve, where an empty interest would still be woken by a
    /// hang-up, again and again.
    ///
    /// # Errors
    ///
    /// The registration is as it was.
    ///
    /// * [`Error::NotRegistered`]: `which` names no registration.
    /// * [`Error::InvalidFd`]: the file object lends another descriptor than before.
    /// * [`Error::Os`]: what the system says.
    ///
    /// # Examples
    ///
    /// Paused, even the end of the stream goes unnoticed:
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
        let slot = self.find(which)?;
        self.withdraw(slot)?;
        if let Some(entry) = self.map.get_mut(slot) {
            entry.disarm(State::Paused);
        }
        Ok(())
    }

    /// Waits for `interest` on a registered file object, or for nothing if that is empty.
    ///
    /// It is [`pause`](Self::pause) for an empty interest, else [`modify`](Self::modify): for programs that compute what
    /// they wait for.
    ///
    /// # Errors
    ///
    /// As [`modify`](Self::modify) and [`pause`](Self::pause).
    ///
    /// # Examples
    ///
    /// Read while there is room, write while there is something to write, and else be left alone:
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
}
