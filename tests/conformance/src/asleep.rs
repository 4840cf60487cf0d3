//! Waiting until another thread waits.

use std::thread;

#[cfg(any(target_os = "android", target_os = "linux"))]
use rustix::thread::Pid as Thread;
#[cfg(not(any(target_os = "android", target_os = "linux")))]
use std::thread::Thread;

/// Runs `body` here, and `act` in another thread when this one sleeps. What `act` gives back lives until `body` is over.
pub fn when_asleep<T, K: Send>(act: impl FnOnce() -> K + Send, body: impl FnOnce() -> T) -> T {
    let this = this_thread();
    thread::scope(|scope| {
        let other = scope.spawn(move || {
            until_asleep(this);
            act()
        });
        let result = body();
        drop(other.join().unwrap());
        result
    })
}

/// The thread that asks.
pub fn this_thread() -> Thread {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    return rustix::thread::gettid();
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    return thread::current();
}

/// Comes back when this thread of the process sleeps, or at once where that cannot be seen.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub fn until_asleep(thread: Thread) {
    let path = format!("/proc/self/task/{}/stat", thread.as_raw_nonzero());
    // proc_pid_stat(5): the state is the first word after the name, which is in parentheses.
    let asleep =
        |stat: String| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'));
    while std::fs::read_to_string(&path).is_ok_and(|stat| !asleep(stat)) {
        thread::yield_now();
    }
}

/// Gives this thread of the process time to fall asleep: whether it does cannot be seen.
#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub fn until_asleep(thread: Thread) {
    thread::sleep(std::time::Duration::from_millis(20));
    drop(thread);
}
