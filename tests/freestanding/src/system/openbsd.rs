//! OpenBSD 7.3, with the numbers of sys/kern/syscalls.master. Each release may change them.
//!
//! From 7.5 on, the kernel requires a table of all system call instructions in the file (`PT_OPENBSD_SYSCALLS`), with an
//! instruction of its own for each call: `elf_read_pintable` in `sys/kern/exec_elf.c`. This crate has one instruction for all
//! of them, so it does not run there.

use core::arch::global_asm;
use core::ffi::{c_char, c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

use libc::timespec;

use crate::call::{call, calls};
use crate::thread::{self, Thread};

mod signals;
mod terminal;

calls! {
    getentropy = 7 (buffer, length);
    stat = 38 (path, status);
    lstat = 40 (path, status);
    fstatat = 42 (folder, path, status, flags);
    sigaction = 46 (signal, new, old);
    mmap = 49 (address, length, protection, flags, fd, offset);
    fstat = 53 (fd, status);
    select = 71 (count, read, write, except, timeout);
    kevent = 72 (queue, changes, changes_length, events, room, timeout);
    futex = 83 (word, operation, value, time, second);
    clock_gettime = 87 (clock, time);
    nanosleep = 91 (time, left);
    accept4 = 93 (fd, address, length, flags);
    socket = 97 (domain, kind, protocol);
    pipe2 = 101 (pair, flags);
    ppoll = 109 (list, count, timeout, mask);
    pselect = 110 (count, read, write, except, timeout, mask);
    kill = 122 (process, signal);
    lseek = 166 (fd, offset, whence);
    ftruncate = 168 (fd, length);
    poll = 252 (list, count, timeout);
    pipe = 263 (pair);
    kqueue = 269 ();
    sigaltstack = 288 (new, old);
    sched_yield = 298 ();
    getthrid = 299 ();
    linkat = 317 (old_folder, old, new_folder, new, flags);
    mkfifoat = 319 (folder, path, mode);
    openat = 321 (folder, path, flags, mode);
    unlinkat = 325 (folder, path, flags);
}

pub(crate) const EXIT: usize = 1;
pub(crate) const FORK: usize = 2;
pub(crate) const WAIT4: usize = 11;
pub(crate) const EXECVE: usize = 59;
pub(crate) const GETDENTS: usize = 99;
pub(crate) const GETCWD: usize = 304;

// The note that names the system for the kernel: elf_os_pt_note in sys/kern/exec_elf.c.
global_asm!(
    ".section .note.openbsd.ident, \"a\", @note",
    ".p2align 2",
    ".4byte 8, 4, 1",
    ".asciz \"OpenBSD\"",
    ".4byte 0",
    ".text",
);

// rsp points to the arguments: setregs in sys/arch/amd64/amd64/machdep.c.
global_asm!(
    ".globl _start",
    ".type _start, @function",
    "_start:",
    ".cfi_startproc",
    ".cfi_undefined rip",
    "xor ebp, ebp",
    "mov rdi, rsp",
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
    let _ = call(329, [thread as usize]); // __set_tcb
}

/// Maps memory that may be a stack. A thread whose stack is not `MAP_STACK` memory gets SIGSEGV: mmap(2).
pub(crate) unsafe fn map(length: usize) -> Result<*mut u8, c_int> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_STACK;
    call(49, [0, length, protection as usize, flags as usize, usize::MAX, 0])
        .map(|address| address as *mut u8)
}

/// Waits until the word is woken. Returns at once if it does not have the expected value.
pub(crate) unsafe fn wait(word: &AtomicU32, expected: u32, timeout: Option<&timespec>) {
    // FUTEX_WAIT | FUTEX_PRIVATE_FLAG (sys/futex.h). The time is relative.
    let timeout = timeout.map_or(0, |timeout| ptr::from_ref(timeout) as usize);
    let _ = call(83, [word.as_ptr() as usize, 129, expected as usize, timeout, 0]);
}

pub(crate) unsafe fn wake(word: &AtomicU32, count: u32) {
    let count = count.min(i32::MAX as u32) as usize;
    // FUTEX_WAKE | FUTEX_PRIVATE_FLAG.
    let _ = call(83, [word.as_ptr() as usize, 130, count, 0, 0]);
}

pub(crate) unsafe fn own_id() -> usize {
    call(299, []).unwrap_or(0)
}

// int freestanding_tfork(const struct __tfork *fork, size_t size, start, thread): 0 or an error.
//
// The new thread begins behind the system call with the registers of this one, except for rax, which is 0, and rsp:
// cpu_fork in sys/arch/amd64/amd64/vm_machdep.c.
global_asm!(
    ".globl freestanding_tfork",
    ".type freestanding_tfork, @function",
    "freestanding_tfork:",
    "mov r8, rdx",
    "mov r9, rcx",
    "mov eax, 8", // __tfork
    "syscall",
    "jc 2f",
    "test eax, eax",
    "je 3f",
    "xor eax, eax",
    "2:",
    "ret",
    "3:",
    "xor ebp, ebp",
    "mov rdi, r9",
    "call r8",
    "ud2",
);

/// `struct __tfork` of sys/proc.h.
#[repr(C)]
struct ThreadFork {
    tcb: *mut Thread,
    tid: *mut c_int,
    stack: *mut u8,
}

unsafe extern "C" {
    fn freestanding_tfork(
        fork: *const ThreadFork,
        size: usize,
        start: unsafe extern "C" fn(*mut Thread) -> !,
        thread: *mut Thread,
    ) -> c_int;
}

/// Starts a thread at `start`. When this returns, the number of the thread is in `id`.
pub(crate) unsafe fn start_thread(
    thread: *mut Thread,
    start: unsafe extern "C" fn(*mut Thread) -> !,
) -> Result<(), c_int> {
    // A multiple of 16 below the end, as the ABI requires before a call.
    let stack = (*thread).stack.add((*thread).stack_size - 64);
    let fork = ThreadFork { tcb: thread, tid: (&raw mut (*thread).id).cast(), stack };
    match freestanding_tfork(&raw const fork, size_of::<ThreadFork>(), start, thread) {
        0 => Ok(()),
        error => Err(error),
    }
}

/// The lower half of `ended`, which a futex can wait for.
unsafe fn ended<'a>(thread: *const Thread) -> &'a AtomicU32 {
    &*(&raw const (*thread).ended).cast()
}

/// Ends this thread, and wakes a thread that joins it.
pub(crate) unsafe fn end_thread(thread: *mut Thread) -> ! {
    ended(thread).store(1, Ordering::Release);
    wake(ended(thread), u32::MAX);
    // __threxit sets the number to 0 when the stack is no longer used, and wakes no one: sys___threxit in sys/kern/kern_exit.c.
    let _ = call(302, [&raw mut (*thread).id as usize]);
    core::arch::asm!("ud2", options(noreturn))
}

/// Waits until a thread has ended and no longer uses its stack.
pub(crate) unsafe fn wait_for_thread(thread: *const Thread) {
    while ended(thread).load(Ordering::Acquire) == 0 {
        wait(ended(thread), 0, None);
    }
    let id = &*(&raw const (*thread).id).cast::<AtomicU32>();
    while id.load(Ordering::Acquire) != 0 {
        let _ = call(298, []); // sched_yield
    }
}

pub(crate) unsafe fn signal_thread(id: usize, signal: c_int) -> Result<usize, c_int> {
    // thrkill with 0 would signal this thread: thrkill(2).
    if id == 0 { Err(libc::ESRCH) } else { call(119, [id, signal as usize, 0]) }
}

/// Whether the kernel has random bytes already.
pub(crate) unsafe fn fill_with_random(bytes: &mut [u8]) -> bool {
    // getentropy
    call(7, [bytes.as_mut_ptr() as usize, bytes.len()]).is_ok()
}

/// The symbols that `dlsym` finds.
pub(crate) fn symbol(_: &[u8]) -> *mut c_void {
    ptr::null_mut()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __errno() -> *mut c_int {
    &raw mut thread::current().errno
}

/// Returns the stack of a thread, in which the standard library looks for a guard page. There is none.
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_stackseg_np(thread: *const Thread, stack: *mut libc::stack_t) -> c_int {
    let (top, size) = match (*thread).stack_size {
        // The first thread. An address above this frame and the default limit are close enough.
        0 => ((&raw const stack as usize).next_multiple_of(1 << 16) as *mut u8, 4 << 20),
        size => ((*thread).stack.add(size), size),
    };
    ((*stack).ss_sp, (*stack).ss_size, (*stack).ss_flags) = (top.cast(), size, 0);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_main_np() -> c_int {
    c_int::from(thread::current().stack_size == 0)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_set_name_np(_: *mut Thread, _: *const c_char) {}

/// The streams that the unwinder would print to: three of 152 bytes.
#[unsafe(no_mangle)]
static mut __sF: [[u64; 19]; 3] = [[0; 19]; 3];

/// The name of the third stream in the headers of OpenBSD 7.8, which come with zig.
#[unsafe(no_mangle)]
static mut __stderr: [u64; 19] = [0; 19];
