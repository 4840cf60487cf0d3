//! `kqueue(2)`: one call that applies changes and returns events.

use conformance::{NotRun, Run, Scenario, Stream, WAIT, kernel, pairs};
use selectors::Timeout;
use selectors::sys::fd::{AsFd, AsRawFd, OwnedFd};
use selectors::sys::kqueue::{Filter, Flags, Kevent, Kqueue};
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

mod changes;
mod filters;
mod hang_ups;
mod process;
mod types;

/// The scenarios of this module and its submodules.
pub(super) fn all() -> Vec<Scenario> {
    [
        types::scenarios(),
        scenarios(),
        changes::scenarios(),
        filters::scenarios(),
        hang_ups::scenarios(),
        process::scenarios(),
    ]
    .concat()
}

conformance::scenarios_of!(sys, kqueue:
    empty_calls_wait_for_the_timeout,
    one_call_applies_a_change_and_returns_its_event,
    many_changes_and_events_in_one_call,
    small_buffers_rotate_through_events,
    a_call_without_room_applies_its_changes,
    a_call_without_room_waits,
    level_edge_and_one_shot,
    disabled_filters_report_nothing,
    stale_readiness_is_not_reported,
    closing_a_descriptor_removes_its_filters,
    queues_can_be_nested,
    the_descriptor_is_close_on_exec_and_closed_on_drop,
    queues_convert_from_and_into_descriptors,
    other_descriptors_are_refused,
    a_change_wakes_a_waiter_in_another_thread,
);

const NOW: Timeout = Timeout::ZERO;

/// Kernels whose sources were read for the assertions that not all kernels share.
pub(crate) const KNOWN: bool = cfg!(any(target_os = "freebsd", target_os = "netbsd", target_os = "openbsd"));

/// The events that are pending now.
fn now(queue: &Kqueue) -> Vec<Kevent> {
    let mut events = [Kevent::default(); 32];
    queue.control(&[], &mut events, NOW).unwrap().to_vec()
}

/// Waits for events and returns them.
fn soon(queue: &Kqueue) -> Vec<Kevent> {
    let mut events = [Kevent::default(); 32];
    let events = queue.control(&[], &mut events, WAIT).unwrap().to_vec();
    assert!(!events.is_empty(), "no event within {WAIT:?}");
    events
}

/// Waits for exactly one event.
fn one(queue: &Kqueue) -> Kevent {
    let events = soon(queue);
    assert_eq!(events.len(), 1, "{events:?}");
    events[0]
}

/// Applies one change, without room for an event.
fn change(queue: &Kqueue, change: Kevent) -> io::Result<()> {
    queue.control(&[change], &mut [], NOW).map(|events| assert_eq!(events, []))
}

/// Skips a scenario on libkqueue, which differs from the kernels.
pub(crate) fn no_emulation(reason: &str) -> Run {
    if cfg!(target_os = "linux") { Err(NotRun::because(reason)) } else { Ok(()) }
}

/// Whether the kernel has `EVFILT_USER`, which OpenBSD before 7.8 lacks.
pub(crate) fn has_user_events() -> bool {
    let added = change(&Kqueue::new().unwrap(), Kevent::new(1, Filter::USER, Flags::ADD));
    match added.map_err(|error| error.raw_os_error()) {
        Err(Some(libc::EINVAL)) => false,
        result => result.is_ok() || panic!("{result:?}"),
    }
}

/// The change with this user data.
fn with_udata(udata: usize, change: Kevent) -> Kevent {
    Kevent { udata, ..change }
}

fn empty_calls_wait_for_the_timeout() -> Run {
    let queue = Kqueue::new().unwrap();
    assert_eq!(queue.control(&[], &mut [], NOW).unwrap(), []);
    assert_eq!(queue.control(&[], &mut [], None).unwrap(), []);
    assert_eq!(now(&queue), []);
    for limit in [Duration::from_nanos(1), Duration::from_micros(1500), Duration::from_millis(12)] {
        for room in [0, 1, 20] {
            let start = Instant::now();
            assert_eq!(queue.control(&[], &mut vec![Kevent::default(); room], limit).unwrap(), []);
            assert!(start.elapsed() >= limit, "{limit:?} with room for {room}");
        }
    }
    Ok(())
}

fn one_call_applies_a_change_and_returns_its_event() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"hello").unwrap();
    let queue = Kqueue::new().unwrap();
    let add = with_udata(7, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD));
    let mut events = [Kevent::default(); 4];
    let events = queue.control(&[add], &mut events, None).unwrap();
    assert_eq!(events.len(), 1);
    let event = events[0];
    assert_eq!((event.ident, event.filter, event.udata), (add.ident, Filter::READ, 7));
    assert_eq!((event.data, event.fflags.bits()), (5, 0));
    assert!(event.error().is_none() && !event.flags.intersects(Flags::EOF | Flags::ERROR));
    // `kqueue_register` of FreeBSD removes the flag from what it stores; NetBSD stores the change as it is.
    if cfg!(target_os = "freebsd") {
        assert!(!event.flags.contains(Flags::ADD), "{event:?}");
    }
    if cfg!(target_os = "netbsd") {
        assert!(event.flags.contains(Flags::ADD), "{event:?}");
    }
    Ok(())
}

/// Kernels copy changes and events in portions: 8 on FreeBSD and NetBSD (`KQ_NEVENTS`).
fn many_changes_and_events_in_one_call() -> Run {
    let (queue, ends) = many(20);
    for (_, b) in &ends {
        (&*b).write_all(b"x").unwrap();
    }
    let mut found: Vec<_> = soon(&queue).iter().map(|event| event.udata).collect();
    found.sort_unstable();
    assert!(found.iter().copied().eq(0..20), "{found:?}");
    Ok(())
}

/// A queue that watches the first ends of this many pairs. The user data is the index of the pair.
fn many(count: usize) -> (Kqueue, Vec<(Stream, Stream)>) {
    let ends: Vec<_> = (0..count).map(|_| pairs::streams()).collect();
    let add =
        |number: usize| with_udata(number, Kevent::for_fd(ends[number].0.as_fd(), Filter::READ, Flags::ADD));
    let queue = Kqueue::new().unwrap();
    let changes: Vec<_> = (0..count).map(add).collect();
    assert_eq!(queue.control(&changes, &mut [Kevent::default(); 4], NOW).unwrap(), []);
    (queue, ends)
}

/// Reported events move to the end of the kernel's list: `kqueue_scan`.
fn small_buffers_rotate_through_events() -> Run {
    let (queue, ends) = many(12);
    for (_, b) in &ends {
        (&*b).write_all(b"x").unwrap();
    }
    let mut found = BTreeSet::new();
    for _ in 0..4 {
        let mut events = [Kevent::default(); 3];
        let events = queue.control(&[], &mut events, WAIT).unwrap();
        assert_eq!(events.len(), 3);
        found.extend(events.iter().map(|event| event.udata));
    }
    assert_eq!(found.len(), 12);
    Ok(())
}

fn a_call_without_room_applies_its_changes() -> Run {
    let (a, _b) = pairs::ready();
    let queue = Kqueue::new().unwrap();
    change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)).unwrap();
    // The call without room has not taken the event.
    assert_eq!(now(&queue).len(), 1);
    change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::DELETE)).unwrap();
    assert_eq!(now(&queue), []);
    Ok(())
}

fn a_call_without_room_waits() -> Run {
    no_emulation("libkqueue's queues are never readable")?;
    let (a, b) = pairs::streams();
    let queue = Kqueue::new().unwrap();
    let add = Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD);
    let (limit, start) = (Duration::from_millis(12), Instant::now());
    assert_eq!(queue.control(&[add], &mut [], limit).unwrap(), []);
    assert!(start.elapsed() >= limit);
    // A call without room ends when an event is pending, and leaves it there.
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| (&b).write_all(b"x").unwrap());
        assert_eq!(queue.control(&[], &mut [], WAIT).unwrap(), []);
    });
    assert!(start.elapsed() < WAIT);
    assert_eq!(now(&queue).len(), 1);
    Ok(())
}

fn level_edge_and_one_shot() -> Run {
    let ends = [pairs::streams(), pairs::streams(), pairs::streams()];
    let queue = Kqueue::new().unwrap();
    for ((a, _), mode) in ends.iter().zip([Flags::empty(), Flags::CLEAR, Flags::ONESHOT]) {
        change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD | mode)).unwrap();
    }
    let [level, edge, once] = [0, 1, 2].map(|at: usize| ends[at].0.as_raw_fd() as usize);
    let found = || now(&queue).iter().map(|event| event.ident).collect::<BTreeSet<_>>();
    assert_eq!(found(), [].into());
    for (_, b) in &ends {
        (&*b).write_all(b"x").unwrap();
    }
    assert_eq!(found(), [level, edge, once].into());
    assert_eq!(found(), [level].into());
    for (_, b) in &ends {
        (&*b).write_all(b"x").unwrap();
    }
    assert_eq!(found(), [level, edge].into());
    no_emulation("libkqueue refuses to add a filter twice")?;
    // Adding an edge or a one-shot filter again reports it again.
    for (a, _) in &ends[1..] {
        change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD | Flags::ONESHOT)).unwrap();
    }
    assert_eq!(found(), [level, edge, once].into());
    // The mode of an existing filter does not change: the edge is still there, and the one-shot filter is not.
    let delete = |at: usize| change(&queue, Kevent::for_fd(ends[at].0.as_fd(), Filter::READ, Flags::DELETE));
    if KNOWN {
        delete(1).unwrap();
    }
    assert_eq!(delete(2).unwrap_err().raw_os_error(), Some(libc::ENOENT));
    Ok(())
}

fn disabled_filters_report_nothing() -> Run {
    let (a, _b) = pairs::ready();
    let queue = Kqueue::new().unwrap();
    let set = |flags| change(&queue, with_udata(7, Kevent::for_fd(a.as_fd(), Filter::READ, flags))).unwrap();
    set(Flags::ADD | Flags::DISABLE);
    assert_eq!(now(&queue), []);
    set(Flags::ENABLE);
    assert_eq!(now(&queue).len(), 1);
    set(Flags::DISABLE);
    assert_eq!(now(&queue), []);
    set(Flags::DELETE);
    // With `DISPATCH` the kernel disables the filter when it reports it.
    set(Flags::ADD | Flags::DISPATCH);
    for _ in 0..2 {
        let event = one(&queue);
        assert_eq!((event.udata, event.data), (7, 1));
        assert!(event.flags.contains(Flags::DISPATCH) && !event.flags.contains(Flags::ONESHOT));
        assert_eq!(now(&queue), []);
        set(Flags::ADD | Flags::ENABLE | Flags::DISPATCH);
    }
    set(Flags::DELETE);
    Ok(())
}

/// The wait asks the filter again before it reports, but not for `ONESHOT`: `kqueue_scan`.
fn stale_readiness_is_not_reported() -> Run {
    let (mut a, mut b) = pairs::streams();
    let queue = Kqueue::new().unwrap();
    for mode in [Flags::empty(), Flags::CLEAR, Flags::DISPATCH, Flags::ONESHOT] {
        b.write_all(b"x").unwrap();
        change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD | mode)).unwrap();
        assert_eq!(a.read(&mut [0; 8]).unwrap(), 1);
        let found = now(&queue).len();
        if mode != Flags::ONESHOT {
            assert_eq!(found, 0, "{mode:?}");
            change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::DELETE)).unwrap();
        } else if KNOWN {
            assert_eq!(found, 1);
        }
    }
    Ok(())
}

fn closing_a_descriptor_removes_its_filters() -> Run {
    let (a, _b) = pairs::ready();
    let queue = Kqueue::new().unwrap();
    let duplicate = a.try_clone().unwrap();
    change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)).unwrap();
    assert_eq!(now(&queue).len(), 1);
    let number = a.as_raw_fd() as usize;
    drop(a);
    // The duplicate keeps the file open.
    no_emulation("libkqueue does not see that a descriptor is closed")?;
    assert_eq!(now(&queue), []);
    let error = change(&queue, Kevent::new(number, Filter::READ, Flags::DELETE)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(kernel::KQUEUE_DELETE_OF_CLOSED));
    drop(duplicate);
    Ok(())
}

fn queues_can_be_nested() -> Run {
    no_emulation("libkqueue's queues cannot be nested")?;
    let (mut a, mut b) = pairs::streams();
    let (inner, outer) = (Kqueue::new().unwrap(), Kqueue::new().unwrap());
    change(&inner, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)).unwrap();
    change(&outer, Kevent::for_fd(inner.as_fd(), Filter::READ, Flags::ADD)).unwrap();
    assert_eq!(now(&outer), []);
    b.write_all(b"x").unwrap();
    let event = one(&outer);
    assert_eq!((event.ident, event.data), (inner.as_fd().as_raw_fd() as usize, 1));
    assert_eq!(now(&inner).len(), 1);
    assert_eq!(a.read(&mut [0; 8]).unwrap(), 1);
    // The outer queue counts the events that the inner one has queued. A wait on the inner one removes stale events.
    assert_eq!(now(&inner), []);
    assert_eq!(now(&outer), []);
    // A queue can be watched for reading only: `kqueue_kqfilter`.
    let error = change(&outer, Kevent::for_fd(inner.as_fd(), Filter::WRITE, Flags::ADD)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    Ok(())
}

fn the_descriptor_is_close_on_exec_and_closed_on_drop() -> Run {
    let queue = Kqueue::new().unwrap();
    let flags = rustix::io::fcntl_getfd(queue.as_fd()).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    let another = Kqueue::new().unwrap();
    assert_ne!(queue.as_fd().as_raw_fd(), another.as_fd().as_raw_fd());
    let number = another.as_fd().as_raw_fd();
    drop(another);
    if !cfg!(target_os = "linux") {
        // The number is free again, and the lowest one.
        assert_eq!(Kqueue::new().unwrap().as_fd().as_raw_fd(), number);
    }
    assert!(format!("{queue:?}").contains("Kqueue"));
    Ok(())
}

fn queues_convert_from_and_into_descriptors() -> Run {
    no_emulation("libkqueue finds its queues by their number")?;
    let (a, _b) = pairs::ready();
    let queue = Kqueue::new().unwrap();
    let number = queue.as_fd().as_raw_fd();
    let duplicate: OwnedFd = queue.as_fd().try_clone_to_owned().unwrap();
    let second = Kqueue::from_fd(duplicate);
    change(&second, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)).unwrap();
    let fd = queue.into_fd().unwrap();
    assert_eq!(fd.as_raw_fd(), number);
    assert_eq!(now(&Kqueue::from_fd(fd)).len(), 1);
    assert_eq!(now(&second).len(), 1);
    Ok(())
}

fn other_descriptors_are_refused() -> Run {
    no_emulation("libkqueue has other errors")?;
    let (a, _b) = pairs::streams();
    let queue = Kqueue::from_fd(a.into());
    let error = queue.control(&[], &mut [Kevent::default()], NOW).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    Ok(())
}

fn a_change_wakes_a_waiter_in_another_thread() -> Run {
    let (a, _b) = pairs::ready();
    let queue = Kqueue::new().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| one(&queue).udata);
        change(&queue, with_udata(9, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD))).unwrap();
        assert_eq!(waiting.join().unwrap(), 9);
    });
    Ok(())
}
