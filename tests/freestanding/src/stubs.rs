//! Small functions: paths, error texts, random numbers, signal sets, and stubs for the linker.

use core::ffi::{CStr, c_char, c_int, c_long, c_uint, c_void};
use core::ptr;

use crate::call::{call, returned};
use crate::{memory, system};

#[unsafe(no_mangle)]
unsafe extern "C" fn sysconf(name: c_int) -> c_long {
    match name {
        libc::_SC_PAGESIZE => 4096,
        libc::_SC_NPROCESSORS_ONLN => 1,
        _ => -1, // no limit is known
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getcwd(buffer: *mut c_char, length: usize) -> *mut c_char {
    let result = returned(call(system::GETCWD, [buffer as usize, length]));
    if result == -1 { ptr::null_mut() } else { buffer }
}

/// Copies the path. Symbolic links and dots are not resolved.
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

/// A kernel that has just started may lack randomness. Nothing here is secret, so the time must do then. The kernels return
/// up to 256 bytes in one piece: getrandom(2), getentropy(2).
#[unsafe(no_mangle)]
unsafe extern "C" fn arc4random_buf(buffer: *mut u8, length: usize) {
    for piece in core::slice::from_raw_parts_mut(buffer, length).chunks_mut(256) {
        if !system::fill_with_random(piece) {
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

/// Writes the number. The texts would be longer than the rest of this crate.
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
    let message = b"error ".iter().chain(&digits[first..]).chain(&[0]);
    for (place, byte) in text.iter_mut().zip(message) {
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

/// Returns 0: no symbols are known.
#[unsafe(no_mangle)]
unsafe extern "C" fn dladdr(_: *const c_void, _: *mut c_void) -> c_int {
    0
}

/// Host names are not resolved.
#[unsafe(no_mangle)]
unsafe extern "C" fn getaddrinfo() -> c_int {
    libc::EAI_FAIL
}

#[unsafe(no_mangle)]
unsafe extern "C" fn freeaddrinfo(_: *mut c_void) {}

#[unsafe(no_mangle)]
unsafe extern "C" fn gai_strerror(_: c_int) -> *const c_char {
    c"host names are not resolved".as_ptr()
}

/// The functions that the unwinder prints with. They print nothing.
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

/// The words of a `sigset_t`: four on FreeBSD and NetBSD, one on OpenBSD.
pub(crate) const SIGNAL_WORDS: usize = size_of::<libc::sigset_t>() / size_of::<u32>();
pub(crate) const SIGNALS: usize = 32 * SIGNAL_WORDS;
pub(crate) type SignalSet = [u32; SIGNAL_WORDS];

#[unsafe(no_mangle)]
unsafe extern "C" fn sigemptyset(set: *mut SignalSet) -> c_int {
    set.write([0; SIGNAL_WORDS]);
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sigaddset(set: *mut SignalSet, signal: c_uint) -> c_int {
    let Some(bit) = (signal as usize).checked_sub(1).filter(|bit| *bit < SIGNALS) else {
        return returned(Err(libc::EINVAL)) as c_int;
    };
    (&mut *set)[bit / 32] |= 1 << (bit % 32);
    0
}
