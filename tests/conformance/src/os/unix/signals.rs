//! Signals to the waiting thread.

#![expect(unsafe_code, reason = "no safe interface installs a signal handler, or signals one thread")]

use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use selectors::Waker;

use crate::NotRun;

static HANDLED: AtomicU64 = AtomicU64::new(0);

/// The number of handlers that have begun and hold up their thread, and whether they still do.
static HELD: AtomicU64 = AtomicU64::new(0);
static HOLDS: AtomicBool = AtomicBool::new(false);

/// The waker that a handler uses, and the number of its wakes that succeeded and that failed.
static WAKER: AtomicPtr<Waker> = AtomicPtr::new(std::ptr::null_mut());
static WOKEN: AtomicU64 = AtomicU64::new(0);
static NOT_WOKEN: AtomicU64 = AtomicU64::new(0);

/// Ends a scenario about signals where there are none.
///
/// # Errors
///
/// This system has no signals.
pub fn need() -> Result<(), NotRun> {
    Ok(())
}

/// Runs `body` while another thread signals this one at this interval, and returns its result and the number of signals.
///
/// The handler only counts, and is installed without `SA_RESTART`, so that system calls which wait fail with `EINTR`.
pub fn storm<T>(every: Duration, body: impl FnOnce() -> T) -> (T, u64) {
    install();
    let before = HANDLED.load(Ordering::SeqCst);
    let result = signalled(libc::SIGUSR1, every, body);
    (result, HANDLED.load(Ordering::SeqCst) - before)
}

/// Runs `body` while another thread signals this one at this interval, and a handler in this thread wakes with `waker`.
///
/// `body` gets a function that returns the number of wakes so far.
///
/// # Panics
///
/// A wake failed.
pub fn waking<T>(every: Duration, waker: &Waker, body: impl FnOnce(&dyn Fn() -> u64) -> T) -> T {
    static INSTALLED: Once = Once::new();
    // Not used otherwise: it is sent for urgent data only to processes that ask for it (F_SETOWN of fcntl(2)).
    INSTALLED.call_once(|| handle(libc::SIGURG, wake));
    let before = WOKEN.load(Ordering::SeqCst);
    let failed = NOT_WOKEN.load(Ordering::SeqCst);
    WAKER.store(std::ptr::from_ref(waker).cast_mut(), Ordering::SeqCst);
    let result = signalled(libc::SIGURG, every, || body(&|| WOKEN.load(Ordering::SeqCst) - before));
    WAKER.store(std::ptr::null_mut(), Ordering::SeqCst);
    assert_eq!(NOT_WOKEN.load(Ordering::SeqCst), failed, "a wake failed in a signal handler");
    result
}

/// A thread to send signals to.
struct Thread(libc::pthread_t);

// SAFETY: it only names a thread, to functions that take the name from any thread. (With musl it is a pointer.)
unsafe impl Send for Thread {}

impl Thread {
    fn current() -> Self {
        // SAFETY: no preconditions.
        Self(unsafe { libc::pthread_self() })
    }

    /// # Safety
    ///
    /// The thread must be alive.
    unsafe fn signal(&self, signal: libc::c_int) {
        // SAFETY: the caller promises that the thread is alive.
        assert_eq!(unsafe { libc::pthread_kill(self.0, signal) }, 0);
    }
}

/// Runs `body` while another thread sends this one a signal at this interval.
fn signalled<T>(signal: libc::c_int, every: Duration, body: impl FnOnce() -> T) -> T {
    let this = Thread::current();
    thread::scope(|scope| {
        let (stop, stopped) = channel::<()>();
        scope.spawn(move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                // SAFETY: the thread `this` is alive: it is in `thread::scope`, which does not end before this one does.
                unsafe { this.signal(signal) };
            }
        });
        let result = body();
        drop(stop);
        result
    })
}

/// Runs `body` in this thread, and `other` in another one that can hold this one up: a signal handler begins here, the
/// function that `other` passes runs there, and the handler ends.
///
/// Returns the result of `body`, and the number of handlers that had begun at its end.
pub fn held_up<T>(other: impl FnOnce(&dyn Fn(&dyn Fn())) + Send, body: impl FnOnce() -> T) -> (T, u64) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| handle(libc::SIGUSR2, hold));
    let before = HELD.load(Ordering::SeqCst);
    let this = Thread::current();
    thread::scope(|scope| {
        scope.spawn(move || {
            other(&|meanwhile| {
                let begun = HELD.load(Ordering::SeqCst);
                HOLDS.store(true, Ordering::SeqCst);
                // SAFETY: the thread `this` is alive: it is in `thread::scope`, which does not end before this one does.
                unsafe { this.signal(libc::SIGUSR2) };
                while HELD.load(Ordering::SeqCst) == begun {
                    thread::yield_now();
                }
                meanwhile();
                HOLDS.store(false, Ordering::SeqCst);
            });
        });
        let result = body();
        (result, HELD.load(Ordering::SeqCst) - before)
    })
}

/// Returns the number of signals that were handled so far.
pub fn handled() -> u64 {
    HANDLED.load(Ordering::SeqCst)
}

extern "C" fn count(_: libc::c_int) {
    HANDLED.fetch_add(1, Ordering::SeqCst);
}

/// Wakes, as a program's handler may: see `Selector::waker`.
extern "C" fn wake(_: libc::c_int) {
    // SAFETY: null, or a waker that `waking` borrows. `waking` runs in this thread, which alone gets the signal, so it does not
    // return while this handler runs.
    let Some(waker) = (unsafe { WAKER.load(Ordering::SeqCst).as_ref() }) else { return };
    let counter = if waker.wake().is_ok() { &WOKEN } else { &NOT_WOKEN };
    counter.fetch_add(1, Ordering::SeqCst);
}

/// Spins until the other thread lets it end.
extern "C" fn hold(_: libc::c_int) {
    HELD.fetch_add(1, Ordering::SeqCst);
    while HOLDS.load(Ordering::SeqCst) {
        std::hint::spin_loop();
    }
}

fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| handle(libc::SIGUSR1, count));
}

/// Installs a handler that is async-signal-safe (signal-safety(7)), for a signal that this program uses for nothing else.
fn handle(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) {
    // SAFETY: a struct of integers, for which zeroes are an empty mask, no flags and the default handler.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as libc::sighandler_t;
    // SAFETY: `action` is a complete sigaction; its handler has the type that goes without SA_SIGINFO.
    let result = unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
    assert_eq!(result, 0);
}
