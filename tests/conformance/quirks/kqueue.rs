//! Scenarios for the `kqueue` back end only: one key with two filters, and hang-ups that the kernel reports once.

#![expect(unsafe_code, reason = "a descriptor that is borrowed by its number")]

use super::common::is_readable;
use crate::sys::kqueue::{KNOWN, has_user_events, no_emulation};
use conformance::{
    BOTH, NotRun, PRIORITY, READ, Run, WAIT, WRITE, assert_idle, assert_ready, in_child, interests, now,
    pairs, soon, stdin, wait_ready,
};
use rustix::net::sockopt;
use selectors::backend::Backend as _;
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use selectors::{Error, FdIo, KqueueSelector, Mode, Readiness};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

conformance::scenarios_of!(kqueue, quirks:
    two_filters_make_one_entry,
    the_buffer_holds_every_filter,
    a_failed_registration_removes_both_filters,
    a_failed_change_keeps_the_old_filters,
    a_failed_change_arms_nothing,
    a_device_without_a_filter_is_always_ready,
    its_own_descriptor_is_refused,
    socket_errors_are_reported,
    regular_files_are_ready_at_their_end,
    stale_readiness_does_not_fire_a_one_shot_key,
    the_other_filter_of_a_fired_key_ends_no_wait,
    closing_the_reader_of_a_pipe_is_reported_in_each_wait,
    a_pipe_without_a_reader_can_be_registered,
    a_new_file_replaces_a_pipe_without_a_reader,
    the_descriptor_stays_readable_until_the_next_wait,
    wakers_use_no_descriptor,
    priority_needs_a_filter,
);

/// The readiness of a pipe's write end without a reader.
const HUNG_UP: Readiness = Readiness::WRITE.union(Readiness::WRITE_CLOSED);

const ONE_FILTER: &str = "libkqueue watches a descriptor for one direction only";
const NO_QUEUES: &str = "libkqueue's queues are never readable";
const NO_WRITE_END: &str = "libkqueue does not report the end of writing";

fn two_filters_make_one_entry() -> Run {
    no_emulation(ONE_FILTER)?;
    let (a, mut b) = pairs::streams();
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register(a, BOTH, ()).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    b.write_all(b"x").unwrap();
    assert_ready(&mut selector, [(token, BOTH)]);
    drop(b);
    let found = soon(&mut selector).get(token).unwrap();
    assert!(found.contains(Readiness::READ | Readiness::WRITE | Readiness::READ_CLOSED), "{found:?}");
    Ok(())
}

fn the_buffer_holds_every_filter() -> Run {
    no_emulation(ONE_FILTER)?;
    let ends: Vec<_> = (0..40).map(|_| pairs::streams()).collect();
    let mut selector = KqueueSelector::new().unwrap();
    let mut expected = Vec::new();
    for (a, b) in &ends {
        (&*b).write_all(b"x").unwrap();
        expected.push((selector.register(a, BOTH, ()).unwrap(), BOTH));
    }
    assert_ready(&mut selector, expected);
    Ok(())
}

/// A readable descriptor that the kernel refuses to watch for writing: that of a queue.
fn read_only_fd() -> (KqueueSelector<OwnedFd>, OwnedFd) {
    let (a, _b) = pairs::ready();
    let mut inner = KqueueSelector::new().unwrap();
    inner.register(OwnedFd::from(a), READ, ()).unwrap();
    assert_eq!(now(&mut inner).len(), 1);
    let fd = inner.backend().fd().unwrap().try_clone_to_owned().unwrap();
    (inner, fd)
}

fn a_failed_registration_removes_both_filters() -> Run {
    no_emulation(NO_QUEUES)?;
    let (_inner, fd) = read_only_fd();
    let mut selector = KqueueSelector::new().unwrap();
    let rejected = selector.register(fd, BOTH, 1).unwrap_err();
    assert!(matches!(rejected.error, Error::UnsupportedFile { backend: "kqueue", .. }), "{rejected:?}");
    // The first filter is gone too: the kernel has nothing to report.
    assert!(!is_readable(&selector));
    assert!(selector.keys().is_empty() && now(&mut selector).is_empty());
    let token = selector.register(rejected.fileobj, READ, 2).unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn a_failed_change_keeps_the_old_filters() -> Run {
    no_emulation(NO_QUEUES)?;
    let (_inner, fd) = read_only_fd();
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register(fd, READ, ()).unwrap();
    for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
        for interest in [BOTH, WRITE] {
            let error = selector.modify_with(token, interest, mode).unwrap_err();
            assert!(matches!(error, Error::UnsupportedFile { backend: "kqueue", .. }), "{error:?}");
            let key = selector.key(token).unwrap();
            assert_eq!((key.interest(), key.mode(), key.is_armed()), (READ, Mode::Level, true));
            for _ in 0..2 {
                assert_eq!(interests(&now(&mut selector)), [(token, READ)].into(), "{interest:?}, {mode}");
            }
        }
    }
    Ok(())
}

/// A key that was reported, once, is not armed again by a change that the kernel refuses.
fn a_failed_change_arms_nothing() -> Run {
    no_emulation(NO_QUEUES)?;
    for mode in [Mode::Edge, Mode::Oneshot] {
        let (_inner, fd) = read_only_fd();
        let mut selector = KqueueSelector::new().unwrap();
        let token = selector.register_with(fd, READ, mode, ()).unwrap();
        assert_eq!(interests(&soon(&mut selector)), [(token, READ)].into());
        // On FreeBSD a thread of the kernel may pass the same event on once more (`kqueue_task`).
        std::thread::sleep(Duration::from_millis(10));
        let _ = now(&mut selector);
        for interest in [BOTH, WRITE] {
            for to in [Mode::Level, Mode::Edge, Mode::Oneshot] {
                let error = selector.modify_with(token, interest, to).unwrap_err();
                assert!(matches!(error, Error::UnsupportedFile { .. }), "{error:?}");
                assert!(!is_readable(&selector), "{mode}, {interest:?}, {to}");
                assert!(now(&mut selector).is_empty(), "{mode}, {interest:?}, {to}");
            }
        }
        selector.rearm(token).unwrap();
        assert_eq!(interests(&soon(&mut selector)), [(token, READ)].into());
    }
    Ok(())
}

/// FreeBSD has no filters for the null device, the others have. `poll` reports it as ready on all of them.
fn a_device_without_a_filter_is_always_ready() -> Run {
    no_emulation("libkqueue refuses devices")?;
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register(pairs::null()?, BOTH, ()).unwrap();
    for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
        for interest in [READ, WRITE, BOTH] {
            selector.modify_with(token, interest, mode).unwrap();
            assert!(is_readable(&selector));
            for again in [false, true] {
                let expected = (!again || mode == Mode::Level).then_some((token, interest));
                assert_eq!(interests(&now(&mut selector)), expected.into_iter().collect(), "{mode}");
            }
        }
    }
    assert!(!is_readable(&selector));
    selector.rearm(token).unwrap();
    selector.pause(token).unwrap();
    assert!(!is_readable(&selector) && now(&mut selector).is_empty());
    Ok(())
}

/// Borrows its descriptor by number, as a program with unsafe code might.
struct Number(RawFd);

impl AsFd for Number {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the selector that has this number is open for as long.
        unsafe { BorrowedFd::borrow_raw(self.0) }
    }
}

/// NetBSD stops at the next event of a queue that is in itself (`knote_activate_locked` in `sys/kern/kern_event.c`).
fn its_own_descriptor_is_refused() -> Run {
    let mut selector = KqueueSelector::new().unwrap();
    let number = selector.backend().fd().unwrap().as_raw_fd();
    let rejected = selector.register(Number(number), READ, ()).unwrap_err();
    assert_eq!(rejected.error.raw_os_error(), Some(libc::EINVAL));
    assert!(now(&mut selector).is_empty());
    if cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
        let mut selector = KqueueSelector::new().unwrap();
        let duplicate = selector.backend().fd().unwrap().try_clone_to_owned().unwrap();
        let rejected = selector.register(duplicate, READ, ()).unwrap_err();
        assert_eq!(rejected.error.raw_os_error(), Some(libc::EINVAL));
        // Another selector is none of its duplicates.
        let other = KqueueSelector::<OwnedFd>::new().unwrap();
        let token = selector.register(other.backend().fd().unwrap().try_clone_to_owned().unwrap(), READ, ());
        selector.unregister(token.unwrap()).unwrap();
    }
    Ok(())
}

fn socket_errors_are_reported() -> Run {
    no_emulation("libkqueue takes the error from the socket")?;
    let (here, peer) = pairs::tcp();
    sockopt::set_socket_linger(&peer, Some(Duration::ZERO)).unwrap();
    drop(peer);
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register(here, READ, ()).unwrap();
    let reset = Readiness::READ | Readiness::READ_CLOSED | Readiness::ERROR;
    assert_eq!(soon(&mut selector).get(token), Some(reset));
    selector.modify(token, WRITE).unwrap();
    let reset = Readiness::WRITE | Readiness::WRITE_CLOSED | Readiness::ERROR;
    assert_eq!(soon(&mut selector).get(token), Some(reset));
    // The error stays until `SO_ERROR` takes it.
    let here = selector.unregister(token).unwrap().fileobj;
    assert!(here.take_error().unwrap().is_some());
    let token = selector.register(here, WRITE, ()).unwrap();
    assert_eq!(soon(&mut selector).get(token), Some(Readiness::WRITE | Readiness::WRITE_CLOSED));
    Ok(())
}

/// The kernel reports them before their end only (`filt_vfsread` of FreeBSD, `genfs_kqfilter` of NetBSD, `filt_ufsread` of
/// OpenBSD), so the back end does not ask it.
fn regular_files_are_ready_at_their_end() -> Run {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().write_all(b"xy").unwrap();
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register(file.reopen().unwrap(), READ, ()).unwrap();
    for length in [1, 1, 0, 0] {
        assert_eq!(now(&mut selector).get(token), Some(Readiness::READ));
        assert_eq!(selector.fileobj(token).unwrap().read(&mut [0]).unwrap(), length);
    }
    selector.unregister(token).unwrap();
    assert_idle(&mut selector);
    Ok(())
}

/// The wait checks again what was ready at registration.
fn stale_readiness_does_not_fire_a_one_shot_key() -> Run {
    let (a, mut b) = pairs::ready();
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register_with(&a, READ, Mode::Oneshot, ()).unwrap();
    assert_eq!(pairs::drain(&a), 1);
    assert_idle(&mut selector);
    assert!(selector.key(token).unwrap().is_armed());
    b.write_all(b"x").unwrap();
    wait_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn the_other_filter_of_a_fired_key_ends_no_wait() -> Run {
    no_emulation(ONE_FILTER)?;
    let (a, mut b) = pairs::streams();
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register_with(&a, BOTH, Mode::Oneshot, ()).unwrap();
    for _ in 0..2 {
        assert_ready(&mut selector, [(token, WRITE)]);
        // The filter for reading has not been reported.
        b.write_all(b"x").unwrap();
        let (limit, start) = (Duration::from_millis(5), Instant::now());
        assert!(selector.select(limit).unwrap().is_empty());
        assert!(start.elapsed() >= limit);
        assert!(!is_readable(&selector));
        assert_eq!(pairs::drain(&a), 1);
        selector.rearm(token).unwrap();
    }
    b.write_all(b"x").unwrap();
    assert_ready(&mut selector, [(token, BOTH)]);
    Ok(())
}

/// FreeBSD reports this once, and removes the filter (`knlist_cleardel`). The back end reports it in each wait.
fn closing_the_reader_of_a_pipe_is_reported_in_each_wait() -> Run {
    no_emulation(NO_WRITE_END)?;
    let (reader, writer) = pairs::pipe()?;
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register(writer, WRITE, ()).unwrap();
    assert_eq!(now(&mut selector).get(token), Some(Readiness::WRITE));
    drop(reader);
    for _ in 0..3 {
        assert_eq!(soon(&mut selector).get(token), Some(HUNG_UP));
    }
    selector.pause(token).unwrap();
    assert_idle(&mut selector);
    selector.rearm(token).unwrap();
    for _ in 0..2 {
        assert_eq!(now(&mut selector).get(token), Some(HUNG_UP));
    }
    selector.modify(token, BOTH).unwrap();
    assert_eq!(now(&mut selector).get(token).unwrap() & HUNG_UP, HUNG_UP);
    selector.modify(token, WRITE).unwrap();
    assert_eq!(now(&mut selector).get(token), Some(HUNG_UP));
    selector.unregister(token).unwrap();
    assert_idle(&mut selector);
    Ok(())
}

/// FreeBSD, NetBSD and OpenBSD refuse to watch such a pipe (`pipe_kqfilter` in `sys/kern/sys_pipe.c` of each).
fn a_pipe_without_a_reader_can_be_registered() -> Run {
    no_emulation(NO_WRITE_END)?;
    let (reader, writer) = pairs::pipe()?;
    drop(reader);
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register(writer, WRITE, ()).unwrap();
    let modes = [Mode::Level, Mode::Edge, Mode::Oneshot];
    for from in modes {
        for to in modes {
            selector.modify_with(token, WRITE, from).unwrap();
            selector.modify_with(token, WRITE, to).unwrap();
            for _ in 0..2 {
                assert_eq!(now(&mut selector).get(token), Some(HUNG_UP), "{from}, {to}");
                let again = now(&mut selector).get(token);
                assert_eq!(again, (to == Mode::Level).then_some(HUNG_UP), "{from}, {to}");
                selector.rearm(token).unwrap();
            }
        }
    }
    let writer = selector.unregister(token).unwrap().fileobj;
    assert_idle(&mut selector);
    // Together with a waker and another such pipe.
    let (another_reader, another) = pairs::pipe()?;
    drop(another_reader);
    let tokens = [writer, another].map(|file| selector.register(file, WRITE, ()).unwrap());
    let waker = selector.waker().unwrap();
    waker.wake().unwrap();
    let found = soon(&mut selector);
    assert!(found.woken());
    assert_eq!(tokens.map(|token| found.get(token)), [Some(HUNG_UP); 2]);
    assert!(!now(&mut selector).woken());
    Ok(())
}

fn a_new_file_replaces_a_pipe_without_a_reader() -> Run {
    no_emulation(NO_WRITE_END)?;
    in_child("another", &[], || {
        let stdin = stdin::get()?;
        let (reader, writer) = pairs::pipe()?;
        drop(reader);
        stdin::replace(writer);
        let mut selector = KqueueSelector::new().unwrap();
        let token = selector.register(&stdin, WRITE, ()).unwrap();
        assert_eq!(now(&mut selector).get(token), Some(HUNG_UP));
        let (a, mut b) = pairs::streams();
        stdin::replace(&a);
        pairs::fill(&a);
        // The number has another file now, and the change must apply to that file.
        selector.modify(token, BOTH).unwrap();
        assert_idle(&mut selector);
        assert_ne!(pairs::drain(&b), 0);
        assert_eq!(soon(&mut selector).get(token), Some(Readiness::WRITE));
        b.write_all(b"x").unwrap();
        assert_eq!(soon(&mut selector).get(token), Some(Readiness::READ | Readiness::WRITE));
        selector.unregister(token).unwrap();
        assert_idle(&mut selector);
        Ok(())
    })
}

/// The BSDs count queued events, and check them only in a wait: `kqueue_poll`.
fn the_descriptor_stays_readable_until_the_next_wait() -> Run {
    no_emulation(NO_QUEUES)?;
    let (a, mut b) = pairs::streams();
    let mut selector = KqueueSelector::new().unwrap();
    selector.register(&a, READ, ()).unwrap();
    assert!(!is_readable(&selector));
    b.write_all(b"x").unwrap();
    assert!(is_readable(&selector));
    assert_eq!(now(&mut selector).len(), 1);
    assert!(is_readable(&selector));
    assert_eq!(pairs::drain(&a), 1);
    if KNOWN {
        assert!(is_readable(&selector));
    }
    assert!(now(&mut selector).is_empty() && !is_readable(&selector));
    Ok(())
}

fn wakers_use_no_descriptor() -> Run {
    no_emulation("libkqueue opens a descriptor for a user event")?;
    if !KNOWN || !has_user_events() {
        return Err(NotRun::because("this kernel may lack EVFILT_USER"));
    }
    // The lowest free number: open(2).
    let free = || pairs::streams().0.as_raw_fd();
    let mut selector = KqueueSelector::<FdIo<OwnedFd>>::new().unwrap();
    let before = free();
    let waker = selector.waker().unwrap();
    assert_eq!(free(), before);
    for _ in 0..3 {
        waker.wake().unwrap();
        assert!(selector.select(WAIT).unwrap().woken());
        assert!(!now(&mut selector).woken());
    }
    Ok(())
}

fn priority_needs_a_filter() -> Run {
    let (a, _b) = pairs::tcp();
    let mut selector = KqueueSelector::new().unwrap();
    let exists = cfg!(any(target_os = "dragonfly", target_os = "openbsd", target_vendor = "apple"));
    assert_eq!(selector.backend().supports(PRIORITY, Mode::Level), exists);
    match selector.register(&a, PRIORITY, ()) {
        Ok(_) => assert!(exists && now(&mut selector).is_empty()),
        Err(rejected) => {
            assert!(matches!(rejected.error, Error::Unsupported { backend: "kqueue", .. }) && !exists);
        }
    }
    Ok(())
}
