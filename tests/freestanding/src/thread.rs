//! Threads: creation, stacks, and the memory that the fs register points to.

use core::arch::asm;
use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::lock::Locked;
use crate::start;
use crate::system;
use crate::thread_data::{self, KEYS};

/// The fs register points to this struct. The thread-local variables are before it, as in the x86-64 ABI.
#[repr(C)]
pub(crate) struct Thread {
    /// The address of this struct, which the ABI requires here.
    this: *mut Self,
    pub(crate) errno: c_int,
    /// The number of the thread in the kernel.
    pub(crate) id: usize,
    /// 0 while the thread runs.
    pub(crate) ended: AtomicUsize,
    /// Of no size for the first thread, whose stack the kernel has made.
    pub(crate) stack: *mut u8,
    pub(crate) stack_size: usize,
    run: Option<extern "C" fn(*mut c_void) -> *mut c_void>,
    argument: *mut c_void,
    result: *mut c_void,
    pub(crate) values: [*mut c_void; KEYS],
    next: *mut Self,
}

/// The stacks of the standard library's threads have 2 MiB.
const STACK: usize = 1 << 21;

/// Detached threads. The stacks of those that have ended are freed when another thread is created.
static DETACHED: Locked<*mut Thread> = Locked::new(ptr::null_mut());

/// The lock of the detached threads, which `fork` takes so that no other thread holds it.
pub(crate) fn lock() -> &'static crate::lock::Lock {
    &DETACHED.lock
}

/// This thread.
pub(crate) fn current<'a>() -> &'a mut Thread {
    let this: *mut Thread;
    // SAFETY: fs points to a `Thread` in each thread, and before `main`; see `make` and `system::set_current`.
    unsafe { asm!("mov {}, fs:[0]", out(reg) this, options(nostack, readonly, preserves_flags)) };
    // SAFETY: only its own thread uses it, and only within a function of this crate.
    unsafe { &mut *this }
}

/// Allocates a stack with the thread-local variables and the `Thread` above it.
unsafe fn make(stack_size: usize) -> Result<*mut Thread, c_int> {
    let template = start::thread_template();
    let alignment = template.alignment.max(64);
    // The distance from the first variable to the `Thread`. The linker counts offsets backwards from there.
    let data =
        template.size + ((template.image as usize + template.size).wrapping_neg() & (template.alignment - 1));
    let place = data.next_multiple_of(alignment);
    let begin = system::map(stack_size + (place + size_of::<Thread>()).next_multiple_of(4096))?;
    let thread = begin.add(stack_size + place).cast::<Thread>(); // a mapping begins at a page
    ptr::copy_nonoverlapping(template.image, thread.cast::<u8>().sub(data), template.image_size);
    thread.write(Thread {
        this: thread,
        errno: 0,
        id: 0,
        ended: AtomicUsize::new(0),
        stack: begin,
        stack_size,
        run: None,
        argument: ptr::null_mut(),
        result: ptr::null_mut(),
        values: [ptr::null_mut(); KEYS],
        next: ptr::null_mut(),
    });
    Ok(thread)
}

unsafe fn unmake(thread: *mut Thread) {
    let end = thread.add(1) as usize;
    let begin = (*thread).stack;
    libc::munmap(begin.cast(), end.next_multiple_of(4096) - begin as usize);
}

/// Sets up the first thread.
pub(crate) unsafe fn adopt() {
    let Ok(thread) = make(0) else { crate::process::_exit(127) };
    system::set_current(thread);
    (*thread).id = system::own_id();
}

/// Updates the thread in a forked child, where it has another number.
pub(crate) unsafe fn forked() {
    current().id = system::own_id();
    DETACHED.with(|first| *first = ptr::null_mut());
}

unsafe extern "C" fn run(thread: *mut Thread) -> ! {
    (*thread).id = system::own_id(); // `start_thread` may not have stored it yet
    if let Some(run) = (*thread).run {
        (*thread).result = run((*thread).argument);
    }
    thread_data::end();
    system::end_thread(thread)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_create(
    new: *mut *mut Thread,
    attributes: *const *const thread_data::Attributes,
    body: extern "C" fn(*mut c_void) -> *mut c_void,
    argument: *mut c_void,
) -> c_int {
    reap();
    let wanted = thread_data::stack_size(attributes);
    let thread = match make(if wanted == 0 { STACK } else { wanted.next_multiple_of(4096) }) {
        Ok(thread) => thread,
        Err(error) => return error,
    };
    ((*thread).run, (*thread).argument) = (Some(body), argument);
    new.write(thread);
    match system::start_thread(thread, run) {
        Ok(()) => 0,
        Err(error) => {
            unmake(thread);
            error
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_join(thread: *mut Thread, result: *mut *mut c_void) -> c_int {
    system::wait_for_thread(thread);
    if !result.is_null() {
        result.write((*thread).result);
    }
    unmake(thread);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_detach(thread: *mut Thread) -> c_int {
    DETACHED.with(|first| {
        (*thread).next = *first;
        *first = thread;
    });
    0
}

/// Frees the memory of detached threads that have ended.
unsafe fn reap() {
    DETACHED.with(|first| {
        let mut place: *mut *mut Thread = first;
        while !(*place).is_null() {
            let thread = *place;
            if (*thread).ended.load(Ordering::Acquire) == 0 {
                place = &raw mut (*thread).next;
                continue;
            }
            *place = (*thread).next;
            system::wait_for_thread(thread);
            unmake(thread);
        }
    });
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_self() -> *mut Thread {
    current()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_kill(thread: *mut Thread, signal: c_int) -> c_int {
    system::signal_thread((*thread).id, signal).err().unwrap_or(0)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_setname_np() -> c_int {
    0
}
