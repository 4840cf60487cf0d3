//! Threads of a scenario: acting while another one sleeps, and stopping them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

#[cfg(any(target_os = "android", target_os = "linux"))]
pub use rustix::thread::Pid as Thread;
#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub use std::thread::Thread;

/// Runs `body` in this thread, and `act` in another one as soon as this one sleeps. The result of `act` lives until `body`
/// has returned.
pub fn when_asleep<T, K: Send>(act: impl FnOnce() -> K + Send, body: impl FnOnce() -> T) -> T {
    let this = this_thread();
    thread::scope(|scope| {
        let other = scope.spawn(move || {
            until_asleep(&this);
            act()
        });
        let result = body();
        drop(other.join().unwrap());
        result
    })
}

/// Returns the calling thread, for [`until_asleep`].
pub fn this_thread() -> Thread {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    return rustix::thread::gettid();
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    return thread::current();
}

/// Returns as soon as this thread sleeps, or at once if /proc does not show its state.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub fn until_asleep(thread: &Thread) {
    let path = format!("/proc/self/task/{}/stat", thread.as_raw_nonzero());
    // proc_pid_stat(5): the state is the first word after the name, which is in parentheses.
    let asleep =
        |stat: String| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'));
    while std::fs::read_to_string(&path).is_ok_and(|stat| !asleep(stat)) {
        thread::yield_now();
    }
}

/// Gives this thread time to fall asleep. No portable call shows whether it does, so a scenario must pass if it does not.
#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub fn until_asleep(_: &Thread) {
    thread::sleep(std::time::Duration::from_millis(20));
}

/// Sets the flag that stops other threads at the end of the scope, also if the scenario fails there.
#[derive(Debug)]
pub struct StopAtEnd<'a>(pub &'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
