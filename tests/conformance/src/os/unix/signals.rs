//! Signals to the thread that waits.

#![expect(unsafe_code, reason = "no safe interface installs a signal handler, or signals one thread")]

use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::NotRun;

static HANDLED: AtomicU64 = AtomicU64::new(0);

/// How many handlers have begun that hold their thread up, and whether they do so still.
static HELD: AtomicU64 = AtomicU64::new(0);
static HOLDS: AtomicBool = AtomicBool::new(false);

/// To be asked first.
///
/// # Errors
///
/// There are no signals here.
pub fn need() -> Result<(), NotRun> {
    Ok(())
}

/// Runs `body`, and signals this thread all the while: first after `every`, then again each time.
///
/// The handler does nothing but count, and is installed without `SA_RESTART`, so system calls that wait end with
/// `EINTR`. Gives back what `body` did, and how many signals were handled.
pub fn storm<T>(every: Duration, body: impl FnOnce() -> T) -> (T, u64) {
    install();
    let before = HANDLED.load(Ordering::SeqCst);
    // SAFETY: no preconditions.
    let this = unsafe { libc::pthread_self() };
    let result = thread::scope(|scope| {
        let (stop, stopped) = channel::<()>();
        scope.spawn(move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                // SAFETY: the thread `this` is alive: it is in `thread::scope`, which does not end before this one does.
                assert_eq!(unsafe { libc::pthread_kill(this, libc::SIGUSR1) }, 0);
            }
        });
        let result = body();
        drop(stop);
        result
    });
    (result, HANDLED.load(Ordering::SeqCst) - before)
}

/// Runs `body` here and `other` in another thread, which can hold this one up: a signal handler begins here, then what it
/// passes runs, then the handler ends.
///
/// Gives back what `body` did, and how many handlers had begun when it had.
pub fn held_up<T>(other: impl FnOnce(&dyn Fn(&dyn Fn())) + Send, body: impl FnOnce() -> T) -> (T, u64) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| handle(libc::SIGUSR2, hold));
    let before = HELD.load(Ordering::SeqCst);
    // SAFETY: no preconditions.
    let this = unsafe { libc::pthread_self() };
    thread::scope(|scope| {
        scope.spawn(move || {
            other(&|meanwhile| {
                let begun = HELD.load(Ordering::SeqCst);
                HOLDS.store(true, Ordering::SeqCst);
                // SAFETY: the thread `this` is alive: it is in `thread::scope`, which does not end before this one does.
                assert_eq!(unsafe { libc::pthread_kill(this, libc::SIGUSR2) }, 0);
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

/// How many signals were handled until now.
pub fn handled() -> u64 {
    HANDLED.load(Ordering::SeqCst)
}

extern "C" fn count(_: libc::c_int) {
    HANDLED.fetch_add(1, Ordering::SeqCst);
}

/// Ends when it is let go.
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

/// Installs a handler that does nothing that signal-safety(7) forbids, of a signal that nothing else in this program uses.
fn handle(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) {
    // SAFETY: a struct of integers, for which zeroes are an empty mask, no flags and the default handler.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as libc::sighandler_t;
    // SAFETY: `action` is a complete sigaction; its handler has the type that goes without SA_SIGINFO.
    let result = unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
    assert_eq!(result, 0);
}
