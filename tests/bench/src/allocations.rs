//! An allocator that counts: what a program holds, and how often it asked for more.

#![expect(unsafe_code, reason = "an allocator is unsafe to write")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

static HELD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    // Each thread its own: the one that runs the tests would disturb them otherwise.
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, and two counters. To be a program's `#[global_allocator]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counting;

/// The bytes that the program holds now.
#[must_use]
pub fn held() -> usize {
    HELD.load(Ordering::Relaxed)
}

/// How often this thread asked for memory, or for more of it, until now.
#[must_use]
pub fn calls() -> usize {
    CALLS.get()
}

// SAFETY: each call is the system allocator's own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise about `layout`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise; all memory here is the system allocator's.
        unsafe { System.dealloc(address, layout) }
    }

    unsafe fn realloc(&self, address: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        HELD.fetch_add(size, Ordering::Relaxed);
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise; all memory here is the system allocator's.
        unsafe { System.realloc(address, layout, size) }
    }
}
