//! A stored set for `/dev/poll`, over the emulation.

use conformance::errno::Errno;
use conformance::{Run, pairs};
use selectors::Timeout;
use selectors::sys::devpoll::StoredFds;
use selectors::sys::poll::PollFlags;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, devpoll_stored:
    changes_between_waits,
    a_descriptor_that_comes_twice,
    a_number_that_is_reused,
    add_replaces,
    shown_but_not_waited_for,
    a_descriptor_that_is_not_in_the_set,
    after_an_error,
    after_a_number_that_no_descriptor_has,
    after_a_panic,
    an_empty_set_sleeps,
);

type Entry<'fd> = (BorrowedFd<'fd>, PollFlags);

const READ: PollFlags = PollFlags::IN;
const WRITE: PollFlags = PollFlags::OUT;
const BOTH: PollFlags = PollFlags::IN.union(PollFlags::OUT);

fn find(stored: &mut StoredFds, fds: &[BorrowedFd<'_>]) -> io::Result<BTreeMap<RawFd, PollFlags>> {
    let borrowed = stored.retain(fds.iter().copied().map(Ok))?;
    let found: Vec<_> = borrowed.poll(Timeout::ZERO)?.collect();
    let map: BTreeMap<_, _> = found.iter().copied().collect();
    assert_eq!(map.len(), found.len(), "reported twice");
    Ok(map)
}

/// Waits for these descriptors, which are ready for everything, and expects the events of each.
fn assert_finds(stored: &mut StoredFds, entries: &[Entry<'_>]) {
    let fds: Vec<_> = entries.iter().map(|(fd, _)| *fd).collect();
    let expected = entries.iter().map(|(fd, flags)| (fd.as_raw_fd(), *flags)).collect();
    assert_eq!(find(stored, &fds).unwrap(), expected);
    assert_eq!(stored.len(), entries.len());
}

/// The same, other events, another order, fewer, more, others, none. A descriptor that is not shown is out of the set.
fn changes_between_waits() -> Run {
    let ends: Vec<_> = (0..4).map(|_| pairs::ready()).collect();
    let [a, b, c, d] = [0, 1, 2, 3].map(|index: usize| ends[index].0.as_fd());
    let lists: [&[Entry<'_>]; 17] = [
        &[(a, READ), (b, READ)],
        &[(a, READ), (b, READ)],
        &[(a, WRITE), (b, READ)],
        &[(a, WRITE), (b, BOTH)],
        &[(b, BOTH), (a, WRITE)],
        &[(b, READ), (a, READ)],
        &[(a, WRITE)],
        &[(a, WRITE), (c, READ), (d, WRITE)],
        &[(d, WRITE), (c, READ), (a, WRITE)],
        &[(d, WRITE), (c, READ), (a, READ)],
        &[(d, WRITE), (c, READ)],
        &[(c, READ)],
        &[],
        &[],
        &[(b, BOTH), (c, BOTH)],
        &[(b, BOTH), (c, BOTH), (d, BOTH)],
        &[(b, BOTH), (d, BOTH)],
    ];
    for remove in [false, true] {
        let mut stored = StoredFds::new().unwrap();
        assert!(stored.is_empty());
        for list in lists {
            for &(fd, flags) in list {
                stored.modify(fd, flags).unwrap();
            }
            for fd in [a, b, c, d].into_iter().filter(|_| remove) {
                if !list.iter().any(|(listed, _)| listed.as_raw_fd() == fd.as_raw_fd()) {
                    stored.remove(fd);
                }
            }
            assert_finds(&mut stored, list);
        }
    }
    Ok(())
}

fn a_descriptor_that_comes_twice() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let mut stored = StoredFds::new().unwrap();
    stored.add(a.as_fd(), READ).unwrap();
    stored.add(c.as_fd(), READ).unwrap();
    // Two that are the same do not count for two.
    let expected = BTreeMap::from([(a.as_raw_fd(), READ)]);
    assert_eq!(find(&mut stored, &[a.as_fd(), a.as_fd()]).unwrap(), expected);
    assert_eq!(stored.len(), 1);
    Ok(())
}

fn a_number_that_is_reused() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let mut stored = StoredFds::new().unwrap();
    stored.add(a.as_fd(), READ).unwrap();
    assert_finds(&mut stored, &[(a.as_fd(), READ)]);
    let number = a.as_raw_fd();
    drop(a);
    let reused = c.try_clone().unwrap();
    assert_eq!(reused.as_raw_fd(), number);
    stored.add(reused.as_fd(), READ).unwrap();
    assert_finds(&mut stored, &[(reused.as_fd(), READ)]);
    Ok(())
}

fn add_replaces() -> Run {
    let (a, _b) = pairs::ready();
    let mut stored = StoredFds::new().unwrap();
    for flags in [BOTH, READ, READ, WRITE, BOTH] {
        stored.add(a.as_fd(), flags).unwrap();
        assert_finds(&mut stored, &[(a.as_fd(), flags)]);
    }
    Ok(())
}

/// The next wait writes the changes that a wait would have written.
fn shown_but_not_waited_for() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let mut stored = StoredFds::new().unwrap();
    stored.add(a.as_fd(), BOTH).unwrap();
    assert_finds(&mut stored, &[(a.as_fd(), BOTH)]);
    stored.modify(a.as_fd(), READ).unwrap();
    stored.add(c.as_fd(), WRITE).unwrap();
    drop(stored.retain([Ok(a.as_fd()), Ok(c.as_fd())]).unwrap());
    assert_finds(&mut stored, &[(a.as_fd(), READ), (c.as_fd(), WRITE)]);
    drop(stored.retain([]).unwrap());
    stored.add(a.as_fd(), BOTH).unwrap();
    assert_finds(&mut stored, &[(a.as_fd(), BOTH)]);
    Ok(())
}

fn a_descriptor_that_is_not_in_the_set() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let mut stored = StoredFds::new().unwrap();
    stored.add(a.as_fd(), READ).unwrap();
    stored.remove(c.as_fd());
    assert_eq!(find(&mut stored, &[a.as_fd(), c.as_fd()]).unwrap_err().kind(), ErrorKind::NotFound);
    assert_finds(&mut stored, &[(a.as_fd(), READ)]);
    assert_eq!(find(&mut stored, &[c.as_fd()]).unwrap_err().kind(), ErrorKind::NotFound);
    assert_finds(&mut stored, &[(a.as_fd(), READ)]);
    Ok(())
}

/// The set is as it was after `retain` broke off, which has seen the given descriptor.
fn broken_off(break_off: impl Fn(&mut StoredFds, BorrowedFd<'_>)) {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let both = [(a.as_fd(), READ), (c.as_fd(), WRITE)];
    for next in [&both[..], &both[..1], &both[1..], &[]] {
        let mut stored = StoredFds::new().unwrap();
        for (fd, flags) in both {
            stored.add(fd, flags).unwrap();
        }
        assert_finds(&mut stored, &both);
        break_off(&mut stored, c.as_fd());
        assert_eq!(stored.len(), 2);
        assert_finds(&mut stored, next);
        assert_finds(&mut stored, next);
    }
}

fn after_an_error() -> Run {
    broken_off(|stored, fd| {
        let error = stored.retain([Ok(fd), Err(io::Error::other("no more"))]).unwrap_err();
        assert_eq!(error.to_string(), "no more");
    });
    Ok(())
}

fn after_a_number_that_no_descriptor_has() -> Run {
    let nothing = pairs::no_descriptor()?;
    broken_off(|stored, fd| {
        for error in [stored.add(nothing, READ).unwrap_err(), stored.modify(nothing, READ).unwrap_err()] {
            assert_eq!(error.raw_os_error(), Some(Errno::BADF.raw_os_error()));
        }
        stored.remove(nothing);
        assert_eq!(stored.retain([Ok(fd), Ok(nothing)]).unwrap_err().kind(), ErrorKind::NotFound);
    });
    Ok(())
}

fn after_a_panic() -> Run {
    broken_off(|stored, fd| {
        let fds =
            std::iter::once(Ok(fd)).chain(std::iter::from_fn(|| std::panic::resume_unwind(Box::new(()))));
        assert!(catch_unwind(AssertUnwindSafe(|| drop(stored.retain(fds)))).is_err());
    });
    Ok(())
}

fn an_empty_set_sleeps() -> Run {
    let (a, _b) = pairs::streams();
    let mut stored = StoredFds::new().unwrap();
    stored.add(a.as_fd(), WRITE).unwrap();
    assert_eq!(find(&mut stored, &[a.as_fd()]).unwrap().len(), 1);
    stored.modify(a.as_fd(), PollFlags::empty()).unwrap();
    let limit = Duration::from_millis(5);
    for shown in [Some(a.as_fd()), None] {
        let start = Instant::now();
        let borrowed = stored.retain(shown.map(Ok)).unwrap();
        assert_eq!(borrowed.poll(limit).unwrap().next(), None);
        assert!(start.elapsed() >= limit);
    }
    Ok(())
}
