//! The system calls of a thread: a filter reports each call to another thread, which lets it continue.

#![expect(
    unsafe_code,
    reason = "seccomp(2) takes addresses, and the arguments of a call are read from memory"
)]

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
    /// The time behind the pointer argument of a waiting call.
    pub(crate) time: Option<Duration>,
}

/// The observed calls. The list must not grow, because the observed thread may hold the lock of the allocator.
static CALLS: Mutex<Vec<Call>> = Mutex::new(Vec::new());
static WANTED: AtomicBool = AtomicBool::new(false);

const MOST: usize = 100;

const BPF_RET_K: u16 = 0x06; // include/uapi/linux/bpf_common.h
const RECEIVE: Opcode = opcode::read_write::<libc::seccomp_notif>(b'!', 0); // include/uapi/linux/seccomp.h
const SEND: Opcode = opcode::read_write::<libc::seccomp_notif_resp>(b'!', 1);

/// `clock_gettime` with 64 bits of seconds, on 32-bit machines. No other call has this number.
const CLOCK_GETTIME64: c_long = 403;

/// Observes this thread for the rest of its life. For child processes only, because the observing thread stays.
///
/// # Errors
///
/// The kernel does not report system calls.
pub(crate) fn begin() -> Run {
    static LISTENER: AtomicI32 = AtomicI32::new(0);

    CALLS.lock().unwrap().reserve(MOST);
    thread::spawn(|| {
        // The number arrives in memory: a system call could not continue before this thread observes it.
        while LISTENER.load(Ordering::Acquire) == 0 {
            thread::yield_now();
        }
        if let fd @ 1.. = LISTENER.load(Ordering::Acquire) {
            // SAFETY: `listener` has just made this descriptor, and no one else knows its number.
            observe(&unsafe { OwnedFd::from_raw_fd(fd) });
        }
    });
    let listener = listener();
    LISTENER.store(*listener.as_ref().unwrap_or(&-1), Ordering::Release);
    // The first call that is reported.
    rustix::thread::sched_yield();
    listener
        .map(drop)
        .map_err(|error| NotRun::because(format_args!("the kernel does not report system calls: {error}")))
}

/// Runs `body`, and returns its result and the calls that it made.
///
/// Reading the clock does not count: few machines need a system call for that (vdso(7)).
pub(crate) fn calls<T>(body: impl FnOnce() -> T) -> (T, Vec<Call>) {
    WANTED.store(true, Ordering::SeqCst);
    let result = body();
    WANTED.store(false, Ordering::SeqCst);
    let mut seen = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
    let calls = seen.clone();
    seen.clear();
    (result, calls)
}

/// A descriptor that reports the calls of this thread from now on.
fn listener() -> io::Result<c_int> {
    rustix::thread::set_no_new_privs(true)?;
    let mut notify = libc::sock_filter { code: BPF_RET_K, jt: 0, jf: 0, k: libc::SECCOMP_RET_USER_NOTIF };
    let program = libc::sock_fprog { len: 1, filter: &raw mut notify };
    let (filter, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
    // SAFETY: `program` is one instruction, and outlives the call, which copies it.
    let fd = unsafe { libc::syscall(libc::SYS_seccomp, filter, flags, &raw const program) };
    // A descriptor fits into `c_int`.
    if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(fd as _) }
}

/// Lets each call continue, and keeps those that are wanted.
fn observe(listener: &OwnedFd) {
    let fd = listener.as_raw_fd();
    loop {
        // SAFETY: a struct of integers, which must be zero: seccomp_unotify(2).
        let mut notification: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: `RECEIVE` contains the size of the struct.
        if failed(unsafe { libc::ioctl(fd, RECEIVE as _, &raw mut notification) }) {
            continue;
        }
        if WANTED.load(Ordering::SeqCst) {
            keep(&notification.data);
        }
        let flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as _;
        let mut answer = libc::seccomp_notif_resp { id: notification.id, val: 0, error: 0, flags };
        // SAFETY: `SEND` contains the size of the struct.
        failed(unsafe { libc::ioctl(fd, SEND as _, &raw mut answer) });
    }
}

/// Whether a signal interrupted the observed call, which the thread then repeats.
fn failed(result: c_int) -> bool {
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        _ if result == 0 => false,
        Some(libc::EINTR | libc::ENOENT) => true,
        // EINVAL: before Linux 5.5, a reported call cannot continue.
        _ => not_run(format_args!("a reported system call does not continue: {error}")),
    }
}

fn keep(data: &libc::seccomp_data) {
    let number = c_long::from(data.nr);
    if [libc::SYS_clock_gettime, CLOCK_GETTIME64].contains(&number) {
        return;
    }
    let index = match number {
        _ if PSELECT.contains(&number) => Some(4),
        _ if PPOLL.contains(&number) => Some(2),
        libc::SYS_epoll_pwait2 => Some(3),
        _ => None,
    };
    let address = index.map(|index| data.args[index] as usize).filter(|address| *address != 0);
    let mut calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(calls.len() < MOST);
    calls.push(Call { number, arguments: data.args, time: address.map(|address| time(address, number)) });
}

/// The time that the observed thread, which is stopped in this call, has passed.
fn time(address: usize, number: c_long) -> Duration {
    let small = cfg!(target_pointer_width = "32") && [libc::SYS_pselect6, libc::SYS_ppoll].contains(&number);
    let [seconds, nanoseconds] = if small {
        // SAFETY: the older calls take a timespec of two 32-bit numbers, and `address` points to one.
        unsafe { with_exposed_provenance::<[i32; 2]>(address).read_unaligned() }.map(i64::from)
    } else {
        // SAFETY: `address` points to a timespec of two 64-bit numbers.
        unsafe { with_exposed_provenance::<[i64; 2]>(address).read_unaligned() }
    };
    // On 32-bit machines the kernel ignores the upper half of the nanoseconds: get_timespec64 in kernel/time/time.c.
    Duration::new(seconds.try_into().unwrap(), nanoseconds as u32)
}
