//! Waits and wakers.

use select_sys::Timeout;
use select_sys::fd::AsFd;

use super::Selector;
use crate::backend::{Backend, Source};
use crate::error::Error;
use crate::operation::Operation;
use crate::readiness::Readiness;
use crate::ready::Ready;
use crate::token::Tag;
use crate::waker::{Waker, WakerSource};

impl<B: Backend, F: AsFd, D> Selector<B, F, D> {
    /// Waits until a key is ready or the timeout elapses, and returns the ready keys.
    ///
    /// `None` waits without a limit, [`Duration::ZERO`](std::time::Duration::ZERO) does not wait. With nothing registered it
    /// waits all the same, with `None` until a [`Waker`] is used. A wait ends early only if a key is ready or a [`Waker`] was
    /// used (and, rarely, with an empty list: on epoll and kqueue, for an event of a key that was removed or is spent).
    /// Signals do not end a wait unless the timeout is [interruptible](Timeout::interruptible).
    ///
    /// # Errors
    ///
    /// Nothing is lost: the next wait that succeeds reports the keys that were ready, and a wake.
    ///
    /// * [`Error::Interrupted`]: a signal handler ran and the timeout is [interruptible](Timeout::interruptible).
    /// * [`Error::InvalidFd`]: on select, poll and /dev/poll, a file object lends another descriptor than the one that was
    ///   registered.
    /// * [`Error::Limit`], [`Error::Os`]: an error of the system.
    ///
    /// # Examples
    ///
    /// A loop until everything is unregistered:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::io::Read;
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// drop(b);
    /// let mut selector = DefaultSelector::new()?;
    /// selector.register(a, Interest::READ, ())?;
    /// while !selector.keys().is_empty() {
    ///     for (token, _) in &selector.select(None)? {
    ///         let Some((mut stream, ())) = selector.parts(token) else { continue };
    ///         if stream.read(&mut [0; 512])? == 0 {
    ///             selector.unregister(token)?;
    ///         }
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "epoll_wait")]
    #[doc(alias = "poll")]
    pub fn select(&mut self, timeout: impl Into<Timeout>) -> Result<Ready, Error> {
        let mut ready = Ready::new();
        self.select_into(&mut ready, timeout)?;
        Ok(ready)
    }

    /// Waits as [`select`](Self::select) does, fills `ready`, and returns the number of ready keys.
    ///
    /// The earlier contents of `ready` are dropped; its memory is reused. Once it has grown to the number of ready keys, a wait
    /// does not allocate.
    ///
    /// # Errors
    ///
    /// As [`select`](Self::select). `ready` is empty after an error.
    ///
    /// # Examples
    ///
    /// One list for all rounds of a loop:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest, Ready};
    /// use std::os::unix::net::UnixStream;
    /// use std::time::Duration;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(a, Interest::WRITE, ())?;
    /// let mut ready = Ready::new();
    /// while selector.select_into(&mut ready, Duration::from_millis(5))? > 0 {
    ///     for (token, _) in &ready {
    ///         selector.pause(token)?;
    ///     }
    /// }
    /// assert!(ready.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline(always)]
    pub fn select_into(&mut self, ready: &mut Ready, timeout: impl Into<Timeout>) -> Result<usize, Error> {
        ready.clear();
        let Self { backend, map, waker } = self;
        let armed = map.armed().map(|entry| match entry.borrow_fd() {
            Ok(fd) => Ok(Source::new(fd, entry.token.tag(), entry.interest, entry.mode)),
            Err(error) => Err(error.into()),
        });
        let armed = armed.chain(waker.iter().filter_map(WakerSource::source).map(Ok));
        let guard = waker.as_ref().map(WakerSource::resend_guard);
        let report = |tag: Tag, reported: Readiness| match map.by_tag(tag) {
            Some(entry) => {
                let readiness = reported & entry.mask;
                if !readiness.is_empty() {
                    ready.merge(&entry.ready_index, entry.token, readiness);
                }
            }
            None => ready.woken |= tag == Tag::WAKER,
        };
        if let Err(error) = backend.wait(armed, timeout.into(), report) {
            ready.clear();
            return Err(Error::from_backend(Operation::Wait, backend.name(), error));
        }
        if let Some(guard) = guard {
            guard.disarm();
        }
        if map.has_oneshots {
            for (token, _) in &*ready {
                map.fire(token.slot());
            }
        }
        if ready.woken {
            match &*waker {
                Some(waker) => waker.acknowledge(),
                None => ready.woken = false, // the back end made the report up
            }
        }
        Ok(ready.len())
    }

    /// Returns a handle that ends a wait of this selector from another thread.
    ///
    /// The first call makes it, which takes up to two descriptors, see [`Waker`]. Further calls return clones. A waker is not
    /// one of the [`keys`](Self::keys).
    ///
    /// # Errors
    ///
    /// * [`Error::Limit`]: no descriptors, watches or memory left.
    /// * [`Error::Os`]: any other error of the system.
    ///
    /// # Examples
    ///
    /// One for each thread:
    ///
    /// ```
    /// use selectors::DefaultSelector;
    /// use std::os::unix::net::UnixStream;
    ///
    /// let mut selector = DefaultSelector::<UnixStream>::new()?;
    /// let (one, two) = (selector.waker()?, selector.waker()?);
    /// let threads = [std::thread::spawn(move || one.wake()), std::thread::spawn(move || two.wake())];
    /// assert!(selector.select(None)?.woken());
    /// # for thread in threads { thread.join().unwrap()? }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn waker(&mut self) -> Result<Waker, Error> {
        if let Some(waker) = &self.waker {
            return Ok(waker.waker());
        }
        match WakerSource::new(&mut self.backend) {
            Ok(waker) => Ok(self.waker.insert(waker).waker()),
            Err(error) => Err(Error::from_backend(Operation::Waker, self.backend.name(), error)),
        }
    }
}
