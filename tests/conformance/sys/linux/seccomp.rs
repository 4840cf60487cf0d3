//! Filters of system calls, which imitate kernels that lack a call, or that fail in a way that tests cannot cause.

#![expect(unsafe_code, reason = "prctl(2) takes the filter by address")]

use std::ffi::{c_int, c_long, c_ulong};
use std::io;
use std::panic::resume_unwind;
use std::thread;

use conformance::{NotRun, Run};

/// Whether this machine has `poll` and `epoll_wait`. Newer machines have only their successors.
pub(crate) const OLD_CALLS: bool = !OLD.is_empty();

/// The calls for `select` with nanoseconds.
pub(crate) const PSELECT: &[c_long] = &[libc::SYS_pselect6, PSELECT6_TIME64];

/// The calls for `poll` with nanoseconds.
pub(crate) const PPOLL: &[c_long] = &[libc::SYS_ppoll, PPOLL_TIME64];

/// The calls with 64 bits of seconds have the same numbers on all 32-bit machines. No other call has these numbers.
const PSELECT6_TIME64: c_long = 413;
const PPOLL_TIME64: c_long = 414;

#[cfg(not(any(
    target_arch = "aarch64",
    target_arch = "csky",
    target_arch = "loongarch64",
    target_arch = "riscv32",
    target_arch = "riscv64",
)))]
const OLD: &[c_long] = &[libc::SYS_poll, libc::SYS_epoll_wait];
#[cfg(any(
    target_arch = "aarch64",
    target_arch = "csky",
    target_arch = "loongarch64",
    target_arch = "riscv32",
    target_arch = "riscv64",
))]
const OLD: &[c_long] = &[];

// Instruction classes and modes of include/uapi/linux/bpf_common.h. libc lacks them for Android.
const BPF_LD: u32 = 0x00;
const BPF_JMP: u32 = 0x05;
const BPF_RET: u32 = 0x06;
const BPF_W: u32 = 0x00;
const BPF_ABS: u32 = 0x20;
const BPF_JEQ: u32 = 0x10;
const BPF_K: u32 = 0x00;

/// All waiting calls.
pub(crate) fn waits() -> Vec<c_long> {
    let epoll = [libc::SYS_epoll_pwait, libc::SYS_epoll_pwait2];
    [PSELECT, PPOLL, OLD, &epoll].concat()
}

/// Makes the kernel answer these calls of this thread with the error `errno`, or with the result 0 if `errno` is 0. Later
/// filters take precedence over earlier ones. No filter can be removed.
///
/// # Errors
///
/// The kernel does not support filters.
pub(crate) fn answer(calls: &[c_long], errno: c_int) -> Run {
    let code = |code: u32| u16::try_from(code).unwrap();
    let jump = BPF_JMP | BPF_JEQ | BPF_K;
    // The call number is the first word of struct seccomp_data: seccomp(2). A comparison that matches jumps over the other
    // comparisons and over the instruction that allows the call.
    let statement = |kind, k| libc::sock_filter { code: code(kind), jt: 0, jf: 0, k };
    let mut program = vec![statement(BPF_LD | BPF_W | BPF_ABS, 0)];
    for (&call, left) in calls.iter().zip((0..calls.len()).rev()) {
        let (k, jt) = (u32::try_from(call).unwrap(), u8::try_from(left + 1).unwrap());
        program.push(libc::sock_filter { code: code(jump), jt, jf: 0, k });
    }
    program.push(statement(BPF_RET | BPF_K, libc::SECCOMP_RET_ALLOW));
    let refusal = libc::SECCOMP_RET_ERRNO | u32::try_from(errno).unwrap();
    program.push(statement(BPF_RET | BPF_K, refusal));

    let len = program.len().try_into().unwrap();
    let program = libc::sock_fprog { len, filter: program.as_mut_ptr() };
    rustix::thread::set_no_new_privs(true).map_err(NotRun::because)?;
    let mode = c_ulong::from(libc::SECCOMP_MODE_FILTER);
    // SAFETY: `program` has the address and the number of its instructions. Both outlive the call, which copies them.
    match unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program) } {
        0 => Ok(()),
        _ => Err(NotRun::because(format_args!("no filters of system calls: {}", io::Error::last_os_error()))),
    }
}

/// Runs `body` after [`answer`] in a thread of its own, because a filter lives as long as its thread.
pub(crate) fn in_a_thread_where(calls: &[c_long], errno: c_int, body: impl FnOnce() + Send) -> Run {
    let body = || answer(calls, errno).map(|()| body());
    thread::scope(|scope| scope.spawn(body).join()).unwrap_or_else(|panic| resume_unwind(panic))
}
