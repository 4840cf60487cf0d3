//! A set for `/dev/poll` that lasts from wait to wait, over the emulation.

use conformance::errno::Errno;
use conformance::{Run, pairs};
use selectors::Timeout;
use selectors::sys::devpoll::StoredFds;
use selectors::sys::devpoll_system::cut_next_write;
use selectors::sys::poll::PollFlags;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, devpoll_cache:
    loaded_again,
    nothing_is_written_when_nothing_changed,
    only_differences_are_written,
    a_descriptor_that_comes_twice,
    a_number_that_is_given_again,
    what_is_forgotten_stays_loaded,
    loaded_but_not_waited_for,
    after_an_error,
    after_a_number_that_no_descriptor_has,
    after_a_panic,
    after_a_write_that_failed,
    an_empty_list_sleeps,
);

type Entry<'fd> = (BorrowedFd<'fd>, PollFlags);

const READ: PollFlags = PollFlags::IN;
const WRITE: PollFlags = PollFlags::OUT;
const BOTH: PollFlags = PollFlags::IN.union(PollFlags::OUT);

fn find(cache: &mut StoredFds, entries: &[Entry<'_>]) -> io::Result<BTreeMap<RawFd, PollFlags>> {
    let loaded = cache.fill(entries.iter().copied().map(Ok))?;
    let found: Vec<_> = loaded.poll(Timeout::ZERO)?.collect();
    let map: BTreeMap<_, _> = found.iter().copied().collect();
    assert_eq!(map.len(), found.len(), "reported twice");
    Ok(map)
}

/// Looks that all is found that is asked for, of descriptors that are ready for everything.
fn assert_finds(cache: &mut StoredFds, entries: &[Entry<'_>]) {
    let mut expected = BTreeMap::new();
    for (fd, flags) in entries {
        *expected.entry(fd.as_raw_fd()).or_insert(PollFlags::empty()) |= *flags;
    }
    assert_eq!(find(cache, entries).unwrap(), expected);
}

/// The same, other events, another order, fewer, more, others, none: each time only what was loaded last counts.
fn loaded_again() -> Run {
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
    let mut cache = StoredFds::new().unwrap();
    for list in lists {
        assert_finds(&mut cache, list);
    }
    Ok(())
}

/// Whether waiting for these writes to the device.
fn writes(cache: &mut StoredFds, entries: &[Entry<'_>]) -> bool {
    cut_next_write(0, Some(libc::EIO));
    match find(cache, entries) {
        Err(error) => {
            assert_eq!(error.raw_os_error(), Some(libc::EIO));
            true
        }
        Ok(_) => {
            // For the next write of this thread: a set of its own.
            let other = find(&mut StoredFds::new().unwrap(), &entries[..1]);
            assert_eq!(other.unwrap_err().raw_os_error(), Some(libc::EIO));
            false
        }
    }
}

fn nothing_is_written_when_nothing_changed() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let mut cache = StoredFds::new().unwrap();
    let list = [(a.as_fd(), READ), (c.as_fd(), BOTH)];
    assert_finds(&mut cache, &list);
    assert!(!writes(&mut cache, &list));
    // In another order it is the same set.
    assert!(!writes(&mut cache, &[list[1], list[0]]));
    assert!(writes(&mut cache, &[list[0], (c.as_fd(), WRITE)]));
    assert!(writes(&mut cache, &list[..1]));
    assert_finds(&mut cache, &list[..1]);
    Ok(())
}

fn only_differences_are_written() -> Run {
    let ends: Vec<_> = (0..8).map(|_| pairs::ready()).collect();
    let mut list: Vec<_> = ends.iter().map(|(end, _)| (end.as_fd(), READ)).collect();
    let mut cache = StoredFds::new().unwrap();
    assert_finds(&mut cache, &list);
    // One goes out and in, another goes out: three changes, which a write takes that takes no more than three.
    list[0].1 = BOTH;
    list.remove(4);
    cut_next_write(3, Some(libc::EIO));
    assert!(find(&mut cache, &list).is_err());
    // The device has it all. It is not known, and so told again.
    assert!(writes(&mut cache, &list));
    assert_finds(&mut cache, &list);
    assert!(!writes(&mut cache, &list));
    Ok(())
}

fn a_descriptor_that_comes_twice() -> Run {
    let (a, _b) = pairs::ready();
    let mut cache = StoredFds::new().unwrap();
    assert_finds(&mut cache, &[(a.as_fd(), READ), (a.as_fd(), WRITE)]);
    assert!(!writes(&mut cache, &[(a.as_fd(), WRITE), (a.as_fd(), READ), (a.as_fd(), READ)]));
    assert_finds(&mut cache, &[(a.as_fd(), WRITE)]);
    Ok(())
}

/// The list is the same, number for number. That the file is another one shows in what is written.
fn a_number_that_is_given_again() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let mut cache = StoredFds::new().unwrap();
    assert_finds(&mut cache, &[(a.as_fd(), READ)]);
    let number = a.as_raw_fd();
    cache.forget(a.as_fd());
    drop(a);
    let reused = c.try_clone().unwrap();
    assert_eq!(reused.as_raw_fd(), number);
    assert!(writes(&mut cache, &[(reused.as_fd(), READ)]));
    assert_finds(&mut cache, &[(reused.as_fd(), READ)]);
    assert!(!writes(&mut cache, &[(reused.as_fd(), READ)]));
    Ok(())
}

fn what_is_forgotten_stays_loaded() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let mut cache = StoredFds::new().unwrap();
    // What it never had.
    cache.forget(a.as_fd());
    let list = [(a.as_fd(), READ), (c.as_fd(), WRITE)];
    assert_finds(&mut cache, &list);
    cache.forget(a.as_fd());
    cache.forget(a.as_fd());
    assert_finds(&mut cache, &list);
    cache.forget(c.as_fd());
    assert_finds(&mut cache, &list[..1]);
    assert_finds(&mut cache, &list);
    Ok(())
}

/// What a wait would have written is written by the next one.
fn loaded_but_not_waited_for() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let (one, both) = ([(a.as_fd(), BOTH)], [(a.as_fd(), READ), (c.as_fd(), WRITE)]);
    let mut cache = StoredFds::new().unwrap();
    assert_finds(&mut cache, &one);
    drop(cache.fill(both.map(Ok)).unwrap());
    assert_finds(&mut cache, &both);
    drop(cache.fill(one.map(Ok)).unwrap());
    assert_finds(&mut cache, &both);
    drop(cache.fill([]).unwrap());
    assert_finds(&mut cache, &one);
    Ok(())
}

/// A load that breaks off has taken the first entries; none of it may be left in the next one.
fn broken_off(break_off: impl Fn(&mut StoredFds, Entry<'_>)) {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let first = [(a.as_fd(), READ), (c.as_fd(), WRITE)];
    let other = (c.as_fd(), READ);
    for next in [&first[..], &[other], &[first[0]], &[other, first[0]], &[]] {
        let mut cache = StoredFds::new().unwrap();
        assert_finds(&mut cache, &first);
        break_off(&mut cache, other);
        assert_finds(&mut cache, next);
        assert_finds(&mut cache, next);
    }
}

fn after_an_error() -> Run {
    broken_off(|cache, entry| {
        let error = cache.fill([Ok(entry), Err(io::Error::other("no more"))]).unwrap_err();
        assert_eq!(error.to_string(), "no more");
    });
    Ok(())
}

fn after_a_number_that_no_descriptor_has() -> Run {
    let nothing = pairs::no_descriptor()?;
    broken_off(|cache, entry| {
        let error = cache.fill([Ok(entry), Ok((nothing, PollFlags::IN))]).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::BADF.raw_os_error()));
        cache.forget(nothing);
    });
    Ok(())
}

fn after_a_panic() -> Run {
    broken_off(|cache, entry| {
        let entries =
            std::iter::once(Ok(entry)).chain(std::iter::from_fn(|| std::panic::resume_unwind(Box::new(()))));
        assert!(catch_unwind(AssertUnwindSafe(|| drop(cache.fill(entries)))).is_err());
    });
    Ok(())
}

fn after_a_write_that_failed() -> Run {
    broken_off(|cache, entry| {
        for cut in 0..3 {
            cut_next_write(cut, Some(libc::EIO));
            assert_eq!(find(cache, &[entry]).unwrap_err().raw_os_error(), Some(libc::EIO));
        }
    });
    Ok(())
}

fn an_empty_list_sleeps() -> Run {
    let (a, _b) = pairs::streams();
    let mut cache = StoredFds::new().unwrap();
    assert_eq!(find(&mut cache, &[(a.as_fd(), WRITE)]).unwrap().len(), 1);
    let limit = Duration::from_millis(5);
    for flags in [None, Some(PollFlags::empty())] {
        let start = Instant::now();
        let loaded = cache.fill(flags.map(|flags| Ok((a.as_fd(), flags)))).unwrap();
        assert_eq!(loaded.poll(limit).unwrap().next(), None);
        assert!(start.elapsed() >= limit);
    }
    Ok(())
}
