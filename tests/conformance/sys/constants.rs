//! The constants of `poll` and `select`, with their names and numbers.

use bitflags::Flags;
use conformance::{Run, pairs};
use selectors::sys::fd::AsFd;
use selectors::sys::poll::{PollFd, PollFlags};
use selectors::sys::select::SetFlags;

#[cfg(unix)]
use libc as system;
#[cfg(windows)]
use windows_sys::Win32::Networking::WinSock as system;

conformance::scenarios_of!(sys, constants:
    poll_flags_match_the_headers,
    unknown_bits_are_kept,
    select_set_flags_have_three_bits,
);

/// Whether this machine uses the numbers of `include/uapi/asm-generic/poll.h`.
pub(super) const GENERIC: bool = cfg!(any(target_os = "android", target_os = "linux"))
    && !cfg!(any(
        target_arch = "m68k",
        target_arch = "mips",
        target_arch = "mips32r6",
        target_arch = "mips64",
        target_arch = "mips64r6",
        target_arch = "sparc",
        target_arch = "sparc64",
        target_arch = "xtensa",
    ));

/// Name, number in the generic header, and number in the system's own headers if they have one.
pub(super) const POLL: &[(&str, u32, Option<u32>)] = &[
    ("IN", 0x1, Some(system::POLLIN as u32)),
    ("PRI", 0x2, Some(system::POLLPRI as u32)),
    ("OUT", 0x4, Some(system::POLLOUT as u32)),
    ("ERR", 0x8, Some(system::POLLERR as u32)),
    ("HUP", 0x10, Some(system::POLLHUP as u32)),
    ("NVAL", 0x20, Some(system::POLLNVAL as u32)),
    ("RDNORM", 0x40, Some(system::POLLRDNORM as u32)),
    ("RDBAND", 0x80, Some(system::POLLRDBAND as u32)),
    ("WRNORM", 0x100, Some(system::POLLWRNORM as u32)),
    ("WRBAND", 0x200, Some(system::POLLWRBAND as u32)),
    #[cfg(any(target_os = "android", target_os = "linux"))]
    ("MSG", 0x400, None),
    #[cfg(any(target_os = "android", target_os = "freebsd", target_os = "illumos", target_os = "linux"))]
    ("RDHUP", 0x2000, Some(system::POLLRDHUP as u32)),
];

/// Checks that `F` has exactly these named flags, with these numbers.
pub(super) fn assert_flags<F: Flags>(
    expected: &[(&str, u32, Option<u32>)],
    generic: bool,
    bits: impl Fn(F::Bits) -> u32,
) {
    let named: Vec<_> = F::FLAGS.iter().filter(|flag| flag.is_named()).collect();
    let names: Vec<_> = named.iter().map(|flag| flag.name()).collect();
    let expected_names: Vec<_> = expected.iter().map(|&(name, ..)| name).collect();
    assert_eq!(names, expected_names);
    for (flag, &(name, number, libc)) in named.iter().zip(expected) {
        let value = bits(flag.value().bits());
        assert!(!generic || value == number, "{name} is {value:#x}, not {number:#x}");
        assert!(
            libc.is_none_or(|libc| value == libc),
            "{name} is {value:#x}, not {libc:x?} as in the headers"
        );
    }
}

fn poll_flags_match_the_headers() -> Run {
    assert_flags::<PollFlags>(POLL, GENERIC, u32::from);
    let entry = if cfg!(windows) { size_of::<usize>() + 8 } else { 8 };
    assert_eq!(size_of::<PollFd<'_>>(), entry);
    Ok(())
}

fn unknown_bits_are_kept() -> Run {
    let bits = 0x8000 | PollFlags::IN.bits();
    assert_eq!(PollFlags::from_bits_retain(bits).bits(), bits);
    assert_eq!(PollFlags::from_bits_truncate(bits).bits(), bits);
    assert_eq!(PollFlags::from_bits(u16::MAX).map(|flags| flags.bits()), Some(u16::MAX));

    // An entry keeps all sixteen bits.
    let (a, _b) = pairs::streams();
    let mut entry = PollFd::new(a.as_fd(), PollFlags::from_bits_retain(u16::MAX));
    assert_eq!(entry.events().bits(), u16::MAX);
    entry.set_events(PollFlags::from_bits_retain(0x8000));
    assert_eq!(entry.events().bits(), 0x8000);
    Ok(())
}

fn select_set_flags_have_three_bits() -> Run {
    let names: Vec<_> = SetFlags::all().iter_names().collect();
    assert_eq!(names, [("READ", SetFlags::READ), ("WRITE", SetFlags::WRITE), ("EXCEPT", SetFlags::EXCEPT)]);
    assert_eq!((SetFlags::READ.bits(), SetFlags::WRITE.bits(), SetFlags::EXCEPT.bits()), (1, 2, 4));
    Ok(())
}
