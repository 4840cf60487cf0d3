//! What a thread asks the kernel for, call by call: a filter tells another thread of each, which lets it go on.

#![expect(unsafe_code, reason = "seccomp(2) takes addresses; what a call was passed is read where it lies")]

use std::ffi::{c_int, c_long};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::with_exposed_provenance;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use conformance::{NotRun, Run, not_run};
use rustix::ioctl::{Opcode, opcode};

use super::seccomp::{PPOLL, PSELECT};

/// A system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) number: c_long,
    pub(crate) arguments: [u64; 6],
    /// The time at the address that is one of them, if it is one that waits for so long.
    pub(crate) time: Option<Duration>,
}

/// Those that were made while somebody wanted to know. It does not grow: the one who makes a call may just hold the lock
/// of the allocator.
static CALLS: Mutex<Vec<Call>> = Mutex::new(Vec::new());
static WANTED: AtomicBool = AtomicBool::new(false);

const MOST: usize = 100;

const BPF_RET_K: u16 = 0x06; // include/uapi/linux/bpf_common.h
const RECEIVE: Opcode = opcode::read_write::<libc::seccomp_notif>(b'!', 0); // include/uapi/linux/seccomp.h
const SEND: Opcode = opcode::read_write::<libc::seccomp_notif_resp>(b'!', 1);

/// With 64 bits of seconds, on 32-bit machines; no other call has this number.
const CLOCK_GETTIME64: c_long = 403;

/// From now on this thread is observed, for as long as it lives. Only in a child process, as what observes it stays.
///
/// # Errors
///
/// The kernel does not tell of calls.
pub(crate) fn begin() -> Run {
    static LISTENER: AtomicI32 = AtomicI32::new(0);

    CALLS.lock().unwrap().reserve(MOST);
    thread::spawn(|| {
        // It is told without a call: there would be nobody yet to let that go on.
        while LISTENER.load(Ordering::Acquire) == 0 {
            thread::yield_now();
        }
        if let fd @ 1.. = LISTENER.load(Ordering::Acquire) {
            // SAFETY: the number is what `listener` has made, which nobody else knows.
            observe(&unsafe { OwnedFd::from_raw_fd(fd) });
        }
    });
    let listener = listener();
    LISTENER.store(*listener.as_ref().unwrap_or(&-1), Ordering::Release);
    // The first call that is told of.
    rustix::thread::sched_yield();
    listener.map(drop).map_err(|error| NotRun::because(format_args!("system calls are not told of: {error}")))
}

/// The calls that `body` makes, and what it gives back.
///
/// To read the clock is none: it is one on few machines, see vdso(7).
pub(crate) fn calls<T>(body: impl FnOnce() -> T) -> (T, Vec<Call>) {
    WANTED.store(true, Ordering::SeqCst);
    let result = body();
    WANTED.store(false, Ordering::SeqCst);
    let mut seen = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
    let calls = seen.clone();
    seen.clear();
    (result, calls)
}

/// A descriptor that tells of the calls of this thread from now on.
fn listener() -> io::Result<c_int> {
    rustix::thread::set_no_new_privs(true)?;
    let mut tell = libc::sock_filter { code: BPF_RET_K, jt: 0, jf: 0, k: libc::SECCOMP_RET_USER_NOTIF };
    let program = libc::sock_fprog { len: 1, filter: &raw mut tell };
    let (filter, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
    // SAFETY: `program` is one instruction, and outlives the call, which copies it.
    let fd = unsafe { libc::syscall(libc::SYS_seccomp, filter, flags, &raw const program) };
    // A descriptor fits, whether or not a `c_long` is wider than it.
    if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(fd as _) }
}

/// Lets each call go on, and keeps those that are wanted.
fn observe(listener: &OwnedFd) {
    let fd = listener.as_raw_fd();
    loop {
        // SAFETY: a struct of integers, which are to be zero: seccomp_unotify(2).
        let mut told: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: `RECEIVE` says how large the struct is.
        if failed(unsafe { libc::ioctl(fd, RECEIVE as _, &raw mut told) }) {
            continue;
        }
        if WANTED.load(Ordering::SeqCst) {
            keep(&told.data);
        }
        let flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as _;
        let mut answer = libc::seccomp_notif_resp { id: told.id, val: 0, error: 0, flags };
        // SAFETY: `SEND` says how large the struct is.
        failed(unsafe { libc::ioctl(fd, SEND as _, &raw mut answer) });
    }
}

/// Whether the one who made the call was interrupted, and makes it anew.
fn failed(result: c_int) -> bool {
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        _ if result == 0 => false,
        Some(libc::EINTR | libc::ENOENT) => true,
        // EINVAL: before Linux 5.5, a call that somebody was told of cannot go on.
        _ => not_run(format_args!("a system call that is told of does not go on: {error}")),
    }
}

fn keep(data: &libc::seccomp_data) {
    let number = c_long::from(data.nr);
    if [libc::SYS_clock_gettime, CLOCK_GETTIME64].contains(&number) {
        return;
    }
    let place = match number {
        _ if PSELECT.contains(&number) => Some(4),
        _ if PPOLL.contains(&number) => Some(2),
        libc::SYS_epoll_pwait2 => Some(3),
        _ => None,
    };
    let address = place.map(|place| data.args[place] as usize).filter(|address| *address != 0);
    let mut calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(calls.len() < MOST);
    calls.push(Call { number, arguments: data.args, time: address.map(|address| time(address, number)) });
}

/// What a thread that waits for an answer has passed to this call.
fn time(address: usize, number: c_long) -> Duration {
    let small = cfg!(target_pointer_width = "32") && [libc::SYS_pselect6, libc::SYS_ppoll].contains(&number);
    let [seconds, nanoseconds] = if small {
        // SAFETY: at `address` is a timespec of the calls that are as old as the machine.
        unsafe { with_exposed_provenance::<[i32; 2]>(address).read_unaligned() }.map(i64::from)
    } else {
        // SAFETY: at `address` is a timespec of 64 bits each.
        unsafe { with_exposed_provenance::<[i64; 2]>(address).read_unaligned() }
    };
    // The upper half of the nanoseconds is not looked at where the machine has 32 bits: get_timespec64 in kernel/time/time.c.
    Duration::new(seconds.try_into().unwrap(), nanoseconds as u32)
}
