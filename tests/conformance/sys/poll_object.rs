//! The polling object of `poll`.

use super::common::{Object, lines_over_time, one_pipe_after_another, pipes, random};
use conformance::{NotRun, POLL_READ, Run, Stream, darwin, errno, pairs};
use selectors::sys::Timeout;
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use selectors::sys::poll::{Poll, PollFd, PollFlags, poll};
use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, poll_object:
    registering_twice_replaces_in_place,
    results_keep_registration_order,
    unregistered_descriptors_are_refused,
    an_empty_object_waits_for_the_timeout,
    errors_and_timeouts_leave_the_object_usable,
    unregistering_keeps_the_order,
    random_operations_match_a_plain_list,
    twelve_pipes_take_turns,
    lines_arrive_over_time,
    hang_ups_are_always_reported,
    the_iterator_knows_its_size_and_can_be_cloned,
    entries_list_registrations_in_order,
);

impl<'fd> Object<'fd> for Poll<'fd> {
    fn register(&mut self, fd: BorrowedFd<'fd>, flags: PollFlags) {
        self.register(fd, flags);
    }

    fn modify(&mut self, fd: BorrowedFd<'fd>, flags: PollFlags) {
        self.modify(fd, flags).unwrap();
    }

    fn unregister(&mut self, fd: BorrowedFd<'fd>) {
        self.unregister(fd).unwrap();
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn wait(&mut self, timeout: Timeout) -> Vec<(RawFd, PollFlags)> {
        self.poll(timeout).unwrap().map(|(fd, flags)| (fd.as_raw_fd(), flags)).collect()
    }
}

fn now(poll: &mut Poll<'_>) -> Vec<(RawFd, PollFlags)> {
    poll.wait(Timeout::ZERO)
}

fn order(poll: &mut Poll<'_>) -> Vec<RawFd> {
    now(poll).into_iter().map(|(fd, _)| fd).collect()
}

/// Writable sockets.
fn sockets(count: usize) -> Vec<Stream> {
    (0..count.div_ceil(2)).map(|_| pairs::streams()).flat_map(|(a, b)| [a, b]).collect()
}

fn registering_twice_replaces_in_place() -> Run {
    let ends = sockets(4);
    let mut poll = Poll::new();
    assert!(poll.is_empty());
    for end in &ends {
        poll.register(end.as_fd(), PollFlags::OUT);
    }
    assert_eq!((poll.len(), poll.is_empty()), (4, false));
    poll.register(ends[1].as_fd(), PollFlags::IN);
    poll.register(ends[2].as_fd(), PollFlags::OUT | PollFlags::WRNORM);
    assert_eq!(poll.len(), 4);
    let [a, _, c, d] = [0, 1, 2, 3].map(|index: usize| ends[index].as_raw_fd());
    let (write, both) = (PollFlags::OUT, PollFlags::OUT | PollFlags::WRNORM);
    assert_eq!(now(&mut poll), [(a, write), (c, both), (d, write)]);
    poll.register(ends[1].as_fd(), PollFlags::OUT);
    assert_eq!(order(&mut poll), ends.iter().map(|end| end.as_raw_fd()).collect::<Vec<_>>());
    Ok(())
}

fn results_keep_registration_order() -> Run {
    let ends = sockets(6);
    let mut poll = Poll::new();
    let wanted = [3, 0, 5, 1, 4, 2].map(|index: usize| ends[index].as_fd());
    for fd in wanted {
        poll.register(fd, PollFlags::OUT);
    }
    assert_eq!(order(&mut poll), wanted.map(|fd| fd.as_raw_fd()));
    Ok(())
}

fn unregistered_descriptors_are_refused() -> Run {
    let ends = sockets(2);
    let mut poll = Poll::new();
    let missing = |result: std::io::Result<()>| {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.raw_os_error()), (ErrorKind::NotFound, errno::NOT_REGISTERED));
    };
    missing(poll.modify(ends[0].as_fd(), PollFlags::OUT));
    missing(poll.unregister(ends[0].as_fd()));
    poll.register(ends[0].as_fd(), PollFlags::OUT);
    missing(poll.modify(ends[1].as_fd(), PollFlags::OUT));
    missing(poll.unregister(ends[1].as_fd()));
    assert_eq!(order(&mut poll), [ends[0].as_raw_fd()]);
    poll.unregister(ends[0].as_fd()).unwrap();
    missing(poll.unregister(ends[0].as_fd()));
    missing(poll.modify(ends[0].as_fd(), PollFlags::OUT));
    assert!(poll.is_empty());
    assert_eq!(now(&mut poll), []);
    missing(poll.unregister(ends[0].as_fd()));
    Ok(())
}

fn an_empty_object_waits_for_the_timeout() -> Run {
    let ends = sockets(2);
    let mut poll = Poll::new();
    for _ in 0..2 {
        let (limit, start) = (Duration::from_millis(10), Instant::now());
        assert_eq!(poll.poll(limit).unwrap().count(), 0);
        assert!(start.elapsed() >= limit);
        // The object waits in the same way after a registration has come and gone.
        poll.register(ends[0].as_fd(), PollFlags::OUT);
        poll.unregister(ends[0].as_fd()).unwrap();
    }
    Ok(())
}

fn errors_and_timeouts_leave_the_object_usable() -> Run {
    let (a, mut b) = pairs::streams();
    let mut poll = Poll::new();
    poll.register(a.as_fd(), POLL_READ);
    assert_eq!(poll.poll(Duration::from_micros(1)).unwrap().count(), 0);
    assert_eq!(poll.modify(b.as_fd(), PollFlags::IN).unwrap_err().kind(), ErrorKind::NotFound);
    b.write_all(b"x").unwrap();
    assert_eq!(now(&mut poll), [(a.as_raw_fd(), POLL_READ)]);
    Ok(())
}

fn unregistering_keeps_the_order() -> Run {
    let ends = sockets(6);
    let [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5].map(|index: usize| ends[index].as_fd());
    let mut poll = Poll::new();
    for fd in [a, b, c, d, e] {
        poll.register(fd, PollFlags::OUT);
    }
    let numbers = |fds: &[BorrowedFd<'_>]| fds.iter().map(|fd| fd.as_raw_fd()).collect::<Vec<_>>();
    // Unregisters the first, one in the middle and the last, and changes others before the next wait.
    poll.unregister(a).unwrap();
    poll.unregister(c).unwrap();
    poll.unregister(e).unwrap();
    poll.modify(d, PollFlags::IN).unwrap();
    poll.register(f, PollFlags::OUT);
    poll.register(c, PollFlags::OUT);
    poll.register(b, PollFlags::OUT);
    assert_eq!(poll.len(), 4);
    assert_eq!(order(&mut poll), numbers(&[b, f, c]));
    // Changes after the list became shorter reach the right entries.
    poll.modify(d, PollFlags::OUT).unwrap();
    poll.modify(c, PollFlags::IN).unwrap();
    assert_eq!(order(&mut poll), numbers(&[b, d, f]));
    poll.unregister(f).unwrap();
    poll.modify(c, PollFlags::OUT).unwrap();
    assert_eq!(order(&mut poll), numbers(&[b, d, c]));
    Ok(())
}

/// Compares the object with a plain list after random operations.
fn random_operations_match_a_plain_list() -> Run {
    let ends = sockets(6);
    let mut next = random();
    let mut poll = Poll::new();
    let mut list: Vec<(RawFd, PollFlags)> = Vec::new();
    for step in 0..5000 {
        let fd = ends[next(6) as usize].as_fd();
        let flags = if next(2) == 0 { PollFlags::OUT } else { PollFlags::OUT | PollFlags::WRNORM };
        let known = list.iter().position(|(number, _)| *number == fd.as_raw_fd());
        match (next(4), known) {
            (0, Some(place)) => {
                poll.register(fd, flags);
                list[place].1 = flags;
            }
            (0, None) => {
                poll.register(fd, flags);
                list.push((fd.as_raw_fd(), flags));
            }
            (1, Some(place)) => {
                poll.modify(fd, flags).unwrap();
                list[place].1 = flags;
            }
            (2, Some(place)) => {
                poll.unregister(fd).unwrap();
                list.remove(place);
            }
            (1, None) => assert!(poll.modify(fd, flags).is_err()),
            (2, None) => assert!(poll.unregister(fd).is_err()),
            _ => assert_eq!(now(&mut poll), list, "step {step}"),
        }
        assert_eq!((poll.len(), poll.is_empty()), (list.len(), list.is_empty()));
    }
    Ok(())
}

fn twelve_pipes_take_turns() -> Run {
    one_pipe_after_another(&pipes()?, Poll::new());
    Ok(())
}

fn lines_arrive_over_time() -> Run {
    let (reader, writer) = pairs::pipe()?;
    let mut poll = Poll::new();
    poll.register(reader.as_fd(), PollFlags::IN);
    lines_over_time(&reader, writer, |timeout| {
        let flags: Vec<_> = poll.poll(timeout).unwrap().map(|(_, flags)| flags).collect();
        assert!(flags.iter().all(|flags| flags.intersects(PollFlags::IN | PollFlags::HUP)), "{flags:?}");
        !flags.is_empty()
    });
    assert!(now(&mut poll)[0].1.contains(PollFlags::HUP));
    Ok(())
}

fn hang_ups_are_always_reported() -> Run {
    if !darwin::POLL_REPORTS_UNREQUESTED {
        return Err(NotRun::because("poll of XNU reports only what was requested"));
    }
    let (reader, writer) = pairs::pipe()?;
    let mut poll = Poll::new();
    poll.register(reader.as_fd(), PollFlags::empty());
    assert_eq!(now(&mut poll), []);
    drop(writer);
    assert_eq!(now(&mut poll), [(reader.as_raw_fd(), PollFlags::HUP)]);
    Ok(())
}

fn the_iterator_knows_its_size_and_can_be_cloned() -> Run {
    let ends = sockets(4);
    let mut poll = Poll::new();
    for end in &ends {
        poll.register(end.as_fd(), PollFlags::OUT);
    }
    let mut ready = poll.poll(Timeout::ZERO).unwrap();
    assert_eq!(ready.size_hint().1, Some(4));
    let copy = ready.clone();
    assert_eq!(ready.by_ref().count(), 4);
    assert!(ready.next().is_none());
    assert_eq!(ready.size_hint(), (0, Some(0)));
    assert_eq!(copy.count(), 4);
    Ok(())
}

/// `entries` yields the registrations in their order. A copy does not see later changes.
fn entries_list_registrations_in_order() -> Run {
    let ends = sockets(4);
    let [a, b, c, d] = [0, 1, 2, 3].map(|index: usize| ends[index].as_fd());
    let mut object = Poll::new();
    assert_eq!(object.entries().count(), 0);
    for fd in [d, b, a, c] {
        object.register(fd, PollFlags::OUT);
    }
    object.modify(a, POLL_READ).unwrap();
    object.unregister(b).unwrap();
    let listed: Vec<_> = object.entries().map(|entry| (entry.fd().as_raw_fd(), entry.events())).collect();
    let expected = [(d, PollFlags::OUT), (a, POLL_READ), (c, PollFlags::OUT)];
    assert_eq!(listed, expected.map(|(fd, events)| (fd.as_raw_fd(), events)));

    let mut copy: Vec<PollFd<'_>> = object.entries().cloned().collect();
    object.unregister(d).unwrap();
    object.modify(a, PollFlags::OUT).unwrap();
    assert_eq!(poll(&mut copy, Timeout::ZERO).unwrap(), 2);
    let ready = copy.iter().map(|entry| !entry.revents().is_empty());
    assert_eq!(ready.collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(order(&mut object), [a, c].map(|fd| fd.as_raw_fd()));
    Ok(())
}
