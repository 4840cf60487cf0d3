//! The list of `poll` that is kept between waits.

use super::stored::{self, Stored};
use conformance::{POLL_READ, Run, pairs, unless_wine};
use selectors::sys::Timeout;
use selectors::sys::fd::{AsFd, AsRawFd, RawFd};
use selectors::sys::poll::{PollFd, PollFlags, StoredFds, poll};
use std::io;

conformance::scenarios_of!(sys, poll_stored:
    refilling_replaces_the_list,
    only_the_same_list_is_revalidated,
    modify_changes_one_entry,
    an_error_leaves_nothing_behind,
    a_panic_leaves_nothing_behind,
    two_entries_for_one_descriptor_both_report,
);

type Entry<'fd> = stored::Entry<'fd, PollFlags>;

impl Stored for StoredFds {
    type Events = PollFlags;

    const READ: PollFlags = POLL_READ;
    const WRITE: PollFlags = PollFlags::OUT;

    fn empty() -> Self {
        Self::new()
    }

    fn fill<'fd>(&mut self, entries: impl IntoIterator<Item = io::Result<Entry<'fd>>>) -> io::Result<()> {
        self.fill(entries).map(drop)
    }

    /// The list has the entries in their order, and so do the answers.
    fn assert_finds(&mut self, entries: &[Entry<'_>]) {
        let fds = self.fill(entries.iter().copied().map(Ok)).unwrap();
        let expected: Vec<_> = entries.iter().map(|(fd, events)| (fd.as_raw_fd(), *events)).collect();
        assert_eq!(requests(fds), expected);
        let found = poll(fds, Timeout::ZERO).unwrap();
        let answers: Vec<_> = fds.iter().map(|entry| (entry.fd().as_raw_fd(), entry.revents())).collect();
        assert_eq!((found, answers), (entries.len(), expected));
    }
}

/// The descriptors of a list with the events that are asked for.
fn requests(fds: &[PollFd<'_>]) -> Vec<(RawFd, PollFlags)> {
    fds.iter().map(|entry| (entry.fd().as_raw_fd(), entry.events())).collect()
}

fn refilling_replaces_the_list() -> Run {
    stored::refilling_replaces_the_list::<StoredFds>()
}

/// Only the entry at this index changes, and only if it is for this descriptor.
fn modify_changes_one_entry() -> Run {
    let ((a, _a), (b, _b), (c, _c)) = (pairs::streams(), pairs::ready(), pairs::streams());
    let [a, b, c] = [&a, &b, &c].map(AsFd::as_fd);
    let both = POLL_READ | PollFlags::OUT;
    let mut stored = StoredFds::new();
    assert!(!stored.modify(0, a, PollFlags::OUT), "the list is empty");
    stored.assert_finds(&[(a, PollFlags::OUT), (b, PollFlags::OUT)]);
    for (index, fd) in [(0, b), (1, a), (0, c), (2, a), (usize::MAX, a)] {
        assert!(!stored.modify(index, fd, both), "{index}, {fd:?}");
    }
    assert!(stored.modify(0, a, POLL_READ) && stored.modify(1, b, both));

    let fds = stored.revalidate([a, b].map(Ok)).unwrap().unwrap();
    assert_eq!(requests(fds), [(a.as_raw_fd(), POLL_READ), (b.as_raw_fd(), both)]);
    assert_eq!(poll(fds, Timeout::ZERO).unwrap(), 1);
    assert_eq!(fds[1].revents(), both);
    Ok(())
}

/// A part, more descriptors or another order is another list. The same list keeps its events.
fn only_the_same_list_is_revalidated() -> Run {
    let ends = [(); 3].map(|()| pairs::streams());
    let [a, b, c] = ends.each_ref().map(|(end, _)| end.as_fd());
    let mut stored = StoredFds::new();
    stored.assert_finds(&[(a, PollFlags::OUT), (b, PollFlags::OUT)]);
    for other in [&[][..], &[a], &[b], &[b, a], &[a, c], &[a, b, c]] {
        assert!(stored.revalidate(other.iter().copied().map(Ok)).unwrap().is_none(), "{other:?}");
        let error = stored.revalidate([Ok(a), Err(io::Error::other("no more"))]).unwrap_err();
        assert_eq!(error.to_string(), "no more");
        let same = stored.revalidate([Ok(a), Ok(b)]).unwrap().unwrap();
        assert_eq!(poll(same, Timeout::ZERO).unwrap(), 2);
        assert!(same.iter().all(|entry| entry.events() == PollFlags::OUT));
    }
    Ok(())
}

fn an_error_leaves_nothing_behind() -> Run {
    stored::an_error_leaves_nothing_behind::<StoredFds>()
}

fn a_panic_leaves_nothing_behind() -> Run {
    stored::a_panic_leaves_nothing_behind::<StoredFds>()
}

fn two_entries_for_one_descriptor_both_report() -> Run {
    unless_wine("Wine 8 has one answer for each socket in WSAPoll, and not for each entry")?;
    let (a, _b) = pairs::ready();
    StoredFds::new().assert_finds(&[(a.as_fd(), POLL_READ), (a.as_fd(), PollFlags::OUT)]);
    Ok(())
}
