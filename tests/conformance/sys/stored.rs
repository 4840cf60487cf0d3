//! Scenarios that the stored lists of several interfaces share.

use conformance::{Run, pairs};
use selectors::sys::fd::{AsFd, BorrowedFd};
use std::io;
use std::ops::BitOr;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A descriptor and the events that it is watched for.
pub(super) type Entry<'fd, E> = (BorrowedFd<'fd>, E);

/// A list of descriptors that is kept between waits.
pub(super) trait Stored {
    type Events: Copy + BitOr<Output = Self::Events>;

    const READ: Self::Events;
    const WRITE: Self::Events;

    fn empty() -> Self;

    fn fill<'fd>(
        &mut self,
        entries: impl IntoIterator<Item = io::Result<Entry<'fd, Self::Events>>>,
    ) -> io::Result<()>;

    /// Fills the list and waits. All descriptors are ready for everything, so all events must be reported.
    fn assert_finds(&mut self, entries: &[Entry<'_, Self::Events>]);

    /// Checks the state after a failed fill whose first entry was `fd`, where the interface promises one.
    fn assert_failed(&mut self, _fd: BorrowedFd<'_>) {}
}

/// Fills one list again and again: the same entries, other events, another order, fewer, more, others, none.
pub(super) fn refilling_replaces_the_list<S: Stored>() -> Run {
    let ends: Vec<_> = (0..4).map(|_| pairs::ready()).collect();
    let [a, b, c, d] = [0, 1, 2, 3].map(|index: usize| ends[index].0.as_fd());
    let (read, write, both) = (S::READ, S::WRITE, S::READ | S::WRITE);
    let lists: [&[Entry<'_, S::Events>]; 18] = [
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
        &[(b, read), (a, read)],
        &[(a, both), (b, write), (d, write)],
    ];
    let mut stored = S::empty();
    for list in lists {
        stored.assert_finds(list);
    }
    Ok(())
}

/// A fill that stops early has read the first entries already. None of them may be in the next list.
pub(super) fn assert_failed_fill<S: Stored>(fail: impl Fn(&mut S, Entry<'_, S::Events>)) {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let first = [(a.as_fd(), S::READ), (c.as_fd(), S::WRITE)];
    let other = (c.as_fd(), S::READ);
    for next in [&first[..], &[other], &[first[0]], &[other, first[0]], &[]] {
        let mut stored = S::empty();
        stored.assert_finds(&first);
        fail(&mut stored, other);
        stored.assert_failed(other.0);
        stored.assert_finds(next);
        stored.assert_finds(next);
    }
}

pub(super) fn an_error_leaves_nothing_behind<S: Stored>() -> Run {
    assert_failed_fill(|stored: &mut S, entry| {
        let error = stored.fill([Ok(entry), Err(io::Error::other("no more"))]).unwrap_err();
        assert_eq!(error.to_string(), "no more");
    });
    Ok(())
}

pub(super) fn a_panic_leaves_nothing_behind<S: Stored>() -> Run {
    assert_failed_fill(|stored: &mut S, entry| {
        let panic = std::iter::from_fn(|| std::panic::resume_unwind(Box::new(())));
        let entries = std::iter::once(Ok(entry)).chain(panic);
        assert!(catch_unwind(AssertUnwindSafe(|| stored.fill(entries))).is_err());
    });
    Ok(())
}
