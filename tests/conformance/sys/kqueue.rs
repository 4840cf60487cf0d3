//! `kqueue(2)`: one call that takes changes and gives back events.

use conformance::{NotRun, Run, Scenario, Stream, WAIT, pairs};
use selectors::Timeout;
use selectors::sys::fd::{AsFd, AsRawFd, OwnedFd};
use selectors::sys::kqueue::{Filter, Flags, Kevent, Kqueue};
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

mod changes;
mod ends;
mod filters;
mod process;
mod types;

/// The scenarios of this file, and of those that belong to it.
pub(crate) fn all() -> Vec<Scenario> {
    [
        types::scenarios(),
        scenarios(),
        changes::scenarios(),
        filters::scenarios(),
        ends::scenarios(),
        process::scenarios(),
    ]
    .concat()
}

conformance::scenarios_of!(sys, kqueue:
    nothing_to_do,
    a_change_and_its_event_in_one_call,
    many_changes_and_many_events,
    with_little_room_nobody_starves,
    no_room_makes_the_changes,
    no_room_waits_all_the_same,
    levels_edges_and_once,
    disabled_and_enabled,
    what_is_over_is_not_reported,
    closing_a_descriptor_forgets_it,
    a_queue_in_a_queue,
    the_descriptor,
    from_and_into_a_descriptor,
    what_is_no_queue,
    two_threads,
);

const NOW: Timeout = Timeout::ZERO;

/// The events that are there now.
fn now(queue: &Kqueue) -> Vec<Kevent> {
    let mut events = [Kevent::default(); 32];
    queue.control(&[], &mut events, NOW).unwrap().to_vec()
}

/// The events that are there as soon as there are any.
fn soon(queue: &Kqueue) -> Vec<Kevent> {
    let mut events = [Kevent::default(); 32];
    let events = queue.control(&[], &mut events, WAIT).unwrap().to_vec();
    assert!(!events.is_empty(), "nothing came within {WAIT:?}");
    events
}

/// The only event that is there as soon as there is one.
fn one(queue: &Kqueue) -> Kevent {
    let events = soon(queue);
    assert_eq!(events.len(), 1, "{events:?}");
    events[0]
}

/// Makes one change, without room for an answer.
fn change(queue: &Kqueue, change: Kevent) -> io::Result<()> {
    queue.control(&[change], &mut [], NOW).map(|events| assert_eq!(events, []))
}

/// For what libkqueue does otherwise than kernels do.
fn no_emulation(reason: &str) -> Run {
    if cfg!(target_os = "linux") { Err(NotRun::because(reason)) } else { Ok(()) }
}

/// A change with a name of its own.
fn named(udata: usize, change: Kevent) -> Kevent {
    Kevent { udata, ..change }
}

fn nothing_to_do() -> Run {
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

fn a_change_and_its_event_in_one_call() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"hello").unwrap();
    let queue = Kqueue::new().unwrap();
    let add = named(7, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD));
    let mut events = [Kevent::default(); 4];
    let events = queue.control(&[add], &mut events, None).unwrap();
    assert_eq!(events.len(), 1);
    let event = events[0];
    assert_eq!((event.ident, event.filter, event.udata), (add.ident, Filter::READ, 7));
    assert_eq!((event.data, event.fflags.bits()), (5, 0));
    assert!(event.error().is_none() && !event.flags.intersects(Flags::EOF | Flags::ERROR));
    // `kqueue_register` of FreeBSD leaves it out of what it keeps; that of NetBSD keeps the change as it is.
    if cfg!(target_os = "freebsd") {
        assert!(!event.flags.contains(Flags::ADD), "{event:?}");
    }
    if cfg!(target_os = "netbsd") {
        assert!(event.flags.contains(Flags::ADD), "{event:?}");
    }
    Ok(())
}

/// Kernels take them in portions: 8 on FreeBSD and NetBSD (`KQ_NEVENTS`).
fn many_changes_and_many_events() -> Run {
    let (queue, ends) = many(20);
    for (_, b) in &ends {
        (&*b).write_all(b"x").unwrap();
    }
    let mut found: Vec<_> = soon(&queue).iter().map(|event| event.udata).collect();
    found.sort_unstable();
    assert!(found.iter().copied().eq(0..20), "{found:?}");
    Ok(())
}

/// A queue with the first ends of so many pairs, each by the name of its place.
fn many(count: usize) -> (Kqueue, Vec<(Stream, Stream)>) {
    let ends: Vec<_> = (0..count).map(|_| pairs::streams()).collect();
    let add = |number: usize| named(number, Kevent::for_fd(ends[number].0.as_fd(), Filter::READ, Flags::ADD));
    let queue = Kqueue::new().unwrap();
    let changes: Vec<_> = (0..count).map(add).collect();
    assert_eq!(queue.control(&changes, &mut [Kevent::default(); 4], NOW).unwrap(), []);
    (queue, ends)
}

/// What was reported goes to the end of the kernel's list: `kqueue_scan`.
fn with_little_room_nobody_starves() -> Run {
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

fn no_room_makes_the_changes() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let queue = Kqueue::new().unwrap();
    change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)).unwrap();
    // Nothing was taken by the call without room.
    assert_eq!(now(&queue).len(), 1);
    change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::DELETE)).unwrap();
    assert_eq!(now(&queue), []);
    Ok(())
}

fn no_room_waits_all_the_same() -> Run {
    no_emulation("libkqueue's queues are never readable")?;
    let (a, b) = pairs::streams();
    let queue = Kqueue::new().unwrap();
    let add = Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD);
    let (limit, start) = (Duration::from_millis(12), Instant::now());
    assert_eq!(queue.control(&[add], &mut [], limit).unwrap(), []);
    assert!(start.elapsed() >= limit);
    // Until there is something, which stays there.
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| (&b).write_all(b"x").unwrap());
        assert_eq!(queue.control(&[], &mut [], WAIT).unwrap(), []);
    });
    assert!(start.elapsed() < WAIT);
    assert_eq!(now(&queue).len(), 1);
    Ok(())
}

fn levels_edges_and_once() -> Run {
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
    no_emulation("libkqueue refuses to add again what is there")?;
    // Added again, an edge is reported again, and what was once comes once more.
    for (a, _) in &ends[1..] {
        change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD | Flags::ONESHOT)).unwrap();
    }
    assert_eq!(found(), [level, edge, once].into());
    // The kind of an entry that is there does not change: the edge is still there, what was once is not.
    let gone = |at: usize| change(&queue, Kevent::for_fd(ends[at].0.as_fd(), Filter::READ, Flags::DELETE));
    if cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
        gone(1).unwrap();
    }
    assert_eq!(gone(2).unwrap_err().raw_os_error(), Some(libc::ENOENT));
    Ok(())
}

fn disabled_and_enabled() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let queue = Kqueue::new().unwrap();
    let set = |flags| change(&queue, named(7, Kevent::for_fd(a.as_fd(), Filter::READ, flags))).unwrap();
    set(Flags::ADD | Flags::DISABLE);
    assert_eq!(now(&queue), []);
    set(Flags::ENABLE);
    assert_eq!(now(&queue).len(), 1);
    set(Flags::DISABLE);
    assert_eq!(now(&queue), []);
    set(Flags::DELETE);
    // Disabled by the kernel once it is reported.
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

/// A level, and what is disabled when it is reported, are looked at again by the wait; `ONESHOT` is not.
fn what_is_over_is_not_reported() -> Run {
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
        } else if cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
            // `kqueue_scan` asks the filter of all others.
            assert_eq!(found, 1);
        }
    }
    Ok(())
}

fn closing_a_descriptor_forgets_it() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let queue = Kqueue::new().unwrap();
    let duplicate = a.try_clone().unwrap();
    change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)).unwrap();
    assert_eq!(now(&queue).len(), 1);
    let number = a.as_raw_fd() as usize;
    drop(a);
    // The file is open still.
    no_emulation("libkqueue does not see that a descriptor is closed")?;
    assert_eq!(now(&queue), []);
    let error = change(&queue, Kevent::new(number, Filter::READ, Flags::DELETE)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    drop(duplicate);
    Ok(())
}

fn a_queue_in_a_queue() -> Run {
    no_emulation("libkqueue's queues cannot be put into one another")?;
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
    // The outer one counts what the inner one has queued, and that looks again when it is asked.
    assert_eq!(now(&inner), []);
    assert_eq!(now(&outer), []);
    // For nothing but reading: `kqueue_kqfilter`.
    let error = change(&outer, Kevent::for_fd(inner.as_fd(), Filter::WRITE, Flags::ADD)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    Ok(())
}

fn the_descriptor() -> Run {
    let queue = Kqueue::new().unwrap();
    let flags = rustix::io::fcntl_getfd(queue.as_fd()).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    let another = Kqueue::new().unwrap();
    assert_ne!(queue.as_fd().as_raw_fd(), another.as_fd().as_raw_fd());
    let number = another.as_fd().as_raw_fd();
    drop(another);
    if !cfg!(target_os = "linux") {
        // The lowest that is free: it was closed.
        assert_eq!(Kqueue::new().unwrap().as_fd().as_raw_fd(), number);
    }
    assert!(format!("{queue:?}").contains("Kqueue"));
    Ok(())
}

fn from_and_into_a_descriptor() -> Run {
    no_emulation("libkqueue knows its queues by their number")?;
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
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

fn what_is_no_queue() -> Run {
    no_emulation("libkqueue has other errors")?;
    let (a, _b) = pairs::streams();
    let queue = Kqueue::from_fd(a.into());
    let error = queue.control(&[], &mut [Kevent::default()], NOW).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    Ok(())
}

/// One waits, the other one changes what for.
fn two_threads() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let queue = Kqueue::new().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| one(&queue).udata);
        change(&queue, named(9, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD))).unwrap();
        assert_eq!(waiting.join().unwrap(), 9);
    });
    Ok(())
}
