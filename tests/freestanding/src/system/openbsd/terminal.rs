//! Pseudoterminals. A device makes them: pty(4).

use core::ffi::{c_char, c_int};
use core::ptr;

/// `struct ptmget` of sys/tty.h.
#[repr(C)]
struct Pair {
    master: c_int,
    slave: c_int,
    names: [[u8; 16]; 2],
}

/// `PTMGET` of sys/tty.h: `_IOR('t', 1, struct ptmget)`.
const PTMGET: libc::c_ulong =
    0x4000_0000 | (size_of::<Pair>() as libc::c_ulong) << 16 | (b't' as libc::c_ulong) << 8 | 1;

/// The device opens both sides. The slave is closed, so that the caller opens it by its name.
#[unsafe(no_mangle)]
unsafe extern "C" fn posix_openpt(flags: c_int) -> c_int {
    let device = libc::open(c"/dev/ptm".as_ptr(), libc::O_RDWR);
    if device == -1 {
        return -1;
    }
    let mut pair = Pair { master: -1, slave: -1, names: [[0; 16]; 2] };
    let result = libc::ioctl(device, PTMGET, &raw mut pair);
    libc::close(device);
    if result == -1 {
        return -1;
    }
    libc::close(pair.slave);
    if flags & libc::O_CLOEXEC != 0 {
        libc::fcntl(pair.master, libc::F_SETFD, libc::FD_CLOEXEC);
    }
    pair.master
}

/// The device has set owner and permissions: `ptmioctl` in `sys/kern/tty_pty.c`.
#[unsafe(no_mangle)]
unsafe extern "C" fn grantpt(_: c_int) -> c_int {
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlockpt(_: c_int) -> c_int {
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ptsname(master: c_int) -> *mut c_char {
    static mut NAME: [u8; 16] = *b"/dev/ttyXX\0\0\0\0\0\0";
    // SAFETY: a struct of integers.
    let mut status: libc::stat = core::mem::zeroed();
    if libc::fstat(master, &raw mut status) == -1 {
        return ptr::null_mut();
    }
    // The letters of TTY_LETTERS and TTY_SUFFIX in sys/kern/tty_pty.c.
    let minor = (status.st_rdev & 0xff) as usize;
    NAME[8] = b"pqrstuvwxyzPQRST"[minor / 62];
    NAME[9] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[minor % 62];
    (&raw mut NAME).cast()
}
