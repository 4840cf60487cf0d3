//! Opening, registering, unregistering.

use super::Selector;
use crate::backend::Backend;
use crate::keys::SelectorKey;
use crate::map::{Entry, Map};
use crate::sys::fd::AsFd;
use crate::{Error, Interest, Lookup, Mode, Operation, Rejected, Token};

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
    /// BUGS). Set file objects to non-blocking, and take [`WouldBlock`](std::io::ErrorKind::WouldBlock) for "not yet".
    ///
    /// # Errors
    ///
    /// The file object and the data come back in the [`Rejected`]; nothing has changed. `?` makes an [`Error`] or an
    /// `io::Error` of it; for other types write `.map_err(selectors::Error::from)?`.
    ///
    /// * [`Error::InvalidInterest`]: the interest is empty or has unknown bits.
    /// * [`Error::AlreadyRegistered`]: its descriptor is registered, perhaps through another object.
    /// * [`Error::Unsupported`]: the back end cannot wait for this interest.
    /// * [`Error::UnsupportedFile`]: the back end cannot wait for this kind of file, such as a regular file on epoll.
    /// * [`Error::Limit`]: no watches or memory left.
    /// * [`Error::Os`]: anything else that the system says, such as `EBADF` from epoll for a file opened with `O_PATH`; `EBADF`
    ///   also for a negative number, such as that of `rustix::fs::CWD`, which no descriptor has.
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
                Ok(self.map.insert(generation, Entry { fileobj, fd, interest, mode, data }))
            }
            Err(error) => Err(Rejected::new(error, fileobj, data)),
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
        match self.map.remove(slot) {
            Some((token, entry)) => Ok(SelectorKey::new(token, entry)),
            None => Err(Error::NotRegistered),
        }
    }
}
