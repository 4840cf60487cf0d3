//! The sets of `select` that are kept between waits.

use super::stored::{self, Stored, assert_failed_fill};
use conformance::errno::Errno;
use conformance::{Run, kernel, pairs};
use selectors::sys::Timeout;
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use selectors::sys::select::{SetFlags, StoredFds};
use std::io;
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, select_stored:
    answers_match_plain_select,
    refilling_replaces_the_list,
    only_the_same_list_is_revalidated,
    modify_changes_one_descriptor,
    sets_of_one_descriptor_are_merged,
    an_error_leaves_nothing_behind,
    an_invalid_descriptor_fails_the_fill,
    a_panic_leaves_nothing_behind,
    an_empty_list_waits_for_the_timeout,
);

const READ: SetFlags = SetFlags::READ;
const WRITE: SetFlags = SetFlags::WRITE;
const BOTH: SetFlags = READ.union(WRITE);

type Entry<'fd> = stored::Entry<'fd, SetFlags>;

impl Stored for StoredFds {
    type Events = SetFlags;

    const READ: SetFlags = READ;
    const WRITE: SetFlags = WRITE;

    fn empty() -> Self {
        Self::new()
    }

    fn fill<'fd>(&mut self, entries: impl IntoIterator<Item = io::Result<Entry<'fd>>>) -> io::Result<()> {
        self.fill(entries).map(drop)
    }

    fn assert_finds(&mut self, entries: &[Entry<'_>]) {
        assert_eq!(find(self, entries), sorted(entries));
    }

    fn assert_failed(&mut self, fd: BorrowedFd<'_>) {
        // The descriptors of the old list may be closed by now, so nothing of it may be left.
        assert!(self.revalidate([Ok(fd)]).unwrap().is_none());
        assert_eq!(self.revalidate([]).unwrap().unwrap().select(Timeout::ZERO).unwrap().count(), 0);
    }
}

fn find(stored: &mut StoredFds, entries: &[Entry<'_>]) -> Vec<(RawFd, SetFlags)> {
    let borrowed = stored.fill(entries.iter().copied().map(Ok)).unwrap();
    borrowed.select(Timeout::ZERO).unwrap().collect()
}

/// The entries in the order in which `select` reports them: by descriptor.
fn sorted(entries: &[Entry<'_>]) -> Vec<(RawFd, SetFlags)> {
    let mut sorted: Vec<_> = entries.iter().map(|(fd, sets)| (fd.as_raw_fd(), *sets)).collect();
    sorted.sort_by_key(|(fd, _)| *fd);
    sorted
}

fn answers_match_plain_select() -> Run {
    let (a, b) = pairs::ready();
    let (reader, writer) = pairs::pipe()?;
    drop(writer);
    let entries = [
        (a.as_fd(), SetFlags::READ | SetFlags::WRITE | SetFlags::EXCEPT),
        (b.as_fd(), SetFlags::READ | SetFlags::EXCEPT),
        (reader.as_fd(), SetFlags::all()),
    ];
    let mut stored = StoredFds::new();
    let expected = sorted(&[(a.as_fd(), BOTH), (reader.as_fd(), kernel::HUNG_UP)]);
    assert_eq!(find(&mut stored, &entries), expected);
    assert_eq!(find(&mut stored, &entries), expected);
    Ok(())
}

fn refilling_replaces_the_list() -> Run {
    stored::refilling_replaces_the_list::<StoredFds>()
}

/// A part, more descriptors or another order is another list. The same list keeps its sets.
fn only_the_same_list_is_revalidated() -> Run {
    let ends = [(); 3].map(|()| pairs::streams());
    let [a, b, c] = ends.each_ref().map(|(end, _)| end.as_fd());
    let ready = sorted(&[(a, WRITE), (b, WRITE)]);
    let mut stored = StoredFds::new();
    assert_eq!(find(&mut stored, &[(a, WRITE), (b, BOTH)]), ready);
    for other in [&[][..], &[a], &[b], &[b, a], &[a, c], &[a, b, c]] {
        assert!(stored.revalidate(other.iter().copied().map(Ok)).unwrap().is_none(), "{other:?}");
        let error = stored.revalidate([Ok(a), Err(io::Error::other("no more"))]).unwrap_err();
        assert_eq!(error.to_string(), "no more");
        let same = stored.revalidate([Ok(a), Ok(b)]).unwrap().unwrap();
        assert_eq!(same.select(Timeout::ZERO).unwrap().collect::<Vec<_>>(), ready);
    }
    Ok(())
}

/// Only this descriptor changes, only if it is in a set, and its new sets replace the old ones.
fn modify_changes_one_descriptor() -> Run {
    let ends = [(); 3].map(|()| pairs::ready());
    let [a, b, c] = ends.each_ref().map(|(end, _)| end.as_fd());
    let again = |stored: &mut StoredFds| -> Vec<_> {
        let same = stored.revalidate([a, b].map(Ok)).unwrap().expect("the descriptors are the same");
        same.select(Timeout::ZERO).unwrap().collect()
    };
    let mut stored = StoredFds::new();
    assert!(!stored.modify(a, WRITE), "the list is empty");
    stored.assert_finds(&[(a, READ), (b, BOTH)]);
    assert!(!stored.modify(c, READ));
    for (of_a, of_b) in [(READ, BOTH), (WRITE, BOTH), (BOTH, BOTH), (BOTH, READ), (READ, WRITE)] {
        assert!(stored.modify(a, of_a) && stored.modify(b, of_b));
        assert_eq!(again(&mut stored), sorted(&[(a, of_a), (b, of_b)]));
    }
    assert!(stored.modify(a, SetFlags::empty()) && !stored.modify(a, READ));
    assert_eq!(again(&mut stored), sorted(&[(b, WRITE)]));
    Ok(())
}

fn sets_of_one_descriptor_are_merged() -> Run {
    let (a, _b) = pairs::ready();
    let mut stored = StoredFds::new();
    assert_eq!(find(&mut stored, &[(a.as_fd(), READ), (a.as_fd(), WRITE)]), [(a.as_raw_fd(), BOTH)]);
    assert_eq!(find(&mut stored, &[(a.as_fd(), WRITE)]), [(a.as_raw_fd(), WRITE)]);
    Ok(())
}

fn an_error_leaves_nothing_behind() -> Run {
    stored::an_error_leaves_nothing_behind::<StoredFds>()
}

fn an_invalid_descriptor_fails_the_fill() -> Run {
    let invalid = pairs::no_descriptor()?;
    assert_failed_fill(|stored: &mut StoredFds, entry| {
        let error = stored.fill([Ok(entry), Ok((invalid, READ))]).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::BADF.raw_os_error()));
        assert!(!stored.modify(invalid, READ));
    });
    Ok(())
}

fn a_panic_leaves_nothing_behind() -> Run {
    stored::a_panic_leaves_nothing_behind::<StoredFds>()
}

fn an_empty_list_waits_for_the_timeout() -> Run {
    let (a, _b) = pairs::streams();
    let mut stored = StoredFds::new();
    stored.assert_finds(&[(a.as_fd(), WRITE)]);
    let limit = Duration::from_millis(5);
    for sets in [None, Some(SetFlags::empty())] {
        let start = Instant::now();
        let borrowed = stored.fill(sets.map(|sets| Ok((a.as_fd(), sets)))).unwrap();
        assert_eq!(borrowed.select(limit).unwrap().next(), None);
        assert!(start.elapsed() >= limit);
    }
    Ok(())
}
