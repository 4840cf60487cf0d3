//! The constants of `epoll`, with their names and numbers.

use super::super::constants::{GENERIC, POLL, assert_flags};
use conformance::Run;
use selectors::sys::epoll::{CreateFlags, Event, EventFlags};

conformance::scenarios_of!(sys, epoll_constants:
    event_flags_match_the_headers,
    create_flags_match_the_headers,
    poll_and_epoll_share_bits,
    events_have_the_kernel_size,
);

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

fn event_flags_match_the_headers() -> Run {
    // The same on all machines: include/uapi/linux/eventpoll.h.
    assert_flags::<EventFlags>(&EPOLL, true, |bits| bits);
    // Unknown flags are kept, such as EPOLL_URING_WAKE, which has no name here.
    let bits = 1 << 27 | EventFlags::ET.bits();
    assert_eq!(EventFlags::from_bits_truncate(bits).bits(), bits);
    assert_eq!(EventFlags::from_bits(u32::MAX).map(|flags| flags.bits()), Some(u32::MAX));
    assert_eq!(CreateFlags::from_bits(u32::MAX).map(|flags| flags.bits()), Some(u32::MAX));
    Ok(())
}

fn create_flags_match_the_headers() -> Run {
    // O_CLOEXEC, whose number differs on some machines.
    assert_flags::<CreateFlags>(
        &[("CLOEXEC", 0x8_0000, Some(libc::EPOLL_CLOEXEC as u32))],
        GENERIC,
        |bits| bits,
    );
    assert_eq!(libc::EPOLL_CLOEXEC, libc::O_CLOEXEC);
    Ok(())
}

fn poll_and_epoll_share_bits() -> Run {
    for (name, number, _) in POLL {
        if let Some((_, other, _)) = EPOLL.iter().find(|(other, ..)| other == name) {
            assert_eq!(number, other, "{name}");
        }
    }
    Ok(())
}

fn events_have_the_kernel_size() -> Run {
    // Packed on x86-64 only: EPOLL_PACKED in include/uapi/linux/eventpoll.h.
    assert_eq!(
        size_of::<Event>(),
        if cfg!(target_arch = "x86_64") { 12 } else { size_of::<libc::epoll_event>() }
    );
    Ok(())
}
