//! The object for `/dev/poll` when the device refuses: nothing that was registered is lost.

#![expect(unsafe_code, reason = "descriptors that are closed behind the set's back")]

use conformance::{Descriptors, Run, in_a_fork, pairs};
use selectors::Timeout;
use selectors::sys::devpoll::{DevPoll, StoredFds};
use selectors::sys::devpoll_system::cut_next_write;
use selectors::sys::poll::PollFlags;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

conformance::scenarios_of!(sys, devpoll_errors:
    a_write_that_fails_is_made_again,
    a_write_that_fails_again_and_again,
    what_a_failed_write_left_in_the_set,
    a_short_write_goes_on,
    a_write_that_takes_nothing,
    an_interrupted_write_is_made_again,
    more_changes_than_descriptors,
    closed_by_number,
    in_a_forked_child,
    made_for_a_child,
);

const BOTH: PollFlags = PollFlags::IN.union(PollFlags::OUT);

fn find(devpoll: &mut DevPoll<'_>) -> io::Result<BTreeMap<RawFd, PollFlags>> {
    Ok(devpoll.poll(Timeout::ZERO)?.map(|(fd, flags)| (fd.as_raw_fd(), flags)).collect())
}

/// Registers, narrows and unregisters, and waits in a way that `wait` says until all of it is done.
fn after(wait: impl Fn(&mut DevPoll<'_>, usize)) {
    for cut in 0..7 {
        let pairs: Vec<_> = (0..4).map(|_| pairs::ready()).collect();
        let [a, b, c, d] = [0, 1, 2, 3].map(|index: usize| pairs[index].0.as_fd());
        let mut devpoll = DevPoll::new().unwrap();
        for fd in [a, b, c] {
            devpoll.register(fd, BOTH);
        }
        assert_eq!(find(&mut devpoll).unwrap().len(), 3);
        devpoll.modify(a, PollFlags::OUT);
        devpoll.unregister(b);
        devpoll.register(c, PollFlags::IN);
        devpoll.register(d, PollFlags::OUT);
        wait(&mut devpoll, cut);
        let expected = [(a, PollFlags::OUT), (c, PollFlags::IN), (d, PollFlags::OUT)];
        let expected: BTreeMap<_, _> = expected.iter().map(|(fd, flags)| (fd.as_raw_fd(), *flags)).collect();
        assert_eq!(find(&mut devpoll).unwrap(), expected, "cut after {cut}");
        assert_eq!(find(&mut devpoll).unwrap(), expected, "cut after {cut}");
        // What was half done may be taken back.
        devpoll.unregister(d);
        devpoll.modify(a, BOTH);
        let expected = BTreeMap::from([(a.as_raw_fd(), BOTH), (c.as_raw_fd(), PollFlags::IN)]);
        assert_eq!(find(&mut devpoll).unwrap(), expected, "cut after {cut}");
    }
}

fn a_write_that_fails_is_made_again() -> Run {
    after(|devpoll, cut| {
        cut_next_write(cut, Some(libc::EIO));
        assert_eq!(find(devpoll).unwrap_err().raw_os_error(), Some(libc::EIO));
    });
    Ok(())
}

fn a_write_that_fails_again_and_again() -> Run {
    after(|devpoll, cut| {
        for cut in [cut, 6 - cut, 0, cut] {
            cut_next_write(cut, Some(libc::ENOMEM));
            assert_eq!(find(devpoll).unwrap_err().raw_os_error(), Some(libc::ENOMEM));
        }
    });
    Ok(())
}

/// The device took it, and nobody knows: it must be taken out before it is watched for less, or for nothing.
fn what_a_failed_write_left_in_the_set() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    for unregistered in [false, true] {
        let mut devpoll = DevPoll::new().unwrap();
        devpoll.register(a.as_fd(), BOTH);
        devpoll.register(c.as_fd(), BOTH);
        cut_next_write(2, Some(libc::EIO));
        assert_eq!(find(&mut devpoll).unwrap_err().raw_os_error(), Some(libc::EIO));
        let mut expected = BTreeMap::from([(c.as_raw_fd(), BOTH)]);
        if unregistered {
            devpoll.unregister(a.as_fd());
        } else {
            devpoll.modify(a.as_fd(), PollFlags::IN);
            expected.insert(a.as_raw_fd(), PollFlags::IN);
        }
        assert_eq!(find(&mut devpoll).unwrap(), expected);
    }
    Ok(())
}

fn a_short_write_goes_on() -> Run {
    after(|devpoll, cut| {
        if cut > 0 {
            cut_next_write(cut, None);
            assert_eq!(find(devpoll).unwrap().len(), 3);
        }
    });
    Ok(())
}

fn a_write_that_takes_nothing() -> Run {
    after(|devpoll, _| {
        cut_next_write(0, None);
        assert_eq!(find(devpoll).unwrap_err().kind(), ErrorKind::WriteZero);
    });
    Ok(())
}

fn an_interrupted_write_is_made_again() -> Run {
    after(|devpoll, cut| {
        cut_next_write(cut, Some(libc::EINTR));
        assert_eq!(find(devpoll).unwrap().len(), 3);
    });
    Ok(())
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
    // Two changes for each, and no more than a few descriptors beside them.
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
    let (mut devpoll, mut cache) = (DevPoll::new().unwrap(), StoredFds::new().unwrap());
    devpoll.register(a.as_fd(), PollFlags::OUT);
    assert_eq!(find(&mut devpoll).unwrap().len(), 1);
    cache.fill([Ok((a.as_fd(), PollFlags::OUT))]).unwrap().poll(Timeout::ZERO).unwrap().for_each(drop);

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
        let loaded = cache.fill([Ok((a.as_fd(), PollFlags::OUT))]).unwrap();
        refused(loaded.poll(Timeout::ZERO).unwrap_err());
        let mut own = DevPoll::new().unwrap();
        own.register(a.as_fd(), BOTH);
        assert_eq!(find(&mut own).unwrap(), BTreeMap::from([(a.as_raw_fd(), BOTH)]));
        drop((devpoll, cache));
    }));
    // Nothing of that is to be seen here.
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(a.as_fd(), PollFlags::OUT);
    assert_eq!(find(&mut devpoll).unwrap().len(), 1);
    assert!(in_a_fork(|| refused(find(&mut devpoll).unwrap_err())));
    assert_eq!(find(&mut devpoll).unwrap(), BTreeMap::from([(a.as_raw_fd(), PollFlags::OUT)]));
    Ok(())
}

/// A set that nobody has used is that of the child that does, with what was registered.
fn made_for_a_child() -> Run {
    let (a, _b) = pairs::ready();
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(a.as_fd(), PollFlags::OUT);
    assert!(in_a_fork(|| assert_eq!(find(&mut devpoll).unwrap().len(), 1)));
    Ok(())
}
