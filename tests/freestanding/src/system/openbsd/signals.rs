//! Signal masks. The system calls take and return a mask as a value: sigprocmask in `sys/kern/kern_sig.c`.

use core::ffi::c_int;

use libc::sigset_t;

use crate::call::{call, error_number, returned};

unsafe fn change_mask(how: c_int, new: *const sigset_t, old: *mut sigset_t) -> Result<usize, c_int> {
    let (how, new) = if new.is_null() { (libc::SIG_BLOCK, 0) } else { (how, *new) };
    let before = call(48, [how as usize, new as usize])?;
    if !old.is_null() {
        *old = before as sigset_t;
    }
    Ok(0)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sigprocmask(how: c_int, new: *const sigset_t, old: *mut sigset_t) -> c_int {
    returned(change_mask(how, new, old)) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_sigmask(how: c_int, new: *const sigset_t, old: *mut sigset_t) -> c_int {
    error_number(change_mask(how, new, old))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sigsuspend(mask: *const sigset_t) -> c_int {
    returned(call(111, [*mask as usize])) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pause() -> c_int {
    let mut mask = 0;
    sigprocmask(libc::SIG_BLOCK, &raw const mask, &raw mut mask);
    sigsuspend(&raw const mask)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn signal(number: c_int, handler: usize) -> usize {
    // SAFETY: a struct of integers.
    let (mut new, mut old): (libc::sigaction, libc::sigaction) = core::mem::zeroed();
    (new.sa_sigaction, new.sa_flags) = (handler, libc::SA_RESTART);
    let result = returned(call(46, [number as usize, &raw const new as usize, &raw mut old as usize]));
    if result == 0 { old.sa_sigaction } else { libc::SIG_ERR }
}
