//! The sleep of a thread in the queue for a shared selector.

use std::io;
use std::sync::PoisonError;

use select_sys::Timeout;
use select_sys::fd::AsFd;
use select_sys::poll::{PollFd, poll};

use crate::os::POLL_READ;
use crate::sync::{AtomicBool, Condvar, Mutex, MutexGuard, Ordering};
use crate::waker::Notifier;

/// The number of yields before a thread sleeps. A yield takes 0.2 µs, and the kernel takes 20 µs to wake a thread (Linux 6.18,
/// Intel Xeon). A model would have to try each yield.
const YIELDS_BEFORE_SLEEP: u32 = if cfg!(loom) { 0 } else { 200 };

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

    /// Yields until it is woken, or for about 40 microseconds. The caller does not hold the lock.
    ///
    /// A thread that only has to return from a system call wakes this one sooner than the kernel could run it again.
    pub(super) fn yield_for_a_while(&self) {
        for _ in 0..YIELDS_BEFORE_SLEEP {
            if self.woken.load(Ordering::Relaxed) {
                break;
            }
            std::thread::yield_now();
        }
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
