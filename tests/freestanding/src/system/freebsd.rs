//! FreeBSD 14, with the numbers of sys/kern/syscalls.master.

use core::arch::global_asm;
use core::ffi::{c_char, c_int, c_long, c_void};
use core::ptr;
use core::sync::atomic::AtomicU32;

use libc::{sigset_t, timespec};

use crate::call::{call, calls, error_number, returned};
use crate::thread::{self, Thread};

calls! {
    kill = 37 (process, signal);
    sigaltstack = 53 (new, old);
    select = 93 (count, read, write, except, timeout);
    socket = 97 (domain, kind, protocol);
    __sysctl = 202 (name, length, old, room, new, size);
    poll = 209 (list, count, timeout);
    clock_gettime = 232 (clock, time);
    nanosleep = 240 (time, left);
    sched_yield = 331 ();
    sigprocmask = 340 (how, new, old);
    sigsuspend = 341 (mask);
    kqueue = 362 ();
    sigaction = 416 (signal, new, old);
    _umtx_op = 454 (object, operation, value, first, second);
    mmap = 477 (address, length, protection, flags, fd, offset);
    lseek = 478 (fd, offset, whence);
    ftruncate = 480 (fd, length);
    cpuset_getaffinity = 487 (level, which, id, size, mask);
    linkat = 495 (old_folder, old, new_folder, new, flags);
    mkfifoat = 497 (folder, path, mode);
    openat = 499 (folder, path, flags, mode);
    unlinkat = 503 (folder, path, flags);
    posix_openpt = 504 (flags);
    pselect = 522 (count, read, write, except, timeout, mask);
    accept4 = 541 (fd, address, length, flags);
    pipe2 = 542 (pair, flags);
    ppoll = 545 (list, count, timeout, mask);
    fstat = 551 (fd, status);
    fstatat = 552 (folder, path, status, flags);
    kevent = 560 (queue, changes, length, events, room, timeout);
    kqueuex = 583 (flags);
}

pub(crate) const EXIT: usize = 1;
pub(crate) const FORK: usize = 2;
pub(crate) const WAIT4: usize = 7;
pub(crate) const EXECVE: usize = 59;
pub(crate) const GETDENTS: usize = 554;
pub(crate) const GETCWD: usize = 326;

// The note that names the system and the version, 14.0, for the kernel: sys/kern/imgact_elf.c.
global_asm!(
    ".section .note.tag, \"a\", @note",
    ".p2align 2",
    ".4byte 8, 4, 1",
    ".asciz \"FreeBSD\"",
    ".4byte 1400097",
    ".text",
);

// rdi points to the arguments, and rsp is 8 bytes below a multiple of 16: exec_setregs in sys/amd64/amd64/exec_machdep.c.
global_asm!(
    ".globl _start",
    ".type _start, @function",
    "_start:",
    ".cfi_startproc",
    ".cfi_undefined rip",
    "xor ebp, ebp",
    "and rsp, -16",
    "call {begin}",
    "ud2",
    ".cfi_endproc",
    begin = sym begin,
);

/// `arguments` points to a count, the argument pointers, a null, the environment pointers, and a null.
unsafe extern "C" fn begin(arguments: *mut *mut c_char) -> ! {
    let count = arguments.read() as usize;
    let first = arguments.add(1);
    crate::start::begin(count as c_int, first, first.add(count + 1))
}

/// Makes the fs register point to `thread`.
pub(crate) unsafe fn set_current(thread: *mut Thread) {
    // sysarch with AMD64_SET_FSBASE (machine/sysarch.h), which takes the address of the address.
    let _ = call(165, [129, ptr::from_ref(&thread) as usize]);
}

pub(crate) unsafe fn map(length: usize) -> Result<*mut u8, c_int> {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANON);
    call(477, [0, length, protection as usize, flags as usize, usize::MAX, 0])
        .map(|address| address as *mut u8)
}

/// Waits until the word is woken. Returns at once if it does not have the expected value.
pub(crate) unsafe fn wait(word: &AtomicU32, expected: u32, timeout: Option<&timespec>) {
    // UMTX_OP_WAIT_UINT_PRIVATE. The first pointer argument is the size of the timespec: _umtx_op(2).
    let size = if timeout.is_some() { size_of::<timespec>() } else { 0 };
    let timeout = timeout.map_or(0, |timeout| ptr::from_ref(timeout) as usize);
    let _ = call(454, [word.as_ptr() as usize, 15, expected as usize, size, timeout]);
}

pub(crate) unsafe fn wake(word: &AtomicU32, count: u32) {
    // UMTX_OP_WAKE_PRIVATE.
    let _ = call(454, [word.as_ptr() as usize, 16, count as usize, 0, 0]);
}

pub(crate) unsafe fn own_id() -> usize {
    let mut id: c_long = 0;
    let _ = call(432, [&raw mut id as usize]);
    id as usize
}

#[repr(C)]
struct Parameters {
    start: unsafe extern "C" fn(*mut Thread) -> !,
    argument: *mut Thread,
    stack: *mut u8,
    stack_size: usize,
    tls: *mut Thread,
    tls_size: usize,
    child: *mut c_long,
    parent: *mut c_long,
    flags: c_int,
    priority: *mut c_void,
    spare: [*mut c_void; 3],
}

/// Starts a thread at `start`. When this returns, the number of the thread is in `id`.
pub(crate) unsafe fn start_thread(
    thread: *mut Thread,
    start: unsafe extern "C" fn(*mut Thread) -> !,
) -> Result<(), c_int> {
    let id = (&raw mut (*thread).id).cast::<c_long>();
    let parameters = Parameters {
        start,
        argument: thread,
        stack: (*thread).stack,
        stack_size: (*thread).stack_size,
        tls: thread,
        tls_size: 0,
        child: id,
        parent: id,
        flags: 0,
        priority: ptr::null_mut(),
        spare: [ptr::null_mut(); 3],
    };
    call(455, [&raw const parameters as usize, size_of::<Parameters>()]).map(drop)
}

/// Ends this thread, and wakes a thread that joins it when the stack is no longer used.
pub(crate) unsafe fn end_thread(thread: *mut Thread) -> ! {
    // thr_exit writes a long of 1 there, and wakes its waiters: sys_thr_exit in sys/kern/kern_thr.c.
    let _ = call(431, [(*thread).ended.as_ptr() as usize]);
    core::arch::asm!("ud2", options(noreturn))
}

/// Waits until a thread has ended.
pub(crate) unsafe fn wait_for_thread(thread: *const Thread) {
    while (*thread).ended.load(core::sync::atomic::Ordering::Acquire) == 0 {
        // UMTX_OP_WAIT, while the long is 0.
        let _ = call(454, [(*thread).ended.as_ptr() as usize, 2, 0, 0, 0]);
    }
}

pub(crate) unsafe fn signal_thread(id: usize, signal: c_int) -> Result<usize, c_int> {
    call(433, [id, signal as usize])
}

/// Whether the kernel has random bytes already.
pub(crate) unsafe fn fill_with_random(bytes: &mut [u8]) -> bool {
    // getrandom
    let arguments = [bytes.as_mut_ptr() as usize, bytes.len(), libc::GRND_NONBLOCK as usize];
    call(563, arguments) == Ok(bytes.len())
}

/// The symbols that `dlsym` finds.
pub(crate) fn symbol(name: &[u8]) -> *mut c_void {
    match name {
        b"environ" => (&raw mut crate::start::environ).cast(),
        b"kqueuex" => calls::kqueuex as *mut c_void,
        _ => ptr::null_mut(),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __error() -> *mut c_int {
    &raw mut thread::current().errno
}

/// The system call takes the length of the name too.
#[unsafe(no_mangle)]
unsafe extern "C" fn sysctlbyname(
    name: *const c_char,
    old: usize,
    room: usize,
    new: usize,
    size: usize,
) -> c_int {
    let length = core::ffi::CStr::from_ptr(name).count_bytes();
    returned(call(570, [name as usize, length, old, room, new, size])) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn stat(path: *const c_char, status: *mut c_void) -> c_int {
    returned(call(552, [libc::AT_FDCWD as usize, path as usize, status as usize, 0])) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn lstat(path: *const c_char, status: *mut c_void) -> c_int {
    let flags = libc::AT_SYMLINK_NOFOLLOW as usize;
    returned(call(552, [libc::AT_FDCWD as usize, path as usize, status as usize, flags])) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pipe(pair: *mut c_int) -> c_int {
    returned(call(542, [pair as usize, 0])) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_getthreadid_np() -> c_int {
    thread::current().id as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn signal(number: c_int, handler: usize) -> usize {
    // SAFETY: a struct of integers.
    let (mut new, mut old): (libc::sigaction, libc::sigaction) = core::mem::zeroed();
    (new.sa_sigaction, new.sa_flags) = (handler, libc::SA_RESTART);
    let result = returned(call(416, [number as usize, &raw const new as usize, &raw mut old as usize]));
    if result == 0 { old.sa_sigaction } else { libc::SIG_ERR }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pause() -> c_int {
    // SAFETY: a struct of integers.
    let mut mask: sigset_t = core::mem::zeroed();
    let _ = call(340, [libc::SIG_BLOCK as usize, 0, &raw mut mask as usize]);
    returned(call(341, [&raw const mask as usize])) as c_int
}

/// Returns the error instead of setting `errno`: `kern_posix_error` in `sys/kern/kern_time.c`.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_nanosleep(clock: usize, flags: usize, time: usize, left: usize) -> c_int {
    error_number(call(244, [clock, flags, time, left]))
}

/// The stream that the unwinder would print to.
#[unsafe(no_mangle)]
static mut __stderrp: *mut c_void = ptr::null_mut();
