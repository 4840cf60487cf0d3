//! NetBSD 10, with the numbers of sys/kern/syscalls.master.
//!
//! The symbol of a function that once changed ends with the release of that change. A newer kernel still has these calls
//! if it is compatible with that release (`COMPAT_100` for 10).

use core::arch::global_asm;
use core::ffi::{c_char, c_int, c_uint, c_void};
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

use libc::{sigset_t, timespec};

use crate::call::{call, calls, error_number, returned};
use crate::folder::{self, Folder};
use crate::thread::{self, Thread};

calls! {
    kill = 37 (process, signal);
    poll = 209 (list, count, timeout);
    __sigaltstack14 = 281 (new, old);
    __sigprocmask14 = 293 (how, new, old);
    __sigsuspend14 = 294 (mask);
    _lwp_self = 311 ();
    _lwp_unpark = 321 (id, hint);
    kqueue = 344 ();
    sched_yield = 350 ();
    __libc_thr_yield = 350 ();
    __socket30 = 394 (domain, kind, protocol);
    __select50 = 417 (count, read, write, except, timeout);
    __clock_gettime50 = 427 (clock, time);
    __nanosleep50 = 430 (time, left);
    __kevent50 = 435 (queue, changes, changes_length, events, room, timeout);
    __pselect50 = 436 (count, read, write, except, timeout, mask);
    __pollts50 = 437 (list, count, timeout, mask);
    ppoll = 437 (list, count, timeout, mask);
    __stat50 = 439 (path, status);
    __fstat50 = 440 (fd, status);
    __lstat50 = 441 (path, status);
    pipe2 = 453 (pair, flags);
    kqueue1 = 455 (flags);
    linkat = 457 (old_folder, old, new_folder, new, flags);
    mkfifoat = 459 (folder, path, mode);
    openat = 468 (folder, path, flags, mode);
    unlinkat = 471 (folder, path, flags);
    ___lwp_park60 = 478 (clock, flags, time, unpark, hint, other);
}

pub(crate) const EXIT: usize = 1;
pub(crate) const FORK: usize = 2;
pub(crate) const WAIT4: usize = 449;
pub(crate) const EXECVE: usize = 59;
pub(crate) const GETDENTS: usize = 390;
pub(crate) const GETCWD: usize = 296;

// The note that names the system and the version, 10.0, for the kernel: sys/kern/exec_elf.c.
global_asm!(
    ".section .note.netbsd.ident, \"a\", @note",
    ".p2align 2",
    ".4byte 7, 4, 1",
    ".asciz \"NetBSD\"",
    ".p2align 2",
    ".4byte 1000000000",
    ".text",
);

// rbx points to the struct ps_strings: setregs in sys/arch/amd64/amd64/machdep.c.
global_asm!(
    ".globl _start",
    ".type _start, @function",
    "_start:",
    ".cfi_startproc",
    ".cfi_undefined rip",
    "xor ebp, ebp",
    "and rsp, -16",
    "mov rdi, rbx",
    "call {begin}",
    "ud2",
    ".cfi_endproc",
    begin = sym begin,
);

/// `struct ps_strings` of sys/exec.h.
#[repr(C)]
struct Strings {
    arguments: *mut *mut c_char,
    count: c_int,
    variables: *mut *mut c_char,
    variables_count: c_int,
}

unsafe extern "C" fn begin(strings: *const Strings) -> ! {
    crate::start::begin((*strings).count, (*strings).arguments, (*strings).variables)
}

/// Makes the fs register point to `thread`.
pub(crate) unsafe fn set_current(thread: *mut Thread) {
    let _ = call(317, [thread as usize]); // _lwp_setprivate
}

pub(crate) unsafe fn map(length: usize) -> Result<*mut u8, c_int> {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANON);
    // The sixth argument is padding.
    let mapped = call(197, [0, length, protection as usize, flags as usize, usize::MAX, 0, 0]);
    mapped.map(|address| address as *mut u8)
}

/// Waits until the word is woken. Returns at once if it does not have the expected value.
pub(crate) unsafe fn wait(word: &AtomicU32, expected: u32, timeout: Option<&timespec>) {
    // FUTEX_WAIT | FUTEX_PRIVATE_FLAG (sys/futex.h). The time is relative.
    let timeout = timeout.map_or(0, |timeout| ptr::from_ref(timeout) as usize);
    let _ = call(166, [word.as_ptr() as usize, 128, expected as usize, timeout, 0, 0, 0]);
}

pub(crate) unsafe fn wake(word: &AtomicU32, count: u32) {
    let count = count.min(i32::MAX as u32) as usize;
    // FUTEX_WAKE | FUTEX_PRIVATE_FLAG.
    let _ = call(166, [word.as_ptr() as usize, 129, count, 0, 0, 0, 0]);
}

pub(crate) unsafe fn own_id() -> usize {
    call(311, []).unwrap_or(0)
}

// The size that the kernel writes: __UCONTEXT_SIZE in machine/mcontext.h.
const _: () = assert!(size_of::<libc::ucontext_t>() == 784);

/// Starts a thread at `start`. When this returns, the number of the thread is in `id`.
pub(crate) unsafe fn start_thread(
    thread: *mut Thread,
    start: unsafe extern "C" fn(*mut Thread) -> !,
) -> Result<(), c_int> {
    // Indexes of registers (machine/mcontext.h), and flags of sys/ucontext.h.
    const RDI: usize = 0;
    const RBP: usize = 12;
    const RIP: usize = 21;
    const RSP: usize = 24;
    const CPU: c_uint = 0x4;
    const TLSBASE: c_uint = 0x80000;
    // SAFETY: a struct of integers and null pointers.
    let mut context: libc::ucontext_t = core::mem::zeroed();
    // The new thread needs the segments and flags of this one.
    call(307, [&raw mut context as usize])?;
    context.uc_flags = CPU | TLSBASE;
    context.uc_link = ptr::null_mut();
    let registers = &mut context.uc_mcontext.__gregs;
    registers[RIP] = start as usize as _;
    registers[RDI] = thread as usize as _;
    registers[RBP] = 0;
    // As after a call: 8 bytes below a multiple of 16.
    registers[RSP] = ((*thread).stack as usize + (*thread).stack_size - 8) as _;
    context.uc_mcontext._mc_tlsbase = thread as usize as _;
    let mut id: c_int = 0;
    call(309, [&raw const context as usize, 0, &raw mut id as usize])?;
    (*thread).id = id as usize;
    Ok(())
}

/// Ends this thread.
pub(crate) unsafe fn end_thread(thread: *mut Thread) -> ! {
    (*thread).ended.store(1, Ordering::Release);
    let _ = call(310, []); // _lwp_exit
    core::arch::asm!("ud2", options(noreturn))
}

/// Waits until a thread has ended and no longer uses its stack.
pub(crate) unsafe fn wait_for_thread(thread: *const Thread) {
    while call(312, [(*thread).id, 0]) == Err(libc::EINTR) {}
}

pub(crate) unsafe fn signal_thread(id: usize, signal: c_int) -> Result<usize, c_int> {
    call(318, [id, signal as usize])
}

/// Whether the kernel has random bytes already.
pub(crate) unsafe fn fill_with_random(bytes: &mut [u8]) -> bool {
    // getrandom
    let arguments = [bytes.as_mut_ptr() as usize, bytes.len(), libc::GRND_NONBLOCK as usize];
    call(91, arguments) == Ok(bytes.len())
}

/// The symbols that `dlsym` finds.
pub(crate) fn symbol(name: &[u8]) -> *mut c_void {
    match name {
        b"kqueue1" => calls::kqueue1 as *mut c_void,
        _ => ptr::null_mut(),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __errno() -> *mut c_int {
    &raw mut thread::current().errno
}

/// The callers pass at most five arguments, which are in registers.
#[unsafe(no_mangle)]
unsafe extern "C" fn __syscall(number: usize, a: usize, b: usize, c: usize, d: usize, e: usize) -> isize {
    returned(call(number, [a, b, c, d, e]))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mmap(
    address: usize,
    length: usize,
    protection: usize,
    flags: usize,
    fd: usize,
    offset: usize,
) -> isize {
    returned(call(197, [address, length, protection, flags, fd, 0, offset]))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn lseek(fd: usize, offset: usize, whence: usize) -> isize {
    returned(call(199, [fd, 0, offset, whence]))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate(fd: usize, length: usize) -> isize {
    returned(call(201, [fd, 0, length]))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn accept4(fd: usize, address: usize, length: usize, flags: usize) -> isize {
    returned(call(456, [fd, address, length, 0, flags])) // paccept, without a mask
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pipe(pair: *mut c_int) -> isize {
    returned(call(453, [pair as usize, 0]))
}

// The code that a signal handler returns to. It restores the context that r15 points to: sendsig_siginfo in
// sys/arch/amd64/amd64/machdep.c.
global_asm!(
    ".globl freestanding_restore",
    ".type freestanding_restore, @function",
    "freestanding_restore:",
    "mov rdi, r15",
    "mov eax, 308", // setcontext
    "syscall",
    "mov edi, -1",
    "mov eax, 1",
    "syscall",
    "ud2",
);

unsafe extern "C" {
    fn freestanding_restore();
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __sigaction14(
    number: c_int,
    new: *const libc::sigaction,
    old: *mut libc::sigaction,
) -> c_int {
    let restore = freestanding_restore as *const () as usize;
    returned(call(340, [number as usize, new as usize, old as usize, restore, 2])) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn signal(number: c_int, handler: usize) -> usize {
    // SAFETY: a struct of integers.
    let (mut new, mut old): (libc::sigaction, libc::sigaction) = core::mem::zeroed();
    (new.sa_sigaction, new.sa_flags) = (handler, libc::SA_RESTART);
    if __sigaction14(number, &raw const new, &raw mut old) == 0 { old.sa_sigaction } else { libc::SIG_ERR }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pause() -> c_int {
    // SAFETY: a struct of integers.
    let mut mask: sigset_t = core::mem::zeroed();
    let _ = call(293, [libc::SIG_BLOCK as usize, 0, &raw mut mask as usize]);
    returned(call(294, [&raw const mask as usize])) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __opendir30(path: *const c_char) -> *mut Folder {
    folder::opendir(path)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __readdir30(folder: *mut Folder) -> *mut libc::dirent {
    folder::readdir(folder)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn _cpuset_create() -> *mut c_void {
    ptr::null_mut()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn _cpuset_destroy(_: *mut c_void) {}

#[unsafe(no_mangle)]
unsafe extern "C" fn _cpuset_isset(_: c_int, _: *const c_void) -> c_int {
    -1
}

#[unsafe(no_mangle)]
unsafe extern "C" fn _cpuset_size(_: *const c_void) -> usize {
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_getaffinity_np(_: usize, _: usize, _: *mut c_void) -> c_int {
    libc::ENOSYS
}

/// Returns the error instead of setting `errno`: `sys_clock_nanosleep` in `sys/kern/kern_time.c`.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_nanosleep(clock: usize, flags: usize, time: usize, left: usize) -> c_int {
    error_number(call(477, [clock, flags, time, left]))
}

/// The streams that the unwinder would print to: three of 152 bytes.
#[unsafe(no_mangle)]
static mut __sF: [[u64; 19]; 3] = [[0; 19]; 3];
