//! Odds and ends: paths, texts, random numbers, and what is there for the linker alone.

use core::ffi::{CStr, c_char, c_int, c_long, c_uint, c_void};
use core::ptr;

use crate::call::{call, told};
use crate::{memory, system, thread};

#[unsafe(no_mangle)]
unsafe extern "C" fn sysconf(name: c_int) -> c_long {
    match name {
        libc::_SC_PAGESIZE => 4096,
        libc::_SC_NPROCESSORS_ONLN => 1,
        _ => -1, // no limit, as far as is known here
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getcwd(buffer: *mut c_char, length: usize) -> *mut c_char {
    let result = told(call(system::GETCWD, [buffer as usize, length]));
    if result == -1 { ptr::null_mut() } else { buffer }
}

/// Symbolic links are not followed, and dots stay.
#[unsafe(no_mangle)]
unsafe extern "C" fn realpath(path: *const c_char, result: *mut c_char) -> *mut c_char {
    let length = CStr::from_ptr(path).count_bytes() + 1;
    let result = if result.is_null() { memory::malloc(length).cast() } else { result };
    if !result.is_null() {
        ptr::copy_nonoverlapping(path, result, length);
    }
    result
}

#[unsafe(no_mangle)]
unsafe extern "C" fn isatty(fd: c_int) -> c_int {
    // SAFETY: a struct of integers.
    let mut terminal: libc::termios = core::mem::zeroed();
    c_int::from(libc::ioctl(fd, libc::TIOCGETA, &raw mut terminal) == 0)
}

/// A kernel that has just been started may have no randomness yet, and would let its callers wait for it. Nothing here is
/// secret, so the time has to do then. Up to 256 bytes come in one piece: getrandom(2).
#[unsafe(no_mangle)]
unsafe extern "C" fn arc4random_buf(buffer: *mut u8, length: usize) {
    for piece in core::slice::from_raw_parts_mut(buffer, length).chunks_mut(256) {
        let nonblocking = libc::GRND_NONBLOCK as usize;
        let got = call(system::GETRANDOM, [piece.as_mut_ptr() as usize, piece.len(), nonblocking]);
        if got != Ok(piece.len()) {
            piece
                .fill_with(|| (core::arch::x86_64::_rdtsc().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8);
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut u8, length: usize, _: c_uint) -> isize {
    arc4random_buf(buffer, length);
    length as isize
}

/// The number. The texts would be longer than all the rest.
#[unsafe(no_mangle)]
unsafe extern "C" fn strerror_r(error: c_int, buffer: *mut u8, length: usize) -> c_int {
    let text = core::slice::from_raw_parts_mut(buffer, length);
    let mut digits = [0; 10];
    let (mut number, mut first) = (error.unsigned_abs(), digits.len());
    while number > 0 || first == digits.len() {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    let said = b"error ".iter().chain(&digits[first..]).chain(&[0]);
    for (place, byte) in text.iter_mut().zip(said) {
        *place = *byte;
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn recv(fd: c_int, buffer: *mut c_void, length: usize, flags: c_int) -> isize {
    libc::recvfrom(fd, buffer, length, flags, ptr::null_mut(), ptr::null_mut())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn send(fd: c_int, buffer: *const c_void, length: usize, flags: c_int) -> isize {
    libc::sendto(fd, buffer, length, flags, ptr::null(), 0)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dlsym(_: *mut c_void, name: *const c_char) -> *mut c_void {
    system::symbol(CStr::from_ptr(name).to_bytes())
}

/// 0: nothing is known of an address.
#[unsafe(no_mangle)]
unsafe extern "C" fn dladdr(_: *const c_void, _: *mut c_void) -> c_int {
    0
}

/// Names are not resolved.
#[unsafe(no_mangle)]
unsafe extern "C" fn getaddrinfo() -> c_int {
    libc::EAI_FAIL
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freeaddrinfo(_: *mut c_void) {}

#[unsafe(no_mangle)]
unsafe extern "C" fn gai_strerror(_: c_int) -> *const c_char {
    c"names are not resolved".as_ptr()
}

/// What the unwinder would print with.
macro_rules! silent {
    ($($name:ident)*) => {
        $(
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name() -> c_int {
                0
            }
        )*
    };
}

silent! { fprintf fwrite fflush snprintf }

#[unsafe(no_mangle)]
unsafe extern "C" fn sigemptyset(set: *mut [u32; 4]) -> c_int {
    set.write([0; 4]);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sigaddset(set: *mut [u32; 4], signal: c_uint) -> c_int {
    let Some(bit) = signal.checked_sub(1).filter(|bit| *bit < 128) else {
        thread::current().errno = libc::EINVAL;
        return -1;
    };
    (&mut *set)[bit as usize / 32] |= 1 << (bit % 32);
    0
}
