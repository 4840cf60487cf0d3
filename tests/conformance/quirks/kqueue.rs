//! What `kqueue` alone does: filters instead of descriptors, and ends that the kernel tells once.

use conformance::{NotRun, Run, WAIT, in_child, interests, now, pairs, soon, stdin};
use rustix::net::sockopt;
use selectors::backend::Backend as _;
use selectors::sys::fd::{AsFd, AsRawFd, OwnedFd};
use selectors::sys::poll::{PollFd, PollFlags, poll};
use selectors::{Error, File, Interest, KqueueSelector, Mode, Readiness, Timeout};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

conformance::scenarios_of!(kqueue, quirks:
    two_filters_are_one_entry,
    room_for_all_filters,
    both_filters_are_undone_when_the_second_fails,
    a_change_whose_second_filter_fails,
    the_error_of_a_socket_is_told,
    a_regular_file_is_ready_until_its_end,
    what_is_over_does_not_spend_a_key,
    what_is_left_of_a_spent_key_ends_no_wait,
    a_pipe_that_nobody_reads_any_more,
    a_pipe_that_nobody_read_before,
    another_file_after_a_pipe_that_nobody_reads,
    the_descriptor_is_readable_until_a_wait_has_looked,
    a_waker_without_a_descriptor,
    priority_where_there_is_a_filter,
);

const READ: Interest = Interest::READ;
const WRITE: Interest = Interest::WRITE;
const BOTH: Interest = READ.union(WRITE);

/// For what libkqueue does otherwise than kernels do.
fn no_emulation(reason: &str) -> Run {
    if cfg!(target_os = "linux") { Err(NotRun::because(reason)) } else { Ok(()) }
}

const ONE_FILTER: &str = "libkqueue watches a descriptor for one direction alone";
const NO_QUEUES: &str = "libkqueue's queues are never readable";

fn two_filters_are_one_entry() -> Run {
    no_emulation(ONE_FILTER)?;
    let (a, mut b) = pairs::streams();
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register(a, BOTH, ()).unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, WRITE)].into());
    b.write_all(b"x").unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, BOTH)].into());
    drop(b);
    let found = soon(&mut selector).get(token).unwrap();
    assert!(found.contains(Readiness::READ | Readiness::WRITE | Readiness::READ_CLOSED), "{found:?}");
    Ok(())
}

fn room_for_all_filters() -> Run {
    no_emulation(ONE_FILTER)?;
    let ends: Vec<_> = (0..40).map(|_| pairs::streams()).collect();
    let mut selector = KqueueSelector::new().unwrap();
    let mut expected = Vec::new();
    for (a, b) in &ends {
        (&*b).write_all(b"x").unwrap();
        expected.push((selector.register(a, BOTH, ()).unwrap(), BOTH));
    }
    assert_eq!(interests(&now(&mut selector)), expected.into_iter().collect());
    Ok(())
}

/// A descriptor that can be watched for reading alone: that of a queue.
fn for_reading_alone() -> (KqueueSelector<OwnedFd>, OwnedFd) {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let mut inner = KqueueSelector::new().unwrap();
    inner.register(OwnedFd::from(a), READ, ()).unwrap();
    assert_eq!(now(&mut inner).len(), 1);
    let fd = inner.backend().fd().unwrap().try_clone_to_owned().unwrap();
    (inner, fd)
}

fn both_filters_are_undone_when_the_second_fails() -> Run {
    no_emulation(NO_QUEUES)?;
    let (_inner, fd) = for_reading_alone();
    let mut selector = KqueueSelector::new().unwrap();
    let rejected = selector.register(fd, BOTH, 1).unwrap_err();
    assert!(matches!(rejected.error, Error::Os { .. } | Error::UnsupportedFile { .. }), "{rejected:?}");
    // Nothing is left of the first: the kernel has nothing to report, for a key or for none.
    let mut queue = [PollFd::new(selector.as_fd(), PollFlags::IN)];
    assert_eq!(poll(&mut queue, Timeout::ZERO).unwrap(), 0);
    assert!(selector.keys().is_empty() && now(&mut selector).is_empty());
    let token = selector.register(rejected.fileobj, READ, 2).unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, READ)].into());
    Ok(())
}

fn a_change_whose_second_filter_fails() -> Run {
    no_emulation(NO_QUEUES)?;
    let (_inner, fd) = for_reading_alone();
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register(fd, READ, ()).unwrap();
    for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
        for interest in [BOTH, WRITE] {
            let error = selector.modify_with(token, interest, mode).unwrap_err();
            assert!(matches!(error, Error::Os { .. }), "{error:?}");
            let key = selector.key(token).unwrap();
            assert_eq!((key.interest(), key.mode(), key.is_armed()), (READ, Mode::Level, true));
            for _ in 0..2 {
                assert_eq!(interests(&now(&mut selector)), [(token, READ)].into(), "{interest:?}, {mode}");
            }
        }
    }
    Ok(())
}

fn the_error_of_a_socket_is_told() -> Run {
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
    // It stays for who asks for it, and is gone then.
    let here = selector.unregister(token).unwrap().fileobj;
    assert!(here.take_error().unwrap().is_some());
    let token = selector.register(here, WRITE, ()).unwrap();
    assert_eq!(soon(&mut selector).get(token), Some(Readiness::WRITE | Readiness::WRITE_CLOSED));
    Ok(())
}

fn a_regular_file_is_ready_until_its_end() -> Run {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().write_all(b"xy").unwrap();
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register(file.reopen().unwrap(), READ, ()).unwrap();
    for _ in 0..2 {
        assert_eq!(soon(&mut selector).get(token), Some(Readiness::READ));
        assert_eq!(selector.fileobj(token).unwrap().read(&mut [0]).unwrap(), 1);
    }
    assert!(now(&mut selector).is_empty());
    Ok(())
}

/// The wait looks again at what was ready when it was registered.
fn what_is_over_does_not_spend_a_key() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register_with(&a, READ, Mode::Oneshot, ()).unwrap();
    assert_eq!(pairs::drain(&a), 1);
    assert!(now(&mut selector).is_empty());
    assert!(selector.key(token).unwrap().is_armed());
    b.write_all(b"x").unwrap();
    assert_eq!(interests(&soon(&mut selector)), [(token, READ)].into());
    Ok(())
}

fn what_is_left_of_a_spent_key_ends_no_wait() -> Run {
    no_emulation(ONE_FILTER)?;
    let (a, mut b) = pairs::streams();
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register_with(&a, BOTH, Mode::Oneshot, ()).unwrap();
    for _ in 0..2 {
        assert_eq!(interests(&now(&mut selector)), [(token, WRITE)].into());
        // The filter for reading was not reported.
        b.write_all(b"x").unwrap();
        let (limit, start) = (Duration::from_millis(5), Instant::now());
        assert!(selector.select(limit).unwrap().is_empty());
        assert!(start.elapsed() >= limit);
        let mut queue = [PollFd::new(selector.as_fd(), PollFlags::IN)];
        assert_eq!(poll(&mut queue, Timeout::ZERO).unwrap(), 0);
        assert_eq!(pairs::drain(&a), 1);
        selector.rearm(token).unwrap();
    }
    b.write_all(b"x").unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, BOTH)].into());
    Ok(())
}

const HUNG_UP: Readiness = Readiness::WRITE.union(Readiness::WRITE_CLOSED);

/// FreeBSD tells that once, and takes the filter out.
fn a_pipe_that_nobody_reads_any_more() -> Run {
    no_emulation("libkqueue tells no end of writing")?;
    let (reader, writer) = pairs::pipe()?;
    let mut selector = KqueueSelector::new().unwrap();
    let token = selector.register(writer, WRITE, ()).unwrap();
    assert_eq!(now(&mut selector).get(token), Some(Readiness::WRITE));
    drop(reader);
    for _ in 0..3 {
        assert_eq!(soon(&mut selector).get(token), Some(HUNG_UP));
    }
    selector.pause(token).unwrap();
    assert!(now(&mut selector).is_empty());
    selector.rearm(token).unwrap();
    for _ in 0..2 {
        assert_eq!(now(&mut selector).get(token), Some(HUNG_UP));
    }
    selector.modify(token, BOTH).unwrap();
    assert_eq!(now(&mut selector).get(token).unwrap() & HUNG_UP, HUNG_UP);
    selector.modify(token, WRITE).unwrap();
    assert_eq!(now(&mut selector).get(token), Some(HUNG_UP));
    selector.unregister(token).unwrap();
    assert!(now(&mut selector).is_empty());
    Ok(())
}

/// FreeBSD and NetBSD refuse to watch it.
fn a_pipe_that_nobody_read_before() -> Run {
    no_emulation("libkqueue tells no end of writing")?;
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
    assert!(now(&mut selector).is_empty());
    // Beside a waker, and another such pipe.
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

fn another_file_after_a_pipe_that_nobody_reads() -> Run {
    no_emulation("libkqueue tells no end of writing")?;
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
        // The number has another file now, and that is what a change is for.
        selector.modify(token, BOTH).unwrap();
        assert!(now(&mut selector).is_empty());
        assert_ne!(pairs::drain(&b), 0);
        assert_eq!(soon(&mut selector).get(token), Some(Readiness::WRITE));
        b.write_all(b"x").unwrap();
        assert_eq!(soon(&mut selector).get(token), Some(Readiness::READ | Readiness::WRITE));
        selector.unregister(token).unwrap();
        assert!(now(&mut selector).is_empty());
        Ok(())
    })
}

/// The BSDs count what they have queued, and look again in a wait only: `kqueue_poll`.
fn the_descriptor_is_readable_until_a_wait_has_looked() -> Run {
    no_emulation(NO_QUEUES)?;
    let (a, mut b) = pairs::streams();
    let mut selector = KqueueSelector::new().unwrap();
    selector.register(&a, READ, ()).unwrap();
    let readable = |selector: &KqueueSelector<_>| {
        poll(&mut [PollFd::new(selector.as_fd(), PollFlags::IN)], Timeout::ZERO).unwrap() == 1
    };
    assert!(!readable(&selector));
    b.write_all(b"x").unwrap();
    assert!(readable(&selector));
    assert_eq!(now(&mut selector).len(), 1);
    assert!(readable(&selector));
    assert_eq!(pairs::drain(&a), 1);
    if cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
        assert!(readable(&selector));
    }
    assert!(now(&mut selector).is_empty() && !readable(&selector));
    Ok(())
}

fn a_waker_without_a_descriptor() -> Run {
    no_emulation("libkqueue makes one for it")?;
    if !cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
        return Err(NotRun::because("known of FreeBSD and NetBSD alone: EVFILT_USER is not everywhere"));
    }
    // The lowest number that is free: open(2).
    let free = || pairs::streams().0.as_raw_fd();
    let mut selector = KqueueSelector::<File<OwnedFd>>::new().unwrap();
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

fn priority_where_there_is_a_filter() -> Run {
    let (a, _b) = pairs::tcp();
    let mut selector = KqueueSelector::new().unwrap();
    let there_is = cfg!(any(target_os = "dragonfly", target_os = "openbsd", target_vendor = "apple"));
    assert_eq!(selector.backend().supports(Interest::PRIORITY, Mode::Level), there_is);
    match selector.register(&a, Interest::PRIORITY, ()) {
        Ok(_) => assert!(there_is && now(&mut selector).is_empty()),
        Err(rejected) => {
            assert!(matches!(rejected.error, Error::Unsupported { backend: "kqueue", .. }) && !there_is);
        }
    }
    Ok(())
}
