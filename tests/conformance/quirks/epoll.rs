//! What `epoll` alone does, or refuses.

use crate::sys::seccomp::in_a_thread_where;
use conformance::{NotRun, Run, Stream, WAIT, interests, now, pairs};
use selectors::backend::AnyBackend;
use selectors::sys::Timeout;
use selectors::sys::poll::{PollFd, PollFlags, poll};
use selectors::{BackendKind, EpollSelector, Error, Interest, Limit, Mode, Operation, Readiness, Token};
use std::ffi::c_int;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

conformance::scenarios_of!(epoll, quirks:
    files_that_are_always_ready_are_refused,
    the_end_of_a_pipe_is_writable,
    a_duplicate_is_another_key,
    a_closed_original_is_forgotten,
    a_descriptor_without_a_file_behind_it,
    itself,
    too_deep,
    no_watches_left,
    no_memory_left,
    a_change_that_fails,
    the_descriptor_of_the_selector,
);

const BOTH: Interest = Interest::READ.union(Interest::WRITE);

fn files_that_are_always_ready_are_refused() -> Run {
    let (socket, _peer) = pairs::streams();
    let mut selector = EpollSelector::new().unwrap();
    let kept = selector.register(OwnedFd::from(socket), Interest::WRITE, 0).unwrap();
    let null = File::open("/dev/null").map_err(NotRun::because)?;
    for (file, number) in [pairs::regular()?, File::open("/").unwrap(), null].into_iter().zip(1..) {
        let file = OwnedFd::from(file);
        let fd = file.as_raw_fd();
        for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
            let file = file.try_clone().unwrap();
            let rejected = selector.register_with(file, Interest::READ, mode, number).unwrap_err();
            assert!(matches!(rejected.error, Error::UnsupportedFile { backend: "epoll", .. }));
            assert_eq!(rejected.error.raw_os_error(), Some(libc::EPERM));
            assert_eq!(rejected.error.kind(), ErrorKind::Unsupported);
        }
        let rejected = selector.register(file, Interest::READ, number).unwrap_err();
        assert_eq!((rejected.fileobj.as_raw_fd(), rejected.data), (fd, number));
        assert!(selector.key(&rejected.fileobj).is_none());
        assert_eq!(selector.keys().len(), 1);
        assert_eq!(interests(&now(&mut selector)), [(kept, Interest::WRITE)].into());
    }
    // The place that they did not get is good for another.
    let (other, _peer) = pairs::streams();
    let token = selector.register(other.into(), Interest::WRITE, 9).unwrap();
    assert_eq!(now(&mut selector).len(), 2);
    assert_eq!(selector.data(token), Some(&9));
    Ok(())
}

/// A hang-up counts as both, where select reports a readable end.
fn the_end_of_a_pipe_is_writable() -> Run {
    let (reader, writer) = pairs::pipe()?;
    let mut selector = EpollSelector::new().unwrap();
    let token = selector.register(reader, BOTH, ()).unwrap();
    drop(writer);
    let found = selector.select(WAIT).unwrap();
    assert_eq!(interests(&found), [(token, BOTH)].into());
    assert!(found.get(token).unwrap().contains(Readiness::READ_CLOSED | Readiness::WRITE_CLOSED));
    selector.modify(token, Interest::WRITE).unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, Interest::WRITE)].into());
    Ok(())
}

fn a_duplicate_is_another_key() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = EpollSelector::new().unwrap();
    let second = selector.register(a.try_clone().unwrap(), BOTH, "second").unwrap();
    let first = selector.register(a, Interest::READ, "first").unwrap();
    b.write_all(b"x").unwrap();
    assert_eq!(interests(&now(&mut selector)), [(first, Interest::READ), (second, BOTH)].into());
    drop(selector.unregister(first).unwrap());
    assert_eq!(interests(&now(&mut selector)), [(second, BOTH)].into());
    Ok(())
}

/// It is taken out of the kernel's set before it can be closed; else the duplicate, which keeps the file open, would keep
/// the registration too.
fn a_closed_original_is_forgotten() -> Run {
    let (a, mut b) = pairs::streams();
    let duplicate = a.try_clone().unwrap();
    let mut selector = EpollSelector::new().unwrap();
    let token = selector.register(a, Interest::READ, ()).unwrap();
    let key = selector.unregister(token).unwrap();
    let number = key.fd;
    drop(key);
    b.write_all(b"x").unwrap();
    assert!(now(&mut selector).is_empty());
    // The kernel's own view: nothing in the set is ready.
    let mut set = [PollFd::new(selector.as_fd(), PollFlags::IN)];
    assert_eq!(poll(&mut set, Timeout::ZERO).unwrap(), 0);
    // The number can be had again, by another file.
    let (c, _d) = pairs::streams();
    assert_eq!(c.as_raw_fd(), number);
    let token = selector.register(c, Interest::WRITE, ()).unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, Interest::WRITE)].into());
    drop(duplicate);
    Ok(())
}

fn a_descriptor_without_a_file_behind_it() -> Run {
    let path = rustix::fs::open("/", rustix::fs::OFlags::PATH, rustix::fs::Mode::empty()).unwrap();
    let mut selector = EpollSelector::new().unwrap();
    let rejected = selector.register(path, Interest::READ, ()).unwrap_err();
    assert!(matches!(rejected.error, Error::Os { during: Operation::Register, .. }));
    assert_eq!(rejected.error.raw_os_error(), Some(libc::EBADF));
    assert!(selector.keys().is_empty());
    Ok(())
}

fn itself() -> Run {
    let mut selector = EpollSelector::<OwnedFd>::new().unwrap();
    let twin = selector.as_fd().try_clone_to_owned().unwrap();
    let rejected = selector.register(twin, Interest::READ, ()).unwrap_err();
    assert!(matches!(rejected.error, Error::Os { during: Operation::Register, .. }));
    assert_eq!(rejected.error.raw_os_error(), Some(libc::EINVAL));
    Ok(())
}

/// One selector within another, and so on: five are one too many.
fn too_deep() -> Run {
    let mut selectors: Vec<EpollSelector<OwnedFd>> = vec![EpollSelector::new().unwrap()];
    let (socket, mut peer) = pairs::streams();
    selectors[0].register(socket.into(), Interest::READ, ()).unwrap();
    for depth in 1..=5 {
        let inner = selectors[depth - 1].as_fd().try_clone_to_owned().unwrap();
        let mut outer = EpollSelector::new().unwrap();
        match outer.register(inner, Interest::READ, ()) {
            Ok(_) => assert!(depth < 5),
            Err(rejected) => {
                assert_eq!((depth, rejected.error.raw_os_error()), (5, Some(libc::ELOOP)));
                assert!(matches!(rejected.error, Error::Os { during: Operation::Register, .. }));
                assert!(outer.keys().is_empty());
            }
        }
        selectors.push(outer);
    }
    peer.write_all(b"x").unwrap();
    for selector in &mut selectors[..5] {
        assert_eq!(now(selector).len(), 1);
    }
    Ok(())
}

/// Registers while the kernel refuses, and when it does so no more. The limits themselves are the whole system's.
fn refused(errno: c_int, limit: Limit) -> Run {
    let ((a, _c), (b, _d)) = (pairs::streams(), pairs::streams());
    let number = b.as_raw_fd();
    let mut selector = EpollSelector::new().unwrap();
    let first = selector.register(a, Interest::WRITE, "first").unwrap();
    let mut given_back = None;
    in_a_thread_where(&[libc::SYS_epoll_ctl], errno, || {
        let rejected = selector.register(b, Interest::WRITE, "second").unwrap_err();
        assert!(
            matches!(rejected.error, Error::Limit { limit: found, during: Operation::Register, .. } if found == limit),
            "{rejected:?}"
        );
        assert_eq!(rejected.error.raw_os_error(), Some(errno));
        assert_eq!(rejected.data, "second");
        given_back = Some(rejected.fileobj);
        assert_eq!(selector.keys().len(), 1);
        assert_eq!(interests(&now(&mut selector)), [(first, Interest::WRITE)].into());
    })?;
    let b: Stream = given_back.unwrap();
    assert_eq!(b.as_raw_fd(), number);
    let second = selector.register(b, Interest::WRITE, "again").unwrap();
    assert_eq!(interests(&now(&mut selector)), [(first, Interest::WRITE), (second, Interest::WRITE)].into());
    Ok(())
}

fn no_watches_left() -> Run {
    refused(libc::ENOSPC, Limit::Watches)
}

fn no_memory_left() -> Run {
    refused(libc::ENOMEM, Limit::Memory)
}

/// The registration is as it was, in the map and in the kernel.
fn a_change_that_fails() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = EpollSelector::new().unwrap();
    let token = selector.register(a, Interest::WRITE, ()).unwrap();
    let as_it_was = |selector: &mut EpollSelector<Stream>, token: Token| {
        let key = selector.key(token).unwrap();
        assert_eq!((key.interest(), key.mode(), key.is_armed()), (Interest::WRITE, Mode::Level, true));
        assert_eq!(interests(&now(selector)), [(token, Interest::WRITE)].into());
    };
    in_a_thread_where(&[libc::SYS_epoll_ctl], libc::ENOMEM, || {
        let error = selector.modify_with(token, Interest::READ, Mode::Oneshot).unwrap_err();
        assert!(matches!(error, Error::Limit { limit: Limit::Memory, during: Operation::Modify, .. }));
        as_it_was(&mut selector, token);
        for error in [selector.pause(token).unwrap_err(), selector.unregister(token).unwrap_err()] {
            assert_eq!(error.raw_os_error(), Some(libc::ENOMEM));
            as_it_was(&mut selector, token);
        }
    })?;
    as_it_was(&mut selector, token);
    selector.modify(token, Interest::READ).unwrap();
    assert!(now(&mut selector).is_empty());
    selector.unregister(token).unwrap();
    Ok(())
}

/// It is readable while a key is ready, so a selector can be waited for.
fn the_descriptor_of_the_selector() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = EpollSelector::new().unwrap();
    let token = selector.register(a, Interest::READ, ()).unwrap();
    let readable = |selector: &EpollSelector<Stream>| {
        let mut fds = [PollFd::new(selector.as_fd(), PollFlags::IN)];
        poll(&mut fds, Timeout::ZERO).unwrap() == 1
    };
    assert!(!readable(&selector));
    b.write_all(b"x").unwrap();
    assert!(readable(&selector));
    selector.pause(token).unwrap();
    assert!(!readable(&selector));
    selector.rearm(token).unwrap();
    assert!(readable(&selector));

    for kind in BackendKind::available() {
        let has_one = matches!(kind, BackendKind::Epoll | BackendKind::Kqueue);
        assert_eq!(AnyBackend::open(kind).unwrap().fd().is_some(), has_one);
    }
    Ok(())
}
