//! Forked children of this process.

#![expect(unsafe_code, reason = "fork(2) has no safe interface")]

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::NotRun;

/// Runs `body` in a forked child, and returns whether it returned there. It did not if it panicked.
///
/// # Panics
///
/// The system cannot fork.
pub fn in_a_fork(body: impl FnOnce()) -> bool {
    succeeded(fork(body))
}

/// Runs `body` in a forked child, kills the child if it does not end within `limit`, and returns whether `body` returned.
///
/// # Errors
///
/// This system has no fork(2).
///
/// # Panics
///
/// The system cannot fork, or the child did not end.
pub fn in_a_fork_within(limit: Duration, body: impl FnOnce()) -> Result<bool, NotRun> {
    // The child has the only open end to write to, so the other end hangs up when the child ends.
    let (ended, running) = super::files::pipe()?;
    let child = fork(body);
    drop(running);
    let ended = ends_within(&ended, limit);
    if !ended {
        kill_process(child, Signal::KILL).unwrap();
    }
    let succeeded = succeeded(child);
    assert!(ended, "a forked child did not end within {limit:?}");
    Ok(succeeded)
}

fn fork(body: impl FnOnce()) -> Pid {
    // SAFETY: the child does not return from this function. It is a copy of this thread alone, and takes no lock that
    // another thread may hold but that of the allocator, which the C library makes usable in a child.
    match unsafe { libc::fork() } {
        0 => {
            let result = catch_unwind(AssertUnwindSafe(body));
            // SAFETY: it has no conditions. It ends the process without running exit handlers, which are the parent's.
            unsafe { libc::_exit(i32::from(result.is_err())) }
        }
        child => Pid::from_raw(child).filter(|_| child > 0).expect("fork(2) works"),
    }
}

/// Waits for the end of the child.
fn succeeded(child: Pid) -> bool {
    let (_, status) = waitpid(Some(child), WaitOptions::empty()).unwrap().unwrap();
    status.exit_status() == Some(0)
}

/// Waits until nobody can write to this pipe any more.
fn ends_within(pipe: &File, limit: Duration) -> bool {
    let end = Instant::now() + limit;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let result = poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&Timespec::try_from(left).unwrap()));
        if result == Ok(1) || left.is_zero() {
            return result == Ok(1);
        }
    }
}
