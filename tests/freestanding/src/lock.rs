//! Locks and condition variables, over a word that all of these kernels can wait for.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicU32, Ordering};

use libc::timespec;

use crate::system::{wait, wake};

/// A lock. The word is 0 if the lock is free, 1 if it is held, and 2 if it is held and others may wait. Zeroed memory is a free lock.
#[repr(transparent)]
pub(crate) struct Lock(AtomicU32);

impl Lock {
    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    pub(crate) fn lock(&self) {
        if self.try_lock() {
            return;
        }
        while self.0.swap(2, Ordering::Acquire) != 0 {
            // SAFETY: the lock is borrowed, so the word is valid.
            unsafe { wait(&self.0, 2, None) };
        }
    }

    pub(crate) fn try_lock(&self) -> bool {
        self.0.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    pub(crate) fn unlock(&self) {
        if self.0.swap(0, Ordering::Release) == 2 {
            // SAFETY: as in `lock`.
            unsafe { wake(&self.0, 1) };
        }
    }
}

/// A value behind a lock.
pub(crate) struct Locked<T> {
    pub(crate) lock: Lock,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached only while the lock is held.
unsafe impl<T> Sync for Locked<T> {}

impl<T> Locked<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { lock: Lock::new(), value: UnsafeCell::new(value) }
    }

    pub(crate) fn with<R>(&self, body: impl FnOnce(&mut T) -> R) -> R {
        self.lock.lock();
        // SAFETY: the lock is held, so no other reference exists. `body` must not call `with` again, which would wait for ever.
        let result = body(unsafe { &mut *self.value.get() });
        self.lock.unlock();
        result
    }
}

/// The second word of a mutex, which `PTHREAD_MUTEX_INITIALIZER` sets to zero on all of these systems.
unsafe fn lock_of<'a>(object: *mut u32) -> &'a Lock {
    &*object.add(1).cast()
}

unsafe fn word_of<'a>(object: *mut u32) -> &'a AtomicU32 {
    &*object.add(1).cast()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_mutex_init(mutex: *mut u32, _: *const c_void) -> c_int {
    mutex.add(1).write(0);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_mutex_lock(mutex: *mut u32) -> c_int {
    lock_of(mutex).lock();
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_mutex_trylock(mutex: *mut u32) -> c_int {
    if lock_of(mutex).try_lock() { 0 } else { libc::EBUSY }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_mutex_unlock(mutex: *mut u32) -> c_int {
    lock_of(mutex).unlock();
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_init(condition: *mut u32, _: *const c_void) -> c_int {
    condition.add(1).write(0);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_wait(condition: *mut u32, mutex: *mut u32) -> c_int {
    let word = word_of(condition);
    let turn = word.load(Ordering::Relaxed);
    lock_of(mutex).unlock();
    wait(word, turn, None);
    lock_of(mutex).lock();
    0
}

/// The limit is a time of the monotonic clock, which the standard library sets for all its condition variables.
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_timedwait(
    condition: *mut u32,
    mutex: *mut u32,
    limit: *const timespec,
) -> c_int {
    let word = word_of(condition);
    let turn = word.load(Ordering::Relaxed);
    let Some(left) = left(&*limit) else { return libc::ETIMEDOUT };
    lock_of(mutex).unlock();
    wait(word, turn, Some(&left));
    lock_of(mutex).lock();
    let timed_out = word.load(Ordering::Relaxed) == turn && self::left(&*limit).is_none();
    if timed_out { libc::ETIMEDOUT } else { 0 }
}

fn left(limit: &timespec) -> Option<timespec> {
    let mut now = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to the struct.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    let (mut seconds, mut nanoseconds) = (limit.tv_sec - now.tv_sec, limit.tv_nsec - now.tv_nsec);
    if nanoseconds < 0 {
        (seconds, nanoseconds) = (seconds - 1, nanoseconds + 1_000_000_000);
    }
    (seconds >= 0 && (seconds, nanoseconds) != (0, 0))
        .then_some(timespec { tv_sec: seconds, tv_nsec: nanoseconds })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_signal(condition: *mut u32) -> c_int {
    word_of(condition).fetch_add(1, Ordering::Relaxed);
    wake(word_of(condition), 1);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_broadcast(condition: *mut u32) -> c_int {
    word_of(condition).fetch_add(1, Ordering::Relaxed);
    wake(word_of(condition), i32::MAX as u32);
    0
}

/// Functions that need do nothing: attributes that have no effect here, and objects without resources.
macro_rules! no_op {
    ($($name:ident)*) => {
        $(
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name() -> c_int {
                0
            }
        )*
    };
}

no_op! {
    pthread_mutex_destroy pthread_mutexattr_init pthread_mutexattr_destroy pthread_mutexattr_settype
    pthread_cond_destroy pthread_condattr_init pthread_condattr_destroy pthread_condattr_setclock
}

/// One lock for all read-write locks. Only the unwinder uses them, for short times.
static READERS_AND_WRITERS: Lock = Lock::new();

macro_rules! readers_and_writers {
    ($($lock:ident)*; $($unlock:ident)*) => {
        $(
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $lock(_: *mut c_void) -> c_int {
                READERS_AND_WRITERS.lock();
                0
            }
        )*
        $(
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $unlock(_: *mut c_void) -> c_int {
                READERS_AND_WRITERS.unlock();
                0
            }
        )*
    };
}

readers_and_writers! {
    pthread_rwlock_rdlock pthread_rwlock_wrlock __libc_rwlock_rdlock __libc_rwlock_wrlock;
    pthread_rwlock_unlock __libc_rwlock_unlock
}
