//! Scenarios for the `epoll` back end only.

use super::common::{self, is_readable};
use crate::sys::seccomp::in_a_thread_where;
use conformance::{BOTH, READ, Run, Scenario, Stream, WRITE, assert_idle, assert_ready, now, pairs};
use selectors::backend::{AnyBackend, Epoll};
use selectors::{BackendKind, EpollSelector, Error, Limit, Mode, Operation, Token};
use std::ffi::c_int;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

mod always_ready;
mod edge;
mod fork;
mod replaced;

/// The scenarios of this module and its submodules.
pub(super) fn all() -> Vec<Scenario> {
    [scenarios(), always_ready::scenarios(), edge::scenarios(), fork::scenarios(), replaced::scenarios()]
        .concat()
}

conformance::scenarios_of!(epoll, quirks:
    a_hung_up_pipe_is_writable,
    duplicates_are_separate_keys,
    closing_an_unregistered_original_leaves_nothing,
    o_path_descriptors_are_refused,
    a_selector_cannot_watch_itself,
    nesting_is_limited,
    running_out_of_watches_is_a_limit,
    running_out_of_memory_is_a_limit,
    a_failed_change_changes_nothing,
    the_selector_is_pollable,
);

fn a_hung_up_pipe_is_writable() -> Run {
    common::a_hung_up_pipe_is_writable::<Epoll>()
}

fn duplicates_are_separate_keys() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = EpollSelector::new().unwrap();
    let second = selector.register(a.try_clone().unwrap(), BOTH, "second").unwrap();
    let first = selector.register(a, READ, "first").unwrap();
    b.write_all(b"x").unwrap();
    assert_ready(&mut selector, [(first, READ), (second, BOTH)]);
    drop(selector.unregister(first).unwrap());
    assert_ready(&mut selector, [(second, BOTH)]);
    Ok(())
}

/// `unregister` removes the file from the kernel's set. Closing would not: the duplicate keeps the file open, and with it
/// the registration (epoll(7), "Questions and answers", 6).
fn closing_an_unregistered_original_leaves_nothing() -> Run {
    let (a, mut b) = pairs::streams();
    let duplicate = a.try_clone().unwrap();
    let mut selector = EpollSelector::new().unwrap();
    let token = selector.register(a, READ, ()).unwrap();
    let key = selector.unregister(token).unwrap();
    let number = key.fd;
    drop(key);
    b.write_all(b"x").unwrap();
    assert_idle(&mut selector);
    assert!(!is_readable(&selector), "the kernel's set has a ready file");
    // Another file can have the number.
    let (c, _d) = pairs::streams();
    assert_eq!(c.as_raw_fd(), number);
    let token = selector.register(c, WRITE, ()).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    drop(duplicate);
    Ok(())
}

fn o_path_descriptors_are_refused() -> Run {
    let path = rustix::fs::open("/", rustix::fs::OFlags::PATH, rustix::fs::Mode::empty()).unwrap();
    let mut selector = EpollSelector::new().unwrap();
    let rejected = selector.register(path, READ, ()).unwrap_err();
    assert!(matches!(rejected.error, Error::Os { during: Operation::Register, .. }));
    assert_eq!(rejected.error.raw_os_error(), Some(libc::EBADF));
    assert!(selector.keys().is_empty());
    Ok(())
}

fn a_selector_cannot_watch_itself() -> Run {
    let mut selector = EpollSelector::<OwnedFd>::new().unwrap();
    let twin = selector.as_fd().try_clone_to_owned().unwrap();
    let rejected = selector.register(twin, READ, ()).unwrap_err();
    assert!(matches!(rejected.error, Error::Os { during: Operation::Register, .. }));
    assert_eq!(rejected.error.raw_os_error(), Some(libc::EINVAL));
    Ok(())
}

/// A fifth selector around four nested ones is refused: `EP_MAX_NESTS` in fs/eventpoll.c is 4.
fn nesting_is_limited() -> Run {
    let mut selectors: Vec<EpollSelector<OwnedFd>> = vec![EpollSelector::new().unwrap()];
    let (socket, mut peer) = pairs::streams();
    selectors[0].register(socket.into(), READ, ()).unwrap();
    for depth in 1..=5 {
        let inner = selectors[depth - 1].as_fd().try_clone_to_owned().unwrap();
        let mut outer = EpollSelector::new().unwrap();
        match outer.register(inner, READ, ()) {
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

/// Registers while a filter makes the kernel refuse, and afterwards. The real limits belong to the whole system.
fn assert_limit(errno: c_int, limit: Limit) -> Run {
    let ((a, _c), (b, _d)) = (pairs::streams(), pairs::streams());
    let number = b.as_raw_fd();
    let mut selector = EpollSelector::new().unwrap();
    let first = selector.register(a, WRITE, "first").unwrap();
    let mut returned = None;
    in_a_thread_where(&[libc::SYS_epoll_ctl], errno, || {
        let rejected = selector.register(b, WRITE, "second").unwrap_err();
        assert!(
            matches!(rejected.error, Error::Limit { limit: found, during: Operation::Register, .. } if found == limit),
            "{rejected:?}"
        );
        assert_eq!(rejected.error.raw_os_error(), Some(errno));
        assert_eq!(rejected.data, "second");
        returned = Some(rejected.fileobj);
        assert_eq!(selector.keys().len(), 1);
        assert_ready(&mut selector, [(first, WRITE)]);
    })?;
    let b: Stream = returned.unwrap();
    assert_eq!(b.as_raw_fd(), number);
    let second = selector.register(b, WRITE, "again").unwrap();
    assert_ready(&mut selector, [(first, WRITE), (second, WRITE)]);
    Ok(())
}

fn running_out_of_watches_is_a_limit() -> Run {
    assert_limit(libc::ENOSPC, Limit::Watches)
}

fn running_out_of_memory_is_a_limit() -> Run {
    assert_limit(libc::ENOMEM, Limit::Memory)
}

/// The registration stays unchanged, in the map and in the kernel.
fn a_failed_change_changes_nothing() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = EpollSelector::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    let assert_unchanged = |selector: &mut EpollSelector<Stream>, token: Token| {
        let key = selector.key(token).unwrap();
        assert_eq!((key.interest(), key.mode(), key.is_armed()), (WRITE, Mode::Level, true));
        assert_ready(selector, [(token, WRITE)]);
    };
    in_a_thread_where(&[libc::SYS_epoll_ctl], libc::ENOMEM, || {
        let error = selector.modify_with(token, READ, Mode::Oneshot).unwrap_err();
        assert!(matches!(error, Error::Limit { limit: Limit::Memory, during: Operation::Modify, .. }));
        assert_unchanged(&mut selector, token);
        for error in [selector.pause(token).unwrap_err(), selector.unregister(token).unwrap_err()] {
            assert_eq!(error.raw_os_error(), Some(libc::ENOMEM));
            assert_unchanged(&mut selector, token);
        }
    })?;
    assert_unchanged(&mut selector, token);
    selector.modify(token, READ).unwrap();
    assert_idle(&mut selector);
    selector.unregister(token).unwrap();
    Ok(())
}

/// The descriptor of a selector is readable while a key is ready.
fn the_selector_is_pollable() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = EpollSelector::new().unwrap();
    let token = selector.register(a, READ, ()).unwrap();
    assert!(!is_readable(&selector));
    b.write_all(b"x").unwrap();
    assert!(is_readable(&selector));
    selector.pause(token).unwrap();
    assert!(!is_readable(&selector));
    selector.rearm(token).unwrap();
    assert!(is_readable(&selector));

    for kind in BackendKind::available() {
        let has_one = matches!(kind, BackendKind::Epoll | BackendKind::Kqueue);
        assert_eq!(AnyBackend::open(kind).unwrap().fd().is_some(), has_one);
    }
    Ok(())
}
