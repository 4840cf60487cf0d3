//! System calls: both kernels take them alike, and tell an error by the carry flag.

use core::arch::global_asm;

use libc::c_int;

use crate::thread;

// int freestanding_call(long number, const long arguments[8], long *result);
//
// The first six arguments go in registers, the others lie on the stack above where a return address would be
// (NetBSD, sys/arch/x86/x86/syscall.c). The result comes in rax. All registers that C lets a function change may be
// changed, and no others are.
global_asm!(
    ".globl freestanding_call",
    ".type freestanding_call, @function",
    "freestanding_call:",
    "push rbx",
    "mov rbx, rdx",
    "mov rax, rdi",
    "mov r11, rsi",
    "push qword ptr [r11 + 56]",
    "push qword ptr [r11 + 48]",
    "push 0",
    "mov rdi, [r11]",
    "mov rsi, [r11 + 8]",
    "mov rdx, [r11 + 16]",
    "mov r10, [r11 + 24]",
    "mov r8, [r11 + 32]",
    "mov r9, [r11 + 40]",
    "syscall",
    "setc cl",
    "movzx ecx, cl",
    "mov [rbx], rax",
    "mov eax, ecx",
    "add rsp, 24",
    "pop rbx",
    "ret",
);

unsafe extern "C" {
    fn freestanding_call(number: usize, arguments: *const usize, result: *mut usize) -> c_int;
}

/// A system call: what it gives, or its error.
pub(crate) unsafe fn call<const N: usize>(number: usize, arguments: [usize; N]) -> Result<usize, c_int> {
    let (mut all, mut result) = ([0; 8], 0);
    all[..N].copy_from_slice(&arguments);
    let failed = freestanding_call(number, all.as_ptr(), &raw mut result);
    if failed == 0 { Ok(result) } else { Err(result as c_int) }
}

/// As functions of C tell it: -1, and the error in `errno`.
pub(crate) unsafe fn told(result: Result<usize, c_int>) -> isize {
    match result {
        Ok(value) => value as isize,
        Err(error) => {
            thread::current().errno = error;
            -1
        }
    }
}

/// Functions that are a system call and nothing else: the symbol, the number, the arguments.
///
/// An argument narrower than a register has rubbish above it, which the kernels do not look at.
macro_rules! calls {
    ($($name:ident = $number:literal ($($argument:ident),*);)*) => {
        /// The functions that are a system call.
        mod calls {
            $(
                #[unsafe(no_mangle)]
                pub(crate) unsafe extern "C" fn $name($($argument: usize),*) -> isize {
                    crate::call::told(crate::call::call($number, [$($argument),*]))
                }
            )*
        }
    };
}
pub(crate) use calls;
