//! The object for `/dev/poll` when the device refuses: no registration is lost.
//!
//! (Unit tests of the crate have writes that fail in the middle of a batch.)

#![expect(unsafe_code, reason = "descriptors that are closed behind the set's back")]

use conformance::{Descriptors, Run, in_a_fork, pairs};
use selectors::Timeout;
use selectors::sys::devpoll::{DevPoll, StoredFds};
use selectors::sys::poll::PollFlags;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

conformance::scenarios_of!(sys, devpoll_errors:
    more_changes_than_descriptors,
    closed_by_number,
    in_a_forked_child,
    made_for_a_child,
);

const BOTH: PollFlags = PollFlags::IN.union(PollFlags::OUT);

fn find(devpoll: &mut DevPoll<'_>) -> io::Result<BTreeMap<RawFd, PollFlags>> {
    Ok(devpoll.poll(Timeout::ZERO)?.map(|(fd, flags)| (fd.as_raw_fd(), flags)).collect())
}

fn more_changes_than_descriptors() -> Run {
    let (a, _b) = pairs::ready();
    let duplicates: Vec<_> = (0..200).map(|_| a.try_clone().unwrap()).collect();
    let mut devpoll = DevPoll::new().unwrap();
    for duplicate in &duplicates {
        devpoll.register(duplicate.as_fd(), BOTH);
    }
    let before = find(&mut devpoll).unwrap().len();
    let limit = Descriptors::none_left()?;
    for duplicate in &duplicates {
        devpoll.modify(duplicate.as_fd(), PollFlags::OUT);
    }
    // Each has two changes, so these exceed what one write may have.
    let found = find(&mut devpoll);
    drop(limit);
    let expected = duplicates.iter().map(|duplicate| (duplicate.as_raw_fd(), PollFlags::OUT)).collect();
    assert_eq!((before, found.unwrap()), (200, expected));
    Ok(())
}

fn closed_by_number() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let number = c.as_raw_fd();
    // SAFETY: not closed for as long as it is used as that of a descriptor; after that, only reported as closed.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(a.as_fd(), PollFlags::OUT);
    devpoll.register(borrowed, PollFlags::IN);
    assert_eq!(find(&mut devpoll).unwrap().len(), 2);
    drop(c);
    let expected = BTreeMap::from([(a.as_raw_fd(), PollFlags::OUT), (number, PollFlags::NVAL)]);
    assert_eq!(find(&mut devpoll).unwrap(), expected);
    assert_eq!(find(&mut devpoll).unwrap(), expected);
    devpoll.unregister(borrowed);
    assert_eq!(find(&mut devpoll).unwrap(), BTreeMap::from([(a.as_raw_fd(), PollFlags::OUT)]));
    Ok(())
}

fn in_a_forked_child() -> Run {
    let (a, _b) = pairs::ready();
    let (mut devpoll, mut stored) = (DevPoll::new().unwrap(), StoredFds::new().unwrap());
    devpoll.register(a.as_fd(), PollFlags::OUT);
    assert_eq!(find(&mut devpoll).unwrap().len(), 1);
    stored.add(a.as_fd(), PollFlags::OUT).unwrap();
    stored.retain([Ok(a.as_fd())]).unwrap().poll(Timeout::ZERO).unwrap().for_each(drop);

    let refused = |error: io::Error| {
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.to_string().contains("make a new one in the child"), "{error}");
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        assert_eq!(source.and_then(io::Error::raw_os_error), Some(libc::EACCES));
    };
    assert!(in_a_fork(|| {
        // With nothing to write, and with something.
        refused(find(&mut devpoll).unwrap_err());
        devpoll.modify(a.as_fd(), PollFlags::IN);
        refused(find(&mut devpoll).unwrap_err());
        let borrowed = stored.retain([Ok(a.as_fd())]).unwrap();
        refused(borrowed.poll(Timeout::ZERO).unwrap_err());
        let mut own = DevPoll::new().unwrap();
        own.register(a.as_fd(), BOTH);
        assert_eq!(find(&mut own).unwrap(), BTreeMap::from([(a.as_raw_fd(), BOTH)]));
        drop((devpoll, stored));
    }));
    // The parent is not affected.
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(a.as_fd(), PollFlags::OUT);
    assert_eq!(find(&mut devpoll).unwrap().len(), 1);
    assert!(in_a_fork(|| refused(find(&mut devpoll).unwrap_err())));
    assert_eq!(find(&mut devpoll).unwrap(), BTreeMap::from([(a.as_raw_fd(), PollFlags::OUT)]));
    Ok(())
}

/// A set that nobody has used belongs to the child that uses it, with its registrations.
fn made_for_a_child() -> Run {
    let (a, _b) = pairs::ready();
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(a.as_fd(), PollFlags::OUT);
    assert!(in_a_fork(|| assert_eq!(find(&mut devpoll).unwrap().len(), 1)));
    Ok(())
}
