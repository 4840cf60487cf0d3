//! Locks over the word that both kernels can wait for, and the functions for threads that are made of them.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicU32, Ordering};

use libc::timespec;

use crate::system::{wait, wake};

/// A lock, made of zeroes. 0 is free, 1 is held, 2 is held while others may wait.
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
            // SAFETY: the word is there for as long as the lock is borrowed.
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

/// A value that one thread uses at a time.
pub(crate) struct Locked<T> {
    pub(crate) lock: Lock,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached with the lock held alone, or before there is a second thread.
unsafe impl<T> Sync for Locked<T> {}

impl<T> Locked<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { lock: Lock::new(), value: UnsafeCell::new(value) }
    }

    pub(crate) fn with<R>(&self, body: impl FnOnce(&mut T) -> R) -> R {
        self.lock.lock();
        // SAFETY: the lock is held, and `body` does not come back here.
        let result = body(unsafe { &mut *self.value.get() });
        self.lock.unlock();
        result
    }
}

/// The second word of each of these objects: what `PTHREAD_MUTEX_INITIALIZER` and its like leave zero.
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

/// The limit is a time of the monotonic clock, to which the standard library sets all its conditions.
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
    // SAFETY: it fills in the struct.
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

/// What there is nothing to do for: attributes that do not matter here, and objects that hold nothing.
macro_rules! nothing {
    ($($name:ident)*) => {
        $(
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name() -> c_int {
                0
            }
        )*
    };
}

nothing! {
    pthread_mutex_destroy pthread_mutexattr_init pthread_mutexattr_destroy pthread_mutexattr_settype
    pthread_cond_destroy pthread_condattr_init pthread_condattr_destroy pthread_condattr_setclock
}

/// The lock of all that readers and writers share: the unwinder's only, and it never holds one for long.
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
