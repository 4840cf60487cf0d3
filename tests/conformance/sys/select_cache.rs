//! Sets of `select` that last from wait to wait.

use conformance::errno::Errno;
use conformance::{Run, kernel, pairs};
use selectors::sys::Timeout;
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use selectors::sys::select::{SetFlags, StoredFds};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

conformance::scenarios_of!(sys, select_cache:
    the_answers_are_those_of_select,
    loaded_again,
    only_the_same_list_is_lent_again,
    a_descriptor_changes_its_sets,
    a_descriptor_that_comes_twice,
    after_an_error,
    after_a_number_that_no_descriptor_has,
    after_a_panic,
    an_empty_list_sleeps,
);

type Entry<'fd> = (BorrowedFd<'fd>, SetFlags);

fn find(cache: &mut StoredFds, entries: &[Entry<'_>]) -> Vec<(RawFd, SetFlags)> {
    let loaded = cache.fill(entries.iter().copied().map(Ok)).unwrap();
    loaded.select(Timeout::ZERO).unwrap().collect()
}

/// What `find` is to find of descriptors that are ready for everything that these ask for: by rising number.
fn all(entries: &[Entry<'_>]) -> Vec<(RawFd, SetFlags)> {
    let mut all: Vec<_> = entries.iter().map(|(fd, sets)| (fd.as_raw_fd(), *sets)).collect();
    all.sort_by_key(|(fd, _)| *fd);
    all
}

fn the_answers_are_those_of_select() -> Run {
    let (a, mut b) = pairs::streams();
    let (reader, writer) = pairs::pipe()?;
    b.write_all(b"x").unwrap();
    drop(writer);
    let entries = [
        (a.as_fd(), SetFlags::READ | SetFlags::WRITE | SetFlags::EXCEPT),
        (b.as_fd(), SetFlags::READ | SetFlags::EXCEPT),
        (reader.as_fd(), SetFlags::all()),
    ];
    let mut cache = StoredFds::new();
    let mut expected =
        [(a.as_raw_fd(), SetFlags::READ | SetFlags::WRITE), (reader.as_raw_fd(), kernel::HUNG_UP)];
    expected.sort_by_key(|(fd, _)| *fd);
    assert_eq!(find(&mut cache, &entries), expected);
    assert_eq!(find(&mut cache, &entries), expected);
    Ok(())
}

/// The same, other sets, another order, fewer, more, others, none: each time only what was loaded last counts.
fn loaded_again() -> Run {
    let ends: Vec<_> = (0..4).map(|_| pairs::streams()).collect();
    for (a, b) in &ends {
        let (mut a, mut b) = (a, b);
        a.write_all(b"x").unwrap();
        b.write_all(b"x").unwrap();
    }
    let [a, b, c, d] = [0, 1, 2, 3].map(|index: usize| ends[index].0.as_fd());
    let (read, write, both) = (SetFlags::READ, SetFlags::WRITE, SetFlags::READ | SetFlags::WRITE);
    let lists: [&[Entry<'_>]; 16] = [
        &[(a, read), (b, read)],
        &[(a, read), (b, read)],
        &[(a, write), (b, read)],
        &[(a, write), (b, both)],
        &[(b, both), (a, write)],
        &[(a, write)],
        &[(a, write), (c, read), (d, write)],
        &[(d, write), (c, read), (a, write)],
        &[(d, write), (c, read), (a, read)],
        &[(d, write), (c, read)],
        &[(c, read)],
        &[],
        &[],
        &[(b, both), (c, both)],
        &[(b, both), (c, both), (d, both)],
        &[(b, both), (d, both)],
    ];
    let mut cache = StoredFds::new();
    for list in lists {
        assert_eq!(find(&mut cache, list), all(list));
    }
    Ok(())
}

/// Neither a part of it, nor more, nor another order; and what was asked for is asked again.
fn only_the_same_list_is_lent_again() -> Run {
    let ends: Vec<_> = (0..3).map(|_| pairs::streams()).collect();
    let [a, b, c] = [0, 1, 2].map(|index: usize| ends[index].0.as_fd());
    let loaded = [(a, SetFlags::WRITE), (b, SetFlags::READ | SetFlags::WRITE)];
    let ready = [(a, SetFlags::WRITE), (b, SetFlags::WRITE)];
    let mut cache = StoredFds::new();
    assert_eq!(find(&mut cache, &loaded), all(&ready));
    for other in [&[][..], &[a], &[b], &[b, a], &[a, c], &[a, b, c]] {
        assert!(cache.revalidate(other.iter().copied().map(Ok)).unwrap().is_none(), "{other:?}");
        let error = cache.revalidate([Ok(a), Err(io::Error::other("no more"))]).unwrap_err();
        assert_eq!(error.to_string(), "no more");
        let again = cache.revalidate([Ok(a), Ok(b)]).unwrap().unwrap();
        assert_eq!(again.select(Timeout::ZERO).unwrap().collect::<Vec<_>>(), all(&ready));
    }
    Ok(())
}

/// Only that which is named, only if it is in a set, and it is in no other set then.
fn a_descriptor_changes_its_sets() -> Run {
    let ends: Vec<_> = (0..3).map(|_| pairs::streams()).collect();
    for (_, b) in &ends {
        let mut b = b;
        b.write_all(b"x").unwrap();
    }
    let [a, b, c] = [0, 1, 2].map(|index: usize| ends[index].0.as_fd());
    let (read, write, both) = (SetFlags::READ, SetFlags::WRITE, SetFlags::READ | SetFlags::WRITE);
    let again = |cache: &mut StoredFds| -> Vec<_> {
        let loaded = cache.revalidate([a, b].map(Ok)).unwrap().expect("the descriptors are the same");
        loaded.select(Timeout::ZERO).unwrap().collect()
    };
    let mut cache = StoredFds::new();
    assert!(!cache.modify(a, write), "nothing is loaded");
    assert_eq!(find(&mut cache, &[(a, read), (b, both)]), all(&[(a, read), (b, both)]));
    assert!(!cache.modify(c, read));
    for (of_a, of_b) in [(read, both), (write, both), (both, both), (both, read), (read, write)] {
        assert!(cache.modify(a, of_a) && cache.modify(b, of_b));
        assert_eq!(again(&mut cache), all(&[(a, of_a), (b, of_b)]));
    }
    assert!(cache.modify(a, SetFlags::empty()) && !cache.modify(a, read));
    assert_eq!(again(&mut cache), all(&[(b, write)]));
    Ok(())
}

fn a_descriptor_that_comes_twice() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let mut cache = StoredFds::new();
    let found = find(&mut cache, &[(a.as_fd(), SetFlags::READ), (a.as_fd(), SetFlags::WRITE)]);
    assert_eq!(found, [(a.as_raw_fd(), SetFlags::READ | SetFlags::WRITE)]);
    assert_eq!(find(&mut cache, &[(a.as_fd(), SetFlags::WRITE)]), [(a.as_raw_fd(), SetFlags::WRITE)]);
    Ok(())
}

/// A load that breaks off has taken the first entries; none of it may be left in the next one.
fn broken_off(break_off: impl Fn(&mut StoredFds, Entry<'_>)) {
    let ((a, mut b), (c, _d)) = (pairs::streams(), pairs::streams());
    b.write_all(b"x").unwrap();
    let first = [(a.as_fd(), SetFlags::READ), (c.as_fd(), SetFlags::WRITE)];
    let other = (c.as_fd(), SetFlags::WRITE);
    for next in [&first[..], &[other], &[first[0]], &[other, first[0]]] {
        let mut cache = StoredFds::new();
        assert_eq!(find(&mut cache, &first), all(&first));
        break_off(&mut cache, other);
        // Nothing is left of either list: what was in the first one may be closed by now.
        assert!(cache.revalidate([Ok(other.0)]).unwrap().is_none());
        assert_eq!(cache.revalidate([]).unwrap().unwrap().select(Timeout::ZERO).unwrap().count(), 0);
        assert_eq!(find(&mut cache, next), all(next));
        assert_eq!(find(&mut cache, next), all(next));
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
        let error = cache.fill([Ok(entry), Ok((nothing, SetFlags::READ))]).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::BADF.raw_os_error()));
        assert!(!cache.modify(nothing, SetFlags::READ));
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

fn an_empty_list_sleeps() -> Run {
    let (a, _b) = pairs::streams();
    let mut cache = StoredFds::new();
    find(&mut cache, &[(a.as_fd(), SetFlags::WRITE)]);
    let limit = std::time::Duration::from_millis(5);
    for sets in [None, Some(SetFlags::empty())] {
        let start = std::time::Instant::now();
        let loaded = cache.fill(sets.map(|sets| Ok((a.as_fd(), sets)))).unwrap();
        assert_eq!(loaded.select(limit).unwrap().next(), None);
        assert!(start.elapsed() >= limit);
    }
    Ok(())
}
