//! The locks and atomics of loom, which runs a model with every order of its operations.

pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};

loom::thread_local!(static PLACE: Box<u8> = Box::new(0));

/// Returns a number that no other running thread has, and that is not 0. (All threads of a model are one of the system.)
pub(crate) fn thread_id() -> usize {
    PLACE.with(|place| std::ptr::from_ref(&**place).addr())
}
