//! Waits of a process that is stopped and continued: signal(7), "Interruption of system calls by stop signals".

use super::super::waits::{self, Wait};
use conformance::{Run, WAIT, in_a_fork, in_child, pairs, this_thread, until_asleep};
use rustix::process::{Signal, getppid, kill_process};
use selectors::Timeout;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

conformance::scenarios_of!(sys, stopped: stopping_ends_an_interruptible_epoll_wait, all_other_waits_continue);

const LIMITS: [Timeout; 2] = [Timeout::NEVER, Timeout::after(WAIT)];

/// Stops and continues the process during a wait, then makes the descriptor readable, and passes the result to `check`.
///
/// It stops the process up to `stops` times, until the wait ends: the thread may have been asleep elsewhere, as in an emulator.
fn stopped(name: &str, wait: Wait, timeout: Timeout, stops: u32, check: impl Fn(io::Result<usize>)) -> Run {
    in_child(&format!("{name} {timeout:?}"), &[], || {
        let (a, b) = pairs::streams();
        let (this, begins, ended) = (this_thread(), AtomicBool::new(false), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                while !begins.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                until_asleep(&this);
                for _ in 0..stops {
                    if !ended.load(Ordering::Relaxed) {
                        assert!(in_a_fork(stop_the_parent));
                    }
                }
                (&b).write_all(b"x").unwrap();
            });
            begins.store(true, Ordering::Release);
            let result = wait(Some(a.as_fd()), timeout);
            ended.store(true, Ordering::Relaxed);
            check(result);
        });
        Ok(())
    })
}

/// Stops the parent, and continues it once it is stopped.
fn stop_the_parent() {
    let parent = getppid().unwrap();
    let path = format!("/proc/{}/stat", parent.as_raw_nonzero());
    // proc_pid_stat(5): the state is the first word after the name, which is in parentheses.
    let is_stopped = |stat: String| stat.rsplit(')').next().unwrap().trim_start().starts_with('T');
    kill_process(parent, Signal::STOP).unwrap();
    while fs::read_to_string(&path).is_ok_and(|stat| !is_stopped(stat)) {
        thread::yield_now();
    }
    kill_process(parent, Signal::CONT).unwrap();
}

fn stopping_ends_an_interruptible_epoll_wait() -> Run {
    for limit in LIMITS {
        stopped("epoll", waits::epoll, limit.interruptible(), 100, |result| {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Interrupted);
        })?;
    }
    Ok(())
}

fn all_other_waits_continue() -> Run {
    for &(name, wait) in waits::ALL {
        for limit in LIMITS {
            stopped(name, wait, limit, 1, |result| assert_eq!(result.expect(name), 1))?;
            if name != "epoll" {
                stopped(name, wait, limit.interruptible(), 1, |result| assert_eq!(result.expect(name), 1))?;
            }
        }
    }
    Ok(())
}
