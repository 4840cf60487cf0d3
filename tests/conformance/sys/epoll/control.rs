//! `epoll`: registration, and its errors.

use conformance::{NotRun, Run, WAIT, pairs};
use selectors::sys::Timeout;
use selectors::sys::epoll::{Epoll, Event, EventFlags};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd};

conformance::scenarios_of!(sys, epoll_control:
    any_as_fd_type_is_accepted,
    registering_twice_is_an_error,
    unregistered_descriptors_are_refused,
    o_path_descriptors_are_refused,
    always_ready_files_are_refused,
    an_instance_cannot_watch_itself,
    cycles_are_refused,
    nesting_is_limited,
    exclusive_restricts_other_flags,
    wakeup_is_accepted,
    data_has_64_bits,
    events_compare_and_format,
);

fn errno(result: io::Result<()>) -> Option<i32> {
    result.err().and_then(|error| error.raw_os_error())
}

fn ready(epoll: &Epoll) -> Vec<(EventFlags, u64)> {
    let mut buffer = [Event::default(); 16];
    let events = epoll.wait(&mut buffer, Timeout::ZERO).unwrap();
    events.iter().map(|event| (event.flags(), event.data())).collect()
}

fn any_as_fd_type_is_accepted() -> Run {
    let (a, b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, EventFlags::OUT, 1).unwrap();
    epoll.modify(&a.as_fd(), EventFlags::OUT, 2).unwrap();
    assert_eq!(ready(&epoll), [(EventFlags::OUT, 2)]);
    epoll.unregister(&a).unwrap();
    let b: Box<dyn AsFd> = Box::new(b);
    epoll.register(&b, EventFlags::OUT, 3).unwrap();
    assert_eq!(ready(&epoll), [(EventFlags::OUT, 3)]);
    Ok(())
}

fn registering_twice_is_an_error() -> Run {
    let (a, _b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, EventFlags::OUT, 1).unwrap();
    for flags in [EventFlags::OUT, EventFlags::IN] {
        let error = epoll.register(&a, flags, 2).unwrap_err();
        assert_eq!((error.kind(), error.raw_os_error()), (ErrorKind::AlreadyExists, Some(libc::EEXIST)));
    }
    assert_eq!(ready(&epoll), [(EventFlags::OUT, 1)]);
    Ok(())
}

fn unregistered_descriptors_are_refused() -> Run {
    let (a, b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&b, EventFlags::OUT, 1).unwrap();
    assert_eq!(errno(epoll.modify(&a, EventFlags::OUT, 2)), Some(libc::ENOENT));
    assert_eq!(errno(epoll.unregister(&a)), Some(libc::ENOENT));
    epoll.unregister(&b).unwrap();
    assert_eq!(errno(epoll.unregister(&b)), Some(libc::ENOENT));
    assert_eq!(errno(epoll.modify(&b, EventFlags::OUT, 2)), Some(libc::ENOENT));
    assert_eq!(ready(&epoll), []);
    Ok(())
}

/// A descriptor with `O_PATH` is open, but `epoll` treats it as closed: open(2).
fn o_path_descriptors_are_refused() -> Run {
    let path = rustix::fs::open("/", rustix::fs::OFlags::PATH, rustix::fs::Mode::empty()).unwrap();
    let epoll = Epoll::new().unwrap();
    assert_eq!(errno(epoll.register(&path, EventFlags::IN, 0)), Some(libc::EBADF));
    assert_eq!(errno(epoll.modify(&path, EventFlags::IN, 0)), Some(libc::EBADF));
    assert_eq!(errno(epoll.unregister(&path)), Some(libc::EBADF));
    Ok(())
}

fn always_ready_files_are_refused() -> Run {
    let epoll = Epoll::new().unwrap();
    for path in ["/", "/dev/null", "/dev/zero"] {
        let file = File::open(path).map_err(NotRun::because)?;
        assert_eq!(errno(epoll.register(&file, EventFlags::IN, 0)), Some(libc::EPERM), "{path}");
    }
    assert_eq!(errno(epoll.register(&pairs::regular()?, EventFlags::IN, 0)), Some(libc::EPERM));
    Ok(())
}

fn an_instance_cannot_watch_itself() -> Run {
    let epoll = Epoll::new().unwrap();
    assert_eq!(errno(epoll.register(&epoll, EventFlags::IN, 0)), Some(libc::EINVAL));
    // A duplicate is refused too.
    let duplicate = epoll.as_fd().try_clone_to_owned().unwrap();
    assert_eq!(errno(epoll.register(&duplicate, EventFlags::IN, 0)), Some(libc::EINVAL));
    Ok(())
}

fn cycles_are_refused() -> Run {
    let [a, b, c] = [(); 3].map(|()| Epoll::new().unwrap());
    a.register(&b, EventFlags::IN, 0).unwrap();
    assert_eq!(errno(b.register(&a, EventFlags::IN, 0)), Some(libc::ELOOP));
    b.register(&c, EventFlags::IN, 0).unwrap();
    assert_eq!(errno(c.register(&a, EventFlags::IN, 0)), Some(libc::ELOOP));
    // The chain without the cycle works.
    let (socket, _peer) = pairs::streams();
    c.register(&socket, EventFlags::OUT, 5).unwrap();
    let mut buffer = [Event::default(); 2];
    assert_eq!(a.wait(&mut buffer, WAIT).unwrap()[0].flags(), EventFlags::IN);
    assert_eq!(ready(&c), [(EventFlags::OUT, 5)]);
    Ok(())
}

fn nesting_is_limited() -> Run {
    let mut outermost = Epoll::new().unwrap();
    let mut inner = Vec::new();
    let refused = (1..10).find_map(|depth| {
        let epoll = Epoll::new().unwrap();
        let error = errno(epoll.register(&outermost, EventFlags::IN, 0));
        inner.push(std::mem::replace(&mut outermost, epoll));
        error.map(|error| (depth, error))
    });
    // EP_MAX_NESTS in fs/eventpoll.c is 4: one instance that watches sockets, and 4 around it.
    assert_eq!(refused, Some((5, libc::ELOOP)));
    Ok(())
}

fn exclusive_restricts_other_flags() -> Run {
    let (a, b) = pairs::streams();
    let (nested, epoll) = (Epoll::new().unwrap(), Epoll::new().unwrap());
    let exclusive = EventFlags::EXCLUSIVE;
    let allowed = EventFlags::IN | EventFlags::OUT | EventFlags::WAKEUP | EventFlags::ET;
    for refused in [EventFlags::ONESHOT, EventFlags::PRI, EventFlags::RDHUP, EventFlags::RDNORM] {
        assert_eq!(errno(epoll.register(&a, exclusive | EventFlags::IN | refused, 0)), Some(libc::EINVAL));
    }
    assert_eq!(errno(epoll.register(&nested, exclusive | EventFlags::IN, 0)), Some(libc::EINVAL));

    epoll.register(&a, exclusive | allowed, 1).unwrap();
    assert_eq!(ready(&epoll), [(EventFlags::OUT, 1)]);
    assert_eq!(errno(epoll.modify(&a, EventFlags::IN, 2)), Some(libc::EINVAL));
    assert_eq!(errno(epoll.modify(&a, exclusive | EventFlags::IN, 2)), Some(libc::EINVAL));
    epoll.unregister(&a).unwrap();
    epoll.register(&b, EventFlags::OUT, 3).unwrap();
    assert_eq!(errno(epoll.modify(&b, exclusive | EventFlags::IN, 4)), Some(libc::EINVAL));
    assert_eq!(ready(&epoll), [(EventFlags::OUT, 3)]);
    Ok(())
}

/// The kernel accepts the flag with `CAP_BLOCK_SUSPEND`, and ignores it without.
fn wakeup_is_accepted() -> Run {
    let (a, _b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, EventFlags::OUT | EventFlags::WAKEUP, 1).unwrap();
    assert_eq!(ready(&epoll), [(EventFlags::OUT, 1)]);
    epoll.modify(&a, EventFlags::OUT | EventFlags::WAKEUP, 2).unwrap();
    assert_eq!(ready(&epoll), [(EventFlags::OUT, 2)]);
    Ok(())
}

fn data_has_64_bits() -> Run {
    let (a, _b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, EventFlags::OUT, u64::MAX).unwrap();
    assert_eq!(ready(&epoll), [(EventFlags::OUT, u64::MAX)]);
    for data in [0, 1, 0x0123_4567_89ab_cdef, 1 << 63, a.as_raw_fd() as u64] {
        epoll.modify(&a, EventFlags::OUT, data).unwrap();
        assert_eq!(ready(&epoll), [(EventFlags::OUT, data)]);
    }
    Ok(())
}

fn events_compare_and_format() -> Run {
    let empty = Event::default();
    assert_eq!((empty.flags(), empty.data()), (EventFlags::empty(), 0));
    let (a, b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, EventFlags::OUT, 7).unwrap();
    epoll.register(&b, EventFlags::OUT, 8).unwrap();
    let mut buffer = [empty; 2];
    let events = epoll.wait(&mut buffer, WAIT).unwrap();
    assert_eq!(events[0], events[0].clone());
    assert_ne!(events[0], events[1]);
    assert_ne!(events[0], empty);
    assert_eq!(format!("{:?}", events[0]), "Event { flags: EventFlags(OUT), data: 7 }");
    Ok(())
}
