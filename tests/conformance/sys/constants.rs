//! Every constant, by name, with its number.

use bitflags::Flags;
use conformance::Run;
use conformance::pairs;
use selectors::sys::PIPE_BUF;
use selectors::sys::epoll::{CreateFlags, Event, EventFlags};
use selectors::sys::poll::{PollFd, PollFlags, poll};
use selectors::sys::select::Sets;
use std::io::{Read, Write};
use std::os::fd::AsFd;

conformance::scenarios_of!(sys, constants:
    poll_flags,
    epoll_event_flags,
    epoll_create_flags,
    the_same_bits_in_poll_and_epoll,
    unknown_bits_are_kept,
    the_size_of_an_event,
    sets_of_select,
    pipe_buf,
);

/// Machines that number as `include/uapi/asm-generic/poll.h` does.
const GENERIC: bool = !cfg!(any(
    target_arch = "m68k",
    target_arch = "mips",
    target_arch = "mips32r6",
    target_arch = "mips64",
    target_arch = "mips64r6",
    target_arch = "sparc",
    target_arch = "sparc64",
    target_arch = "xtensa",
));

/// Name, number of the generic machine, number in libc where it has one.
const POLL: [(&str, u32, Option<u32>); 12] = [
    ("IN", 0x1, Some(libc::POLLIN as u32)),
    ("PRI", 0x2, Some(libc::POLLPRI as u32)),
    ("OUT", 0x4, Some(libc::POLLOUT as u32)),
    ("ERR", 0x8, Some(libc::POLLERR as u32)),
    ("HUP", 0x10, Some(libc::POLLHUP as u32)),
    ("NVAL", 0x20, Some(libc::POLLNVAL as u32)),
    ("RDNORM", 0x40, Some(libc::POLLRDNORM as u32)),
    ("RDBAND", 0x80, Some(libc::POLLRDBAND as u32)),
    ("WRNORM", 0x100, Some(libc::POLLWRNORM as u32)),
    ("WRBAND", 0x200, Some(libc::POLLWRBAND as u32)),
    ("MSG", 0x400, None),
    ("RDHUP", 0x2000, Some(libc::POLLRDHUP as u32)),
];

const EPOLL: [(&str, u32, Option<u32>); 15] = [
    ("IN", 0x1, Some(libc::EPOLLIN as u32)),
    ("PRI", 0x2, Some(libc::EPOLLPRI as u32)),
    ("OUT", 0x4, Some(libc::EPOLLOUT as u32)),
    ("ERR", 0x8, Some(libc::EPOLLERR as u32)),
    ("HUP", 0x10, Some(libc::EPOLLHUP as u32)),
    ("RDNORM", 0x40, Some(libc::EPOLLRDNORM as u32)),
    ("RDBAND", 0x80, Some(libc::EPOLLRDBAND as u32)),
    ("WRNORM", 0x100, Some(libc::EPOLLWRNORM as u32)),
    ("WRBAND", 0x200, Some(libc::EPOLLWRBAND as u32)),
    ("MSG", 0x400, Some(libc::EPOLLMSG as u32)),
    ("RDHUP", 0x2000, Some(libc::EPOLLRDHUP as u32)),
    ("EXCLUSIVE", 0x1000_0000, Some(libc::EPOLLEXCLUSIVE as u32)),
    ("WAKEUP", 0x2000_0000, Some(libc::EPOLLWAKEUP as u32)),
    ("ONESHOT", 0x4000_0000, Some(libc::EPOLLONESHOT as u32)),
    ("ET", 0x8000_0000, Some(libc::EPOLLET as u32)),
];

/// The named flags of `F` are these, neither fewer nor more, with these numbers.
fn assert_flags<F: Flags>(
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
        assert!(libc.is_none_or(|libc| value == libc), "{name} is {value:#x}, not {libc:x?} as in libc");
    }
}

fn poll_flags() -> Run {
    assert_flags::<PollFlags>(&POLL, GENERIC, u32::from);
    Ok(())
}

fn epoll_event_flags() -> Run {
    // The same on all machines: include/uapi/linux/eventpoll.h.
    assert_flags::<EventFlags>(&EPOLL, true, |bits| bits);
    Ok(())
}

fn epoll_create_flags() -> Run {
    // O_CLOEXEC, whose number differs on some machines.
    assert_flags::<CreateFlags>(
        &[("CLOEXEC", 0x8_0000, Some(libc::EPOLL_CLOEXEC as u32))],
        GENERIC,
        |bits| bits,
    );
    assert_eq!(libc::EPOLL_CLOEXEC, libc::O_CLOEXEC);
    Ok(())
}

fn the_same_bits_in_poll_and_epoll() -> Run {
    for (name, number, _) in POLL {
        if let Some((_, other, _)) = EPOLL.iter().find(|(other, ..)| *other == name) {
            assert_eq!(number, *other, "{name}");
        }
    }
    Ok(())
}

fn unknown_bits_are_kept() -> Run {
    let bits = 0x8000 | PollFlags::IN.bits();
    assert_eq!(PollFlags::from_bits_retain(bits).bits(), bits);
    assert_eq!(PollFlags::from_bits_truncate(bits).bits(), bits);
    assert_eq!(PollFlags::from_bits(u16::MAX).map(|flags| flags.bits()), Some(u16::MAX));
    // EPOLL_URING_WAKE, which has no name here.
    let bits = 1 << 27 | EventFlags::ET.bits();
    assert_eq!(EventFlags::from_bits_truncate(bits).bits(), bits);
    assert_eq!(EventFlags::from_bits(u32::MAX).map(|flags| flags.bits()), Some(u32::MAX));
    assert_eq!(CreateFlags::from_bits(u32::MAX).map(|flags| flags.bits()), Some(u32::MAX));

    // All sixteen bits travel through an entry.
    let (a, _b) = pairs::unix();
    let mut entry = PollFd::new(a.as_fd(), PollFlags::from_bits_retain(u16::MAX));
    assert_eq!(entry.events().bits(), u16::MAX);
    entry.set_events(PollFlags::from_bits_retain(0x8000));
    assert_eq!(entry.events().bits(), 0x8000);
    Ok(())
}

fn the_size_of_an_event() -> Run {
    // Packed on x86-64 alone: EPOLL_PACKED in include/uapi/linux/eventpoll.h.
    assert_eq!(
        size_of::<Event>(),
        if cfg!(target_arch = "x86_64") { 12 } else { size_of::<libc::epoll_event>() }
    );
    assert_eq!(size_of::<PollFd<'_>>(), 8);
    Ok(())
}

fn sets_of_select() -> Run {
    let names: Vec<_> = Sets::all().iter_names().collect();
    assert_eq!(names, [("READ", Sets::READ), ("WRITE", Sets::WRITE), ("EXCEPT", Sets::EXCEPT)]);
    assert_eq!((Sets::READ.bits(), Sets::WRITE.bits(), Sets::EXCEPT.bits()), (1, 2, 4));
    Ok(())
}

fn pipe_buf() -> Run {
    assert_eq!((PIPE_BUF, PIPE_BUF), (libc::PIPE_BUF, 4096));
    // What it is for: a pipe that is ready for writing takes as much at once.
    let (mut reader, mut writer) = pairs::pipe();
    pairs::fill(&writer);
    let writable = |writer: &std::fs::File| {
        let mut entry = [PollFd::new(writer.as_fd(), PollFlags::OUT)];
        poll(&mut entry, selectors::Timeout::ZERO).unwrap() == 1
    };
    while !writable(&writer) {
        assert_ne!(reader.read(&mut [0; 512]).unwrap(), 0);
    }
    assert_eq!(writer.write(&[0; PIPE_BUF]).unwrap(), PIPE_BUF);
    Ok(())
}
