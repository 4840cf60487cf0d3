//! A list for `poll` that lasts from wait to wait.

use conformance::{POLL_READ, Run, pairs, unless_wine};
use selectors::sys::Timeout;
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd};
use selectors::sys::poll::{PollFlags, StoredFds, poll};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

conformance::scenarios_of!(sys, poll_cache:
    loaded_again,
    only_the_same_list_is_lent_again,
    an_entry_waits_for_something_else,
    after_an_error,
    after_a_panic,
    a_descriptor_that_comes_twice,
);

type Entry<'fd> = (BorrowedFd<'fd>, PollFlags);

/// Loads, and looks that the list is the one that was loaded, and that what is asked for is found.
fn assert_loads(cache: &mut StoredFds, entries: &[Entry<'_>]) {
    let fds = cache.fill(entries.iter().copied().map(Ok)).unwrap();
    let held: Vec<_> = fds.iter().map(|entry| (entry.fd().as_raw_fd(), entry.events())).collect();
    let expected: Vec<_> = entries.iter().map(|(fd, events)| (fd.as_raw_fd(), *events)).collect();
    assert_eq!(held, expected);
    let found = poll(fds, Timeout::ZERO).unwrap();
    let answers: Vec<_> = fds.iter().map(|entry| (entry.fd().as_raw_fd(), entry.revents())).collect();
    assert_eq!((found, answers), (entries.len(), expected));
}

/// The same, other events, another order, fewer, more, others, none.
fn loaded_again() -> Run {
    let ends: Vec<_> = (0..4).map(|_| pairs::streams()).collect();
    for (_, b) in &ends {
        let mut b = b;
        b.write_all(b"x").unwrap();
    }
    let [a, b, c, d] = [0, 1, 2, 3].map(|index: usize| ends[index].0.as_fd());
    let (read, write, both) = (POLL_READ, PollFlags::OUT, POLL_READ | PollFlags::OUT);
    let lists: [&[Entry<'_>]; 14] = [
        &[(a, read), (b, read)],
        &[(a, read), (b, read)],
        &[(a, write), (b, read)],
        &[(a, write), (b, both)],
        &[(b, both), (a, write)],
        &[(a, write)],
        &[(a, write), (b, read), (d, write)],
        &[(d, write), (c, read), (a, write)],
        &[(d, write), (c, read)],
        &[(c, read)],
        &[],
        &[],
        &[(b, both), (c, both), (d, both)],
        &[(b, both), (d, both)],
    ];
    let mut cache = StoredFds::new();
    for list in lists {
        assert_loads(&mut cache, list);
    }
    Ok(())
}

/// Only the entry that is named, and only if it is of that descriptor.
fn an_entry_waits_for_something_else() -> Run {
    let ends: Vec<_> = (0..3).map(|_| pairs::streams()).collect();
    let [a, b, c] = [0, 1, 2].map(|index: usize| ends[index].0.as_fd());
    let (mut peer, both) = (&ends[1].1, POLL_READ | PollFlags::OUT);
    peer.write_all(b"x").unwrap();
    let mut cache = StoredFds::new();
    assert!(!cache.modify(0, a, PollFlags::OUT), "nothing is loaded");
    assert_loads(&mut cache, &[(a, PollFlags::OUT), (b, PollFlags::OUT)]);
    for (place, fd) in [(0, b), (1, a), (0, c), (2, a), (usize::MAX, a)] {
        assert!(!cache.modify(place, fd, both), "{place}, {fd:?}");
    }
    assert!(cache.modify(0, a, POLL_READ) && cache.modify(1, b, both));

    let fds = cache.revalidate([a, b].map(Ok)).unwrap().unwrap();
    let held: Vec<_> = fds.iter().map(|entry| (entry.fd().as_raw_fd(), entry.events())).collect();
    assert_eq!(held, [(a.as_raw_fd(), POLL_READ), (b.as_raw_fd(), both)]);
    assert_eq!(poll(fds, Timeout::ZERO).unwrap(), 1);
    assert_eq!(fds[1].revents(), both);
    Ok(())
}

/// Neither a part of it, nor more, nor another order; and what was asked for is asked again.
fn only_the_same_list_is_lent_again() -> Run {
    let ends: Vec<_> = (0..3).map(|_| pairs::streams()).collect();
    let [a, b, c] = [0, 1, 2].map(|index: usize| ends[index].0.as_fd());
    let mut cache = StoredFds::new();
    assert_loads(&mut cache, &[(a, PollFlags::OUT), (b, PollFlags::OUT)]);
    for other in [&[][..], &[a], &[b], &[b, a], &[a, c], &[a, b, c]] {
        assert!(cache.revalidate(other.iter().copied().map(Ok)).unwrap().is_none(), "{other:?}");
        let error = cache.revalidate([Ok(a), Err(io::Error::other("no more"))]).unwrap_err();
        assert_eq!(error.to_string(), "no more");
        let again = cache.revalidate([Ok(a), Ok(b)]).unwrap().unwrap();
        assert_eq!(poll(again, Timeout::ZERO).unwrap(), 2);
        assert!(again.iter().all(|entry| entry.events() == PollFlags::OUT));
    }
    Ok(())
}

/// A load that breaks off has taken the first entries; none of it may be left in the next one.
fn broken_off(break_off: impl Fn(&mut StoredFds, Entry<'_>)) {
    let ((a, mut b), (c, _d)) = (pairs::streams(), pairs::streams());
    b.write_all(b"x").unwrap();
    let first = [(a.as_fd(), POLL_READ), (c.as_fd(), PollFlags::OUT)];
    let other = (c.as_fd(), PollFlags::OUT);
    for next in [&first[..], &[other], &[first[0]], &[other, first[0]]] {
        let mut cache = StoredFds::new();
        assert_loads(&mut cache, &first);
        break_off(&mut cache, other);
        assert_loads(&mut cache, next);
        assert_loads(&mut cache, next);
    }
}

fn after_an_error() -> Run {
    broken_off(|cache, entry| {
        let error = cache.fill([Ok(entry), Err(io::Error::other("no more"))]).unwrap_err();
        assert_eq!(error.to_string(), "no more");
    });
    Ok(())
}

fn after_a_panic() -> Run {
    broken_off(|cache, entry| {
        let entries =
            std::iter::once(Ok(entry)).chain(std::iter::from_fn(|| std::panic::resume_unwind(Box::new(()))));
        assert!(catch_unwind(AssertUnwindSafe(|| cache.fill(entries).map(drop))).is_err());
    });
    Ok(())
}

fn a_descriptor_that_comes_twice() -> Run {
    unless_wine("Wine 8 has one answer for each socket in WSAPoll, and not for each entry")?;
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    assert_loads(&mut StoredFds::new(), &[(a.as_fd(), POLL_READ), (a.as_fd(), PollFlags::OUT)]);
    Ok(())
}
