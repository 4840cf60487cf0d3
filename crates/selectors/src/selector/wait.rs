//! Waits and wakers.

use std::collections::BTreeSet;
use std::io;

use select_sys::Timeout;
use select_sys::fd::AsFd;

use super::Selector;
use super::abandoned::Abandoned;
use crate::backend::{Backend, Source};
use crate::error::Error;
use crate::map::{Entry, Map};
use crate::operation::Operation;
use crate::os;
use crate::readiness::Readiness;
use crate::ready::{Others, Ready, Results};
use crate::token::Tag;
use crate::waker::{ResendGuard, Waker, WakerSource};

impl<B: Backend, F: AsFd, D> Selector<B, F, D> {
    /// Waits until a key is ready or the timeout elapses, and returns the ready keys.
    ///
    /// `None` waits without a limit, [`Duration::ZERO`](std::time::Duration::ZERO) does not wait. With nothing registered it
    /// waits all the same, with `None` until a [`Waker`] is used. A wait ends early only if a key is ready or a [`Waker`] was
    /// used, and rarely with an empty list: for an event of a key that was removed or is spent, or for a wake that an earlier
    /// wait has reported.
    /// While a file that is always ready is armed, such as a regular file, a wait does not block.
    /// Signals do not end a wait unless the timeout is [interruptible](Timeout::interruptible).
    ///
    /// A key whose file object lends another descriptor than the registered one does not affect the others, see
    /// [`Error::InvalidFd`].
    ///
    /// # Errors
    ///
    /// Nothing is lost: the next wait that succeeds reports the keys that were ready, and a wake.
    ///
    /// * [`Error::Interrupted`]: a signal handler ran and the timeout is [interruptible](Timeout::interruptible).
    /// * [`Error::Lost`]: on select and /dev/poll, a descriptor was closed by its number. The error names the key: unregister
    ///   it.
    /// * [`Error::Limit`], [`Error::Os`]: any other error of the system.
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
        let results = &mut ready.results;
        results.clear();
        let Self { backend, map, waker, .. } = self;
        let sources = sources(map, waker.as_ref());
        let waited = wait(backend, waker.as_ref(), sources, timeout.into(), reporter(map, results));
        if let Err(error) = waited {
            self.wait_without_invalid(results, error)?;
        }
        self.finish(results);
        Ok(ready.len())
    }

    /// Whether this waker is that of this selector.
    pub(crate) fn is_woken_by(&self, waker: &Waker) -> bool {
        self.waker.as_ref().is_some_and(|own| own.is_of(waker))
    }

    /// Reports the events in `ready.events`, which a wait without the selector returned, in `ready`.
    #[inline(always)]
    pub(crate) fn report_events(&mut self, ready: &mut Ready) -> Result<(), Error> {
        let Self { backend, map, waker, .. } = self;
        let Ready { results, events } = ready;
        let guard = waker.as_ref().map(WakerSource::resend_guard);
        let reported = backend.report(events, sources(map, waker.as_ref()), checked_reporter(map, results));
        if let Err(error) = reported {
            results.clear();
            return Err(Error::from_backend(Operation::Wait, backend.name(), error));
        }
        // Stale events are normal here: another thread changed the key after the kernel had reported it. No key changes under
        // the lock, so a tag that is stale in a second look would be reported in every wait.
        if results.others.contains(Others::STALE) {
            results.others.remove(Others::STALE);
            // An error here is no error of the events that were reported.
            let sources = sources(map, waker.as_ref());
            let _ = backend.wait(sources, Timeout::ZERO, reporter(map, results));
        }
        ResendGuard::disarm(guard);
        self.finish(results);
        Ok(())
    }

    /// Returns a handle that ends a wait of this selector from another thread.
    ///
    /// The first call makes it, which takes up to two descriptors, see [`Waker`]. Further calls return clones. A waker is not
    /// one of the [`keys`](Self::keys).
    ///
    /// A signal handler may call [`Waker::wake`], on every back end of this crate: a wake allocates nothing, frees nothing and
    /// takes no lock. It is an atomic exchange and at most one call: `write` to an eventfd (Linux, Android), `write` or `send`
    /// to a socket, or `kevent`. If the buffer of the socket is full, it is read first. A call that fails changes `errno`, so
    /// preserve it, as in every handler (signal-safety(7)). Do not clone or drop a waker there: the last one frees memory.
    /// (libkqueue, an emulation for development, takes locks: no handler may call it.)
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

    /// Disarms the one-shot keys that were reported, and handles what was reported besides keys.
    #[inline(always)]
    fn finish(&mut self, results: &mut Results) {
        if self.map.has_oneshots {
            for (token, _) in results.iter() {
                self.map.fire(token.slot());
            }
        }
        if !results.others.is_empty() {
            self.finish_others(results);
        }
    }

    /// Prepares the waker for the next wake, and makes the back end forget what is stale.
    #[cold]
    fn finish_others(&mut self, results: &mut Results) {
        if results.others.contains(Others::WAKE) {
            // Without a waker the back end made the report up.
            let was_used = self.waker.as_ref().is_some_and(WakerSource::acknowledge);
            results.others.set(Others::WAKE, was_used);
            results.others.set(Others::INTERRUPTION, !was_used);
        }
        if results.others.contains(Others::STALE) {
            results.others.remove(Others::STALE);
            self.rebuild(results);
        }
    }

    /// Handles a failed wait: if file objects lend other descriptors than the registered ones, looks for what is ready without
    /// them, reports them as failed, and pauses them. Otherwise returns the error.
    #[cold]
    fn wait_without_invalid(&mut self, results: &mut Results, mut error: io::Error) -> Result<(), Error> {
        let Self { backend, map, waker, abandoned } = self;
        let mut invalid = BTreeSet::new();
        loop {
            results.clear();
            let token = match Error::from_backend(Operation::Wait, backend.name(), error) {
                Error::InvalidFd { token, .. } if map.is_armed(token) && invalid.insert(token.slot()) => {
                    token
                }
                error if invalid.is_empty() => return Err(with_closed_key(map, error)),
                // The next wait returns it, if it comes again. The back end may have dropped the keys that it was not shown, so
                // they are reported and paused first.
                _ => break,
            };
            // An object that lends another descriptor in each call may pass now and not in the wait. So this ends when all
            // keys are in `invalid` at the latest.
            let others = map.armed().filter(|entry| entry.token() != token && entry.borrow_fd().is_err());
            invalid.extend(others.map(|entry| entry.token().slot()));
            let valid = map.armed().filter(|entry| !invalid.contains(&entry.token().slot())).map(source);
            let sources = valid.chain(waker.iter().filter_map(WakerSource::source).map(Ok));
            match wait(backend, waker.as_ref(), sources, Timeout::ZERO, reporter(map, results)) {
                Ok(()) => break,
                Err(next) => error = next,
            }
        }
        for slot in invalid {
            pause_invalid(map, abandoned, results, slot);
        }
        Ok(())
    }

    /// Rebuilds the back end's set after a report of no armed key, which may come again in every wait.
    ///
    /// If that fails, the next such report tries again.
    #[cold]
    fn rebuild(&mut self, results: &mut Results) {
        let Self { backend, map, waker, abandoned } = self;
        let mut invalid = Vec::new();
        let armed = map.armed().filter_map(|entry| match source(entry) {
            Ok(source) => Some(source),
            Err(_) => {
                invalid.push(entry.token().slot());
                None
            }
        });
        let armed = armed.chain(waker.iter().filter_map(WakerSource::source));
        // Adding a notifier that is readable would be a wake. One that is pending is sent again.
        let _guard = waker.as_ref().map(WakerSource::resend_guard);
        waker.iter().for_each(WakerSource::drain);
        if backend.rebuild(armed).unwrap_or(false) {
            map.drop_fired();
            for slot in invalid {
                pause_invalid(map, abandoned, results, slot);
            }
            abandoned.clear();
        }
    }
}

/// Shows an armed key to the back end.
#[inline]
fn source<F: AsFd, D>(entry: &Entry<F, D>) -> io::Result<Source<'_>> {
    match entry.borrow_fd() {
        Ok(fd) => Ok(Source::new(fd, entry.tag(), entry.interest, entry.mode)),
        Err(error) => Err(error.into()),
    }
}

/// Everything to wait for: the armed keys, then the waker.
#[inline]
fn sources<'a, F: AsFd, D>(
    map: &'a Map<F, D>,
    waker: Option<&'a WakerSource>,
) -> impl Iterator<Item = io::Result<Source<'a>>> + Clone {
    map.armed().map(source).chain(waker.into_iter().filter_map(WakerSource::source).map(Ok))
}

/// Waits once. If that fails, a pending wake is sent again: the back end may have consumed it.
#[inline(always)]
fn wait<'fd>(
    backend: &mut impl Backend,
    waker: Option<&WakerSource>,
    sources: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
    timeout: Timeout,
    report: impl FnMut(Tag, Readiness),
) -> io::Result<()> {
    let guard = waker.map(WakerSource::resend_guard);
    backend.wait(sources, timeout, report)?;
    ResendGuard::disarm(guard);
    Ok(())
}

/// Records the reports of a back end in `results`.
#[inline]
fn reporter<F, D>(map: &Map<F, D>, results: &mut Results) -> impl FnMut(Tag, Readiness) {
    |tag: Tag, reported: Readiness| {
        if let Some(entry) = map.by_tag(tag) {
            let readiness = reported & entry.mask;
            if !readiness.is_empty() {
                return results.merge(&entry.ready_index, entry.token(), readiness);
            }
        }
        record_other(map, results, tag);
    }
}

/// Does the same, and returns whether a report is of an armed key or of the waker.
#[inline]
fn checked_reporter<F, D>(map: &Map<F, D>, results: &mut Results) -> impl FnMut(Tag, Readiness) -> bool {
    let mut report = reporter(map, results);
    move |tag: Tag, reported: Readiness| {
        report(tag, reported);
        tag == Tag::WAKER || map.by_tag(tag).is_some_and(Entry::is_armed)
    }
}

/// Records a report that is of no armed key: of the waker, or a stale one.
#[cold]
fn record_other<F, D>(map: &Map<F, D>, results: &mut Results, tag: Tag) {
    if tag == Tag::WAKER {
        results.others |= Others::WAKE;
    } else if map.by_tag(tag).is_none_or(|entry| entry.mask.is_empty()) {
        results.others |= Others::STALE;
    }
}

/// Reports a key whose file object lends another descriptor than the registered one as failed, and pauses it.
fn pause_invalid<F, D>(map: &mut Map<F, D>, abandoned: &mut Abandoned, results: &mut Results, slot: u32) {
    // As poll(2) reports a descriptor that is not open (POLLNVAL).
    let readiness = Readiness::READ | Readiness::WRITE | Readiness::ERROR;
    if let Some(entry) = map.get(slot) {
        results.merge(&entry.ready_index, entry.token(), readiness & entry.mask);
    }
    abandoned.pause(map, slot);
}

/// Finds the key whose descriptor is closed, if a wait failed for that reason.
fn with_closed_key<F: AsFd, D>(map: &Map<F, D>, error: Error) -> Error {
    match error {
        Error::Os { error: source, .. } if os::is_lost(&source) => {
            let is_closed = |entry: &&Entry<F, D>| entry.borrow_fd().is_ok_and(os::is_closed);
            match map.armed().find(is_closed) {
                Some(entry) => Error::Lost { fd: entry.fd, token: entry.token(), source },
                None => Error::Os { during: Operation::Wait, error: source },
            }
        }
        error => error,
    }
}
