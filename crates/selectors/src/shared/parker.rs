//! The sleep of a thread in the queue for a shared selector.

use std::io;
use std::sync::PoisonError;
use std::time::Duration;

use select_sys::Timeout;
use select_sys::fd::AsFd;
use select_sys::poll::{PollFd, poll};

use crate::os::POLL_READ;
use crate::sync::{AtomicBool, Condvar, Mutex, MutexGuard, Ordering, spin};
use crate::waker::Notifier;

/// How long a thread spins before it sleeps. The kernel takes 20 µs to wake a thread on an idle core (Linux 6.18, Intel Xeon).
const SPIN: Duration = Duration::from_micros(40);

/// A thread that sleeps until its turn comes.
#[derive(Debug)]
pub(super) struct Parker {
    /// Whether it was woken since it fell asleep last. Written under the lock of the queue.
    woken: AtomicBool,
    method: Method,
}

/// How a thread sleeps.
#[derive(Debug)]
enum Method {
    Condvar(Condvar),
    /// In `poll`, because a signal does not end a wait for a condition variable.
    Interruptible(Notifier),
}

impl Parker {
    /// Makes one whose sleep no signal ends.
    pub(super) fn new() -> Self {
        Self { woken: AtomicBool::new(false), method: Method::Condvar(Condvar::new()) }
    }

    /// Makes one whose sleep ends by a signal if the timeout is interruptible.
    ///
    /// # Errors
    ///
    /// An interruptible sleep needs a descriptor.
    pub(super) fn for_timeout(timeout: Timeout) -> io::Result<Self> {
        let mut parker = Self::new();
        if timeout.is_interruptible() {
            parker.method = Method::Interruptible(Notifier::new()?);
        }
        Ok(parker)
    }

    /// Ends its sleep. The caller holds the lock of the queue.
    pub(super) fn wake(&self) {
        if !self.woken.swap(true, Ordering::Relaxed) {
            match &self.method {
                Method::Condvar(condvar) => condvar.notify_one(),
                // The descriptor is open and has room, so this does not fail.
                Method::Interruptible(notifier) => drop(notifier.notify()),
            }
        }
    }

    /// Spins until it is woken, or for some time. The caller does not hold the lock.
    ///
    /// A thread that only has to return from a system call wakes this one sooner than the kernel could run it again.
    pub(super) fn spin(&self) {
        spin(SPIN, || self.woken.load(Ordering::Relaxed));
    }

    /// Releases the lock and sleeps until it is woken or the timeout elapses; perhaps less.
    pub(super) fn sleep<'a, T>(
        &self,
        mutex: &'a Mutex<T>,
        guard: MutexGuard<'a, T>,
        timeout: Timeout,
    ) -> (MutexGuard<'a, T>, io::Result<()>) {
        match &self.method {
            Method::Condvar(condvar) => {
                // A wake before the lock is released has found nobody asleep.
                let guard = if self.woken.swap(false, Ordering::Relaxed) {
                    guard
                } else {
                    match timeout.limit() {
                        None => condvar.wait(guard).unwrap_or_else(PoisonError::into_inner),
                        Some(limit) => {
                            let result = condvar.wait_timeout(guard, limit);
                            result.unwrap_or_else(PoisonError::into_inner).0
                        }
                    }
                };
                self.woken.store(false, Ordering::Relaxed);
                (guard, Ok(()))
            }
            Method::Interruptible(notifier) => {
                drop(guard);
                let result = poll(&mut [PollFd::new(notifier.as_fd(), POLL_READ)], timeout);
                let guard = mutex.lock().unwrap_or_else(PoisonError::into_inner);
                if self.woken.swap(false, Ordering::Relaxed) {
                    notifier.drain();
                }
                (guard, result.map(drop))
            }
        }
    }
}
