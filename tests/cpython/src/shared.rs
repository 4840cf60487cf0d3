//! The crate's registry behind one of Python's selectors, shared by its threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use selectors::{
    AnySelector, AnySharedSelector, BackendKind, Error, Interest, Ready, SharedSelector, Timeout,
};

use crate::numbers;
use crate::refused::epoll_refuses;

/// The registrations, which Python knows by their descriptors.
///
/// It contains no object of Python. Every call but [`wait`](Self::wait) is short, and is made with the interpreter's lock. It
/// may wait for threads that do not need that lock: the lock of the shared selector is never held while a thread waits for
/// the interpreter's.
pub(crate) struct Shared {
    kind: BackendKind,
    selector: AnySharedSelector<File>,
    // The number of threads in `wait`. The interpreter's lock orders its changes.
    waits: AtomicUsize,
}

/// A registered descriptor.
struct File(RawFd);

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        numbers::borrow_fd(self.0)
    }
}

/// The reason why a descriptor is not registered.
pub(crate) enum Refusal {
    /// As CPython's epoll, and unlike the crate, for a file that is always ready.
    AlwaysReady,
    Failed(Error),
}

impl Shared {
    pub(crate) fn open(kind: BackendKind) -> Result<Self, Error> {
        let selector = SharedSelector::new(AnySelector::open(kind)?)?;
        Ok(Self { kind, selector, waits: AtomicUsize::new(0) })
    }

    pub(crate) fn register(&self, fd: RawFd, interest: Interest) -> Result<(), Refusal> {
        let file = numbers::borrow_fd(fd);
        self.selector.with(|selector| {
            if self.kind == BackendKind::Epoll
                && selector.key(file).is_none()
                && selector.backend().fd().is_some_and(|set| epoll_refuses(set, file))
            {
                return Err(Refusal::AlwaysReady);
            }
            let registered = selector.register(File(fd), interest, ());
            registered.map(drop).map_err(|rejected| Refusal::Failed(rejected.error))
        })
    }

    /// Registers a descriptor of the parent in a forked child.
    ///
    /// It may be closed. Then it is never reported, but it can be unregistered.
    pub(crate) fn inherit(&self, fd: RawFd, interest: Interest) -> Result<(), Error> {
        self.selector.with(|selector| {
            let registered = selector.register(File(fd), interest, ());
            registered
                .or_else(|_| selector.register_paused(File(fd), interest, ()))
                .map_err(|rejected| rejected.error)
        })?;
        Ok(())
    }

    pub(crate) fn modify(&self, fd: RawFd, interest: Interest) -> Result<(), Error> {
        self.selector.with(|selector| selector.modify(numbers::borrow_fd(fd), interest))
    }

    pub(crate) fn unregister(&self, fd: RawFd) -> Result<(), Error> {
        self.selector.with(|selector| selector.unregister(numbers::borrow_fd(fd))).map(drop)
    }

    pub(crate) fn fd(&self) -> Option<RawFd> {
        self.selector.fd().map(|fd| fd.as_raw_fd())
    }

    /// Waits without the interpreter's lock.
    pub(crate) fn wait(&self, py: Python<'_>, ready: &mut Ready, timeout: Timeout) -> Result<(), Error> {
        self.waits.fetch_add(1, Ordering::Relaxed);
        let result = py.detach(|| self.selector.select_into(ready, timeout));
        self.waits.fetch_sub(1, Ordering::Relaxed);
        if ready.woken() {
            self.end_waits(); // a wake ends one wait
        }
        result.map(drop)
    }

    /// The reported descriptors, each with what it is ready for and still registered for.
    pub(crate) fn found(&self, ready: &Ready) -> Vec<(RawFd, Interest)> {
        if ready.is_empty() {
            return Vec::new();
        }
        self.selector.with(|selector| {
            let found = ready.iter().filter_map(|(token, readiness)| {
                let key = selector.key(token)?;
                Some((key.fileobj().0, readiness.interest() & key.interest()))
            });
            found.filter(|(_, interest)| !interest.is_empty()).collect()
        })
    }

    /// Ends the waits of all threads. There are no others afterwards: this is for a selector that is closed.
    pub(crate) fn end_waits(&self) {
        if self.waits.load(Ordering::Relaxed) > 0 {
            // If it fails, the waits end by themselves.
            let _ = self.selector.waker().wake();
        }
    }
}
