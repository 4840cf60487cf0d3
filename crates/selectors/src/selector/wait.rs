//! Waiting, and being woken.

use std::io;

use super::{Selector, invalid_fd};
use crate::backend::{Backend, Source};
use crate::map::{Slot, State, named};
use crate::sys::fd::{AsFd, RawFd};
use crate::token::{SelectorId, Tag};
use crate::waker::WakerSource;
use crate::{Error, Mode, Operation, Ready, Timeout, Waker};

impl<B: Backend, F: AsFd, D> Selector<B, F, D> {
    /// Waits until something is ready or the time is over, and gives back a new list of what is.
    ///
    /// With `None` it waits for as long as it takes, with [`Duration::ZERO`](std::time::Duration::ZERO) not at all.
    /// With nothing registered it waits all the same, with `None` until a [`Waker`] is used. The wait never ends before
    /// its time without a reason: something ready, a [`Waker`], or (on epoll and kqueue, rarely) an event of a key that is
    /// gone or spent. The list can be empty then. Signals do not end a wait, unless [`Timeout::interruptible`] says so.
    ///
    /// # Errors
    ///
    /// Nothing is lost: what was ready, and a wake, are reported by the next wait that succeeds.
    ///
    /// * [`Error::Interrupted`]: a signal handler ran and the timeout is [interruptible](Timeout::interruptible).
    /// * [`Error::InvalidFd`]: on select, poll and /dev/poll, a file object lends another descriptor than before.
    /// * [`Error::Limit`], [`Error::Os`]: what the system says.
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

    /// Waits as [`select`](Self::select) does, into a list that exists already, and gives back how many keys are ready.
    ///
    /// What the list held is forgotten. It grows to the number of registrations, then no wait allocates.
    ///
    /// # Errors
    ///
    /// As [`select`](Self::select); the list is empty then.
    ///
    /// # Examples
    ///
    /// A list for all rounds of a loop:
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
        let Self { backend, map, waker } = self;
        let mut list = ready.begin(map.id, map.len());
        let selector = map.id;
        let armed = map.armed().map(move |(number, slot)| match slot.lend() {
            Ok(fd) => Ok(Source::new(fd, slot.tag(number), slot.interest, slot.mode)),
            Err(lent) => Err(mismatch(selector, number, slot, lent)),
        });
        let armed = armed.chain(waker.iter().filter_map(WakerSource::source).map(Ok));
        let unseen = waker.as_ref().map(WakerSource::unseen);
        let (slots, mut woken) = (map.slots(), false);
        let result = backend.wait(armed, timeout.into(), |tag, readiness| match named(slots, tag) {
            Some(entry) => list.push(tag, entry, readiness),
            None => woken |= tag == Tag::WAKER,
        });
        if let Err(error) = result {
            drop(unseen);
            return Err(Error::new(Operation::Wait, backend.name(), error));
        }
        std::mem::forget(unseen);
        let found = list.found;
        let waker = waker.as_ref().filter(|_| woken);
        ready.end(found, waker.is_some());
        if map.oneshot {
            for slot in ready.slots() {
                if let Some(entry) = map.get_mut(slot).filter(|entry| entry.mode == Mode::Oneshot) {
                    entry.disarm(State::Fired);
                }
            }
        }
        if let Some(waker) = waker {
            waker.take();
        }
        Ok(found)
    }

    /// A handle with which other threads end a wait of this selector.
    ///
    /// The first call makes it, which takes a descriptor or two (see [`Waker`]); further calls give clones. It is not among the
    /// [`keys`](Self::keys).
    ///
    /// # Errors
    ///
    /// * [`Error::Limit`]: no descriptors, watches or memory left.
    /// * [`Error::Os`]: anything else that the system says.
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
            Err(error) => Err(Error::new(Operation::Waker, self.backend.name(), error)),
        }
    }
}

/// Apart, as it is rare.
#[cold]
#[inline(never)]
fn mismatch<F, D>(selector: SelectorId, number: u32, slot: &Slot<F, D>, lent: RawFd) -> io::Error {
    invalid_fd(selector, number, slot, lent).into()
}
