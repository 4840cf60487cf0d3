//! The locks and atomics of loom, which runs a model with every order of its operations.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};

/// Does nothing: a model has no time, and tries every order anyway.
pub(crate) fn spin(_: Duration, _: impl Fn() -> bool) {}

/// Returns a number that no other thread has, and that is not 0. (All threads of a model are one of the system.)
pub(crate) fn thread_id() -> usize {
    let mut hasher = DefaultHasher::new();
    loom::thread::current().id().hash(&mut hasher);
    hasher.finish() as usize | 1
}
