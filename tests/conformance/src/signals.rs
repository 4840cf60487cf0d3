//! Signals to the thread that waits.

#![expect(unsafe_code, reason = "no safe interface installs a signal handler, or signals one thread")]

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::NotRun;

static HANDLED: AtomicU64 = AtomicU64::new(0);

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

/// How many signals were handled until now.
pub fn handled() -> u64 {
    HANDLED.load(Ordering::SeqCst)
}

extern "C" fn count(_: libc::c_int) {
    HANDLED.fetch_add(1, Ordering::SeqCst);
}

fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: a struct of integers, for which zeroes are an empty mask, no flags and the default handler.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = count as extern "C" fn(libc::c_int) as libc::sighandler_t;
        // SAFETY: `action` is a complete sigaction; its handler has the type that goes without SA_SIGINFO, and does nothing
        // that signal-safety(7) forbids. Nothing else in this program uses the signal.
        let result = unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) };
        assert_eq!(result, 0);
    });
}
