//! System calls. All of these kernels take them in the same way, and report an error in the carry flag.

use core::arch::global_asm;

use libc::c_int;

use crate::thread;

// int freestanding_call(long number, const long arguments[8], long *result);
//
// The first six arguments are in registers. The others are on the stack, above the place of a return address (NetBSD,
// sys/arch/x86/x86/syscall.c). The result is in rax. The kernels change only registers that a C function may change.
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

/// Makes a system call, and returns its result or its error.
pub(crate) unsafe fn call<const N: usize>(number: usize, arguments: [usize; N]) -> Result<usize, c_int> {
    let (mut all, mut result) = ([0; 8], 0);
    all[..N].copy_from_slice(&arguments);
    let failed = freestanding_call(number, all.as_ptr(), &raw mut result);
    if failed == 0 { Ok(result) } else { Err(result as c_int) }
}

/// Converts a result as C functions do: -1, with the error in `errno`.
pub(crate) unsafe fn returned(result: Result<usize, c_int>) -> isize {
    match result {
        Ok(value) => value as isize,
        Err(error) => {
            thread::current().errno = error;
            -1
        }
    }
}

/// Converts a result as C functions do that do not set `errno`: the error itself, or 0.
pub(crate) fn error_number(result: Result<usize, c_int>) -> c_int {
    result.err().unwrap_or(0)
}

/// Defines functions that make one system call: symbol, number and arguments.
///
/// The upper bits of an argument that is narrower than a register are undefined. The kernels ignore them.
macro_rules! calls {
    ($($name:ident = $number:literal ($($argument:ident),*);)*) => {
        /// Functions that make one system call.
        mod calls {
            $(
                #[unsafe(no_mangle)]
                pub(crate) unsafe extern "C" fn $name($($argument: usize),*) -> isize {
                    crate::call::returned(crate::call::call($number, [$($argument),*]))
                }
            )*
        }
    };
}
pub(crate) use calls;
