//! The place of a thread in the queue for a shared selector.

use std::io;
use std::sync::PoisonError;

use select_sys::Timeout;
use select_sys::fd::AsFd;
use select_sys::poll::{PollFd, poll};

use crate::os::POLL_READ;
use crate::sync::{AtomicBool, Condvar, Mutex, MutexGuard, Ordering};
use crate::waker::Notifier;

/// So often a thread yields before it sleeps, at 0.2 µs each (Linux 6.18, Intel Xeon): a kernel takes 20 µs there to wake the
/// thread that it waits for. A model would have to try each.
const YIELDS: u32 = if cfg!(loom) { 0 } else { 200 };

/// A thread that sleeps until its turn comes.
#[derive(Debug)]
pub(super) struct Seat {
    /// Whether it was woken since it fell asleep last. The lock of the queue is held where it is used.
    woken: AtomicBool,
    bed: Bed,
}

/// How a thread sleeps.
#[derive(Debug)]
enum Bed {
    Condvar(Condvar),
    /// In `poll`, because a signal does not end a wait for a condition variable.
    Interruptible(Notifier),
}

impl Seat {
    /// Makes a place to sleep.
    pub(super) fn new() -> Self {
        Self { woken: AtomicBool::new(false), bed: Bed::Condvar(Condvar::new()) }
    }

    /// Makes a place to sleep, at which signals are noticed if the timeout is interruptible.
    ///
    /// # Errors
    ///
    /// An interruptible sleep needs a descriptor.
    pub(super) fn for_timeout(timeout: Timeout) -> io::Result<Self> {
        let mut seat = Self::new();
        if timeout.is_interruptible() {
            seat.bed = Bed::Interruptible(Notifier::new()?);
        }
        Ok(seat)
    }

    /// Ends its sleep. The caller holds the lock of the queue.
    pub(super) fn wake(&self) {
        if !self.woken.swap(true, Ordering::Relaxed) {
            match &self.bed {
                Bed::Condvar(condvar) => condvar.notify_one(),
                // The descriptor is open and has room, so this does not fail.
                Bed::Interruptible(notifier) => drop(notifier.notify()),
            }
        }
    }

    /// Yields until it is woken, or for some 10 microseconds. The caller does not hold the lock.
    ///
    /// A thread that only has to return from a system call wakes this one sooner than the kernel could run it again.
    pub(super) fn yield_for_a_while(&self) {
        for _ in 0..YIELDS {
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
        match &self.bed {
            Bed::Condvar(condvar) => {
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
            Bed::Interruptible(notifier) => {
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
