//! Files that are always ready, which the kernel refuses with EPERM: the back end reports them, with an eventfd in the set.

use super::super::common::{self, is_readable};
use crate::sys::observed::{begin, calls};
use crate::sys::seccomp::{self, in_a_thread_where};
use conformance::{
    READ, Run, Stream, WAIT, assert_idle, assert_ready, assert_times_out, in_child, interests, now, pairs,
    soon,
};
use selectors::backend::Epoll;
use selectors::sys::epoll::{Epoll as Set, EventFlags};
use selectors::{EpollSelector, Error, Limit, Mode, Operation, Ready, Timeout};
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

conformance::scenarios_of!(epoll, always_ready:
    every_kind_is_reported,
    other_refused_files_are_unsupported,
    a_wait_is_one_call,
    a_wait_without_such_keys_is_one_call,
    no_descriptor_is_left_behind,
    running_out_of_watches_changes_nothing,
    the_selector_is_readable_while_a_key_is_armed,
    a_foreign_event_is_not_the_beacon,
);

fn every_kind_is_reported() -> Run {
    common::always_ready_files_are_reported::<Epoll>()
}

/// EPERM means "always ready" here, but a sandbox may use it, too.
fn other_refused_files_are_unsupported() -> Run {
    let (socket, _peer) = pairs::streams();
    let mut selector = EpollSelector::new().unwrap();
    in_a_thread_where(&[libc::SYS_epoll_ctl], libc::EPERM, || {
        for file in [OwnedFd::from(socket.try_clone().unwrap()), pairs::regular().unwrap().into()] {
            let rejected = selector.register(file, READ, "data").unwrap_err();
            assert!(
                matches!(rejected.error, Error::UnsupportedFile { backend: "epoll", .. }),
                "{rejected:?}"
            );
            assert_eq!(rejected.error.kind(), ErrorKind::Unsupported);
            assert_eq!((rejected.error.raw_os_error(), rejected.data), (Some(libc::EPERM), "data"));
        }
    })?;
    assert!(selector.is_empty());
    assert_times_out(&mut selector, Duration::from_millis(1));
    selector.register(socket.into(), READ, "again").unwrap();
    Ok(())
}

/// In every mode, whether a key is armed or has fired: the kernel disarms the beacon by itself.
fn a_wait_is_one_call() -> Run {
    in_child("one", &[], || {
        let (a, mut b): (Stream, _) = pairs::streams();
        let mut selector = EpollSelector::<OwnedFd>::new().unwrap();
        let socket = selector.register(a.into(), READ, ()).unwrap();
        let token = selector.register(pairs::regular()?.into(), READ, ()).unwrap();
        let mut ready = Ready::with_capacity(4);
        begin()?;
        let mut wait = |selector: &mut EpollSelector<OwnedFd>, timeout: Timeout| {
            let (result, calls) = calls(|| selector.select_into(&mut ready, timeout));
            assert!(matches!(calls[..], [call] if seccomp::waits().contains(&call.number)), "{calls:?}");
            result.unwrap()
        };
        for mode in [Mode::Level, Mode::Edge, Mode::Oneshot, Mode::Edge, Mode::Level] {
            selector.modify_with(token, READ, mode).unwrap();
            for timeout in [Timeout::NEVER, WAIT.into(), Timeout::ZERO] {
                assert_eq!(wait(&mut selector, timeout), 1);
                assert_eq!(wait(&mut selector, Timeout::ZERO), usize::from(mode == Mode::Level));
                selector.rearm(token).unwrap();
            }
            b.write_all(b"x").unwrap();
            assert_eq!(wait(&mut selector, Timeout::NEVER), 2);
            pairs::drain(std::fs::File::from(selector.fileobj(socket).unwrap().try_clone().unwrap()));
        }
        Ok(())
    })
}

fn a_wait_without_such_keys_is_one_call() -> Run {
    in_child("none", &[], || {
        let (a, _b): (Stream, _) = pairs::ready();
        let mut selector = EpollSelector::<OwnedFd>::new().unwrap();
        let token = selector.register(pairs::regular()?.into(), READ, ()).unwrap();
        selector.unregister(token).unwrap();
        selector.register(a.into(), READ, ()).unwrap();
        let mut ready = Ready::with_capacity(4);
        begin()?;
        let (result, calls) = calls(|| selector.select_into(&mut ready, None));
        assert_eq!((result.unwrap(), calls.len()), (1, 1), "{calls:?}");
        Ok(())
    })
}

fn no_descriptor_is_left_behind() -> Run {
    let mut selector = EpollSelector::new().unwrap();
    let mut file = pairs::regular()?;
    let before = conformance::Descriptors::mark();
    for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
        let token = selector.register_with(file, READ, mode, ()).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
        selector.pause(token).unwrap();
        selector.rearm(token).unwrap();
        file = selector.unregister(token).unwrap().fileobj;
        assert!(before == conformance::Descriptors::mark());
        assert!(!is_readable(&selector));
    }
    Ok(())
}

/// The file is refused by the kernel, and then the beacon is.
fn running_out_of_watches_changes_nothing() -> Run {
    let mut selector = EpollSelector::new().unwrap();
    let mut file = Some(pairs::regular()?);
    let limit = conformance::Descriptors::none_left()?;
    let rejected = selector.register(file.take().unwrap(), READ, ()).unwrap_err();
    drop(limit);
    assert!(
        matches!(
            rejected.error,
            Error::Limit { limit: Limit::ProcessDescriptors, during: Operation::Register, .. }
        ),
        "{rejected:?}"
    );
    assert!(selector.is_empty());
    assert_times_out(&mut selector, Duration::from_millis(1));
    let token = selector.register(rejected.fileobj, READ, ()).unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    // With one in the list, the next needs no descriptor.
    let other = pairs::regular()?;
    let limit = conformance::Descriptors::none_left()?;
    let other = selector.register_with(other, READ, Mode::Oneshot, ()).unwrap();
    drop(limit);
    assert_ready(&mut selector, [(token, READ), (other, READ)]);
    // A refused change leaves the key as it was.
    selector.pause(token).unwrap();
    in_a_thread_where(&[libc::SYS_epoll_ctl], libc::ENOMEM, || {
        assert!(matches!(selector.rearm(other), Err(Error::Limit { limit: Limit::Memory, .. })));
        assert!(matches!(selector.rearm(token), Err(Error::Limit { limit: Limit::Memory, .. })));
        assert_idle(&mut selector);
    })?;
    selector.rearm(other).unwrap();
    assert_ready(&mut selector, [(other, READ)]);
    Ok(())
}

fn the_selector_is_readable_while_a_key_is_armed() -> Run {
    let mut selector = EpollSelector::new().unwrap();
    let once = selector.register_with(pairs::regular()?, READ, Mode::Oneshot, ()).unwrap();
    assert!(is_readable(&selector));
    assert_ready(&mut selector, [(once, READ)]);
    assert!(!is_readable(&selector));
    let level = selector.register(pairs::regular()?, READ, ()).unwrap();
    assert!(is_readable(&selector));
    selector.rearm(once).unwrap();
    assert_ready(&mut selector, [(once, READ), (level, READ)]);
    assert!(is_readable(&selector));
    selector.pause(level).unwrap();
    assert!(!is_readable(&selector));
    selector.rearm(once).unwrap();
    assert!(is_readable(&selector));
    selector.unregister(once).unwrap();
    assert!(!is_readable(&selector));
    Ok(())
}

/// Somebody with a duplicate of the descriptor can add an event with any data.
fn a_foreign_event_is_not_the_beacon() -> Run {
    const BEACON: u64 = (u32::MAX as u64) << 32 | 1;
    let (a, _b): (Stream, _) = pairs::ready();
    for mode in [Mode::Level, Mode::Oneshot] {
        let mut selector = EpollSelector::new().unwrap();
        let token = selector.register_with(pairs::regular()?, READ, mode, ()).unwrap();
        let foreign = Set::from_fd(selector.as_fd().try_clone_to_owned().unwrap());
        foreign.register(&a, EventFlags::IN, BEACON).unwrap();
        for _ in 0..3 {
            assert_eq!(interests(&soon(&mut selector)), [(token, READ)].into());
            if mode == Mode::Oneshot {
                assert_idle(&mut selector);
                assert_times_out(&mut selector, Duration::from_millis(1));
            }
            selector.rearm(token).unwrap();
        }
        selector.unregister(token).unwrap();
        assert_eq!(now(&mut selector).len(), 0);
        assert_times_out(&mut selector, Duration::from_millis(1));
    }
    Ok(())
}
