//! The object for `/dev/poll`, over the emulation.

use super::common::{Object, one_pipe_after_another, pipes, random};
use conformance::storms::{EVERY, until_interrupted};
use conformance::{Descriptors, Run, WAIT, pairs, signals, when_asleep};
use rustix::io::{FdFlags, fcntl_getfd};
use selectors::Timeout;
use selectors::sys::devpoll::{DevPoll, StoredFds};
use selectors::sys::poll::{PollFd, PollFlags, poll};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::path::Path;
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, devpoll:
    registering_twice_replaces,
    modify_narrows_and_widens,
    what_is_not_registered,
    a_number_that_no_descriptor_has,
    a_registration_that_ends_before_the_wait,
    hang_up_without_being_asked,
    the_mask_that_would_remove,
    any_order_of_operations,
    twelve_pipes,
    nothing_registered_sleeps,
    never_early,
    time_outs_of_all_lengths,
    no_limit_waits,
    signals_do_not_end_a_wait,
    a_wait_that_asks_for_it_is_interrupted,
    thousands_at_once,
    the_iterator,
    the_descriptor,
    no_descriptors_left,
    types_go_to_other_threads,
);

impl<'fd> Object<'fd> for DevPoll<'fd> {
    fn register(&mut self, fd: BorrowedFd<'fd>, flags: PollFlags) {
        self.register(fd, flags);
    }

    fn modify(&mut self, fd: BorrowedFd<'fd>, flags: PollFlags) {
        self.modify(fd, flags);
    }

    fn unregister(&mut self, fd: BorrowedFd<'fd>) {
        self.unregister(fd);
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn wait(&mut self, timeout: Timeout) -> Vec<(RawFd, PollFlags)> {
        self.poll(timeout).unwrap().map(|(fd, flags)| (fd.as_raw_fd(), flags)).collect()
    }
}

fn now(devpoll: &mut DevPoll<'_>) -> BTreeMap<RawFd, PollFlags> {
    let found = devpoll.wait(Timeout::ZERO);
    let map: BTreeMap<_, _> = found.iter().copied().collect();
    assert_eq!(map.len(), found.len(), "reported twice");
    map
}

const BOTH: PollFlags = PollFlags::IN.union(PollFlags::OUT);

fn a_number_that_no_descriptor_has() -> Run {
    let ((a, _b), nothing) = (pairs::ready(), pairs::no_descriptor()?);
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(a.as_fd(), BOTH);
    devpoll.register(nothing, BOTH);
    assert_eq!(devpoll.len(), 1);
    assert_eq!(now(&mut devpoll), [(a.as_raw_fd(), BOTH)].into());
    devpoll.unregister(nothing);
    assert_eq!(devpoll.len(), 1);
    Ok(())
}

fn registering_twice_replaces() -> Run {
    let (a, _b) = pairs::ready();
    let fd = a.as_raw_fd();
    let mut devpoll = DevPoll::new().unwrap();
    for waited in [false, true] {
        for flags in [BOTH, PollFlags::IN, PollFlags::OUT, BOTH, PollFlags::OUT] {
            devpoll.register(a.as_fd(), BOTH);
            if waited {
                assert_eq!(now(&mut devpoll), BTreeMap::from([(fd, BOTH)]));
            }
            devpoll.register(a.as_fd(), flags);
            assert_eq!(devpoll.len(), 1);
            assert_eq!(now(&mut devpoll), BTreeMap::from([(fd, flags)]));
        }
    }
    Ok(())
}

fn modify_narrows_and_widens() -> Run {
    let (a, _b) = pairs::ready();
    let mut devpoll = DevPoll::new().unwrap();
    // As in Python, it registers a descriptor that is not registered.
    for flags in [PollFlags::OUT, BOTH, PollFlags::IN, PollFlags::OUT, BOTH] {
        devpoll.modify(a.as_fd(), flags);
        assert_eq!(now(&mut devpoll), BTreeMap::from([(a.as_raw_fd(), flags)]));
        assert_eq!(devpoll.len(), 1);
    }
    Ok(())
}

fn what_is_not_registered() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.unregister(a.as_fd());
    assert!(devpoll.is_empty() && now(&mut devpoll).is_empty());
    devpoll.register(a.as_fd(), PollFlags::OUT);
    devpoll.unregister(c.as_fd());
    assert_eq!(now(&mut devpoll), BTreeMap::from([(a.as_raw_fd(), PollFlags::OUT)]));
    devpoll.unregister(a.as_fd());
    devpoll.unregister(a.as_fd());
    assert!(devpoll.is_empty() && now(&mut devpoll).is_empty());
    devpoll.unregister(a.as_fd());
    assert!(now(&mut devpoll).is_empty());
    Ok(())
}

fn a_registration_that_ends_before_the_wait() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(a.as_fd(), PollFlags::OUT);
    devpoll.register(c.as_fd(), PollFlags::OUT);
    devpoll.unregister(a.as_fd());
    assert_eq!(devpoll.len(), 1);
    assert_eq!(now(&mut devpoll), BTreeMap::from([(c.as_raw_fd(), PollFlags::OUT)]));
    devpoll.unregister(c.as_fd());
    devpoll.register(c.as_fd(), PollFlags::IN);
    devpoll.register(a.as_fd(), PollFlags::IN);
    let expected = BTreeMap::from([(a.as_raw_fd(), PollFlags::IN), (c.as_raw_fd(), PollFlags::IN)]);
    assert_eq!(now(&mut devpoll), expected);
    Ok(())
}

fn hang_up_without_being_asked() -> Run {
    let (reader, writer) = pairs::pipe()?;
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(reader.as_fd(), PollFlags::empty());
    assert!(now(&mut devpoll).is_empty());
    drop(writer);
    assert_eq!(now(&mut devpoll), BTreeMap::from([(reader.as_raw_fd(), PollFlags::HUP)]));
    Ok(())
}

/// A request for the bit of `POLLREMOVE` alone requests nothing; it does not remove the descriptor.
fn the_mask_that_would_remove() -> Run {
    let (reader, writer) = pairs::pipe()?;
    let mut devpoll = DevPoll::new().unwrap();
    let remove = PollFlags::from_bits_retain(0x800);
    devpoll.register(reader.as_fd(), remove);
    drop(writer);
    assert_eq!(now(&mut devpoll), BTreeMap::from([(reader.as_raw_fd(), PollFlags::HUP)]));
    let (a, _b) = pairs::ready();
    devpoll.register(a.as_fd(), remove | PollFlags::OUT);
    assert!(now(&mut devpoll)[&a.as_raw_fd()].contains(PollFlags::OUT));
    Ok(())
}

/// Against a plain map.
fn any_order_of_operations() -> Run {
    let pairs: Vec<_> = (0..6).map(|_| pairs::ready()).collect();
    let mut next = random();
    let mut devpoll = DevPoll::new().unwrap();
    let mut map = BTreeMap::new();
    for step in 0..5000 {
        let fd = pairs[next(6) as usize].0.as_fd();
        let flags = [PollFlags::IN, PollFlags::OUT, BOTH][next(3) as usize];
        match next(4) {
            0 => {
                devpoll.register(fd, flags);
                map.insert(fd.as_raw_fd(), flags);
            }
            1 => {
                devpoll.modify(fd, flags);
                map.insert(fd.as_raw_fd(), flags);
            }
            2 => {
                devpoll.unregister(fd);
                map.remove(&fd.as_raw_fd());
            }
            _ => assert_eq!(now(&mut devpoll), map, "step {step}"),
        }
        assert_eq!((devpoll.len(), devpoll.is_empty()), (map.len(), map.is_empty()));
    }
    Ok(())
}

fn twelve_pipes() -> Run {
    one_pipe_after_another(&pipes()?, DevPoll::new().unwrap());
    Ok(())
}

fn nothing_registered_sleeps() -> Run {
    let (a, _b) = pairs::ready();
    let mut devpoll = DevPoll::new().unwrap();
    for _ in 0..2 {
        let (limit, start) = (Duration::from_millis(10), Instant::now());
        assert_eq!(devpoll.poll(limit).unwrap().count(), 0);
        assert!(start.elapsed() >= limit);
        // The same after something was registered.
        devpoll.register(a.as_fd(), PollFlags::OUT);
        assert_eq!(now(&mut devpoll).len(), 1);
        devpoll.unregister(a.as_fd());
    }
    Ok(())
}

fn never_early() -> Run {
    let (a, _b) = pairs::streams();
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(a.as_fd(), PollFlags::IN);
    for nanos in [1, 999, 1000, 999_999, 1_000_000, 1_000_001, 2_500_000, 20_000_000, 67_000_000] {
        let (limit, start) = (Duration::from_nanos(nanos), Instant::now());
        assert_eq!(devpoll.poll(limit).unwrap().count(), 0);
        assert!(start.elapsed() >= limit, "{limit:?}");
    }
    Ok(())
}

fn time_outs_of_all_lengths() -> Run {
    let (a, _b) = pairs::ready();
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(a.as_fd(), PollFlags::OUT);
    let limits =
        [0, 1, 1 << 30, i32::MAX as u64, 1 << 31, 1 << 32, 1 << 63, u64::MAX].map(Duration::from_millis);
    for limit in limits.into_iter().chain([Duration::MAX]) {
        assert_eq!(devpoll.poll(limit).unwrap().count(), 1, "{limit:?}");
    }
    assert_eq!(devpoll.poll(None).unwrap().count(), 1);
    Ok(())
}

fn no_limit_waits() -> Run {
    let (a, mut b) = pairs::streams();
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(a.as_fd(), PollFlags::IN);
    let write = move || {
        b.write_all(b"x").unwrap();
        b
    };
    assert_eq!(when_asleep(write, || devpoll.poll(None).unwrap().count()), 1);
    Ok(())
}

fn signals_do_not_end_a_wait() -> Run {
    let (a, _b) = pairs::streams();
    let mut devpoll = DevPoll::new().unwrap();
    for _ in 0..2 {
        until_interrupted(|| {
            let (limit, start) = (Duration::from_millis(100), Instant::now());
            let (found, signals) = signals::storm(EVERY, || devpoll.poll(limit).unwrap().count());
            let elapsed = start.elapsed();
            assert_eq!(found, 0);
            assert!((limit..WAIT).contains(&elapsed), "{elapsed:?}");
            signals
        });
        devpoll.register(a.as_fd(), PollFlags::IN);
    }
    Ok(())
}

fn a_wait_that_asks_for_it_is_interrupted() -> Run {
    let (a, _b) = pairs::streams();
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(a.as_fd(), PollFlags::IN);
    for timeout in [Timeout::NEVER, Timeout::after(WAIT)] {
        let (result, _) =
            signals::storm(EVERY, || devpoll.poll(timeout.interruptible()).map(Iterator::count));
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Interrupted);
    }
    // The registration remains.
    devpoll.modify(a.as_fd(), PollFlags::OUT);
    assert_eq!(now(&mut devpoll).len(), 1);
    Ok(())
}

fn thousands_at_once() -> Run {
    let (_limit, count) = Descriptors::raise(3000, 8000)?;
    let (a, _b) = pairs::ready();
    let duplicates: Vec<_> = (0..count - 10).map(|_| a.try_clone().unwrap()).collect();
    let mut devpoll = DevPoll::new().unwrap();
    for duplicate in &duplicates {
        devpoll.register(duplicate.as_fd(), PollFlags::OUT);
    }
    assert_eq!(now(&mut devpoll).len(), duplicates.len());
    for duplicate in duplicates.iter().step_by(2) {
        devpoll.unregister(duplicate.as_fd());
    }
    let found = now(&mut devpoll);
    assert!(duplicates.iter().skip(1).step_by(2).all(|duplicate| found.contains_key(&duplicate.as_raw_fd())));
    assert_eq!(found.len(), devpoll.len());
    Ok(())
}

fn the_iterator() -> Run {
    let ((a, _b), (c, _d)) = (pairs::ready(), pairs::ready());
    let mut devpoll = DevPoll::new().unwrap();
    devpoll.register(a.as_fd(), PollFlags::OUT);
    devpoll.register(c.as_fd(), PollFlags::OUT);
    let mut found = devpoll.poll(Timeout::ZERO).unwrap();
    assert_eq!((found.len(), found.size_hint()), (2, (2, Some(2))));
    let first = found.next().unwrap().0.as_raw_fd();
    assert_eq!(found.len(), 1);
    let again = found.clone();
    let second = found.next().unwrap().0.as_raw_fd();
    assert_eq!(again.map(|(fd, _)| fd.as_raw_fd()).collect::<Vec<_>>(), [second]);
    assert!(found.next().is_none() && found.next().is_none());
    assert_ne!(first, second);
    Ok(())
}

fn the_descriptor() -> Run {
    let is_open = |fd: RawFd| Path::new(&format!("/proc/self/fd/{fd}")).symlink_metadata().is_ok();
    let (a, _b) = pairs::ready();
    let mut devpoll = DevPoll::new().unwrap();
    let stored = StoredFds::new().unwrap();
    assert_ne!(devpoll.as_fd().as_raw_fd(), stored.as_fd().as_raw_fd());
    assert!(fcntl_getfd(&devpoll).unwrap().contains(FdFlags::CLOEXEC));
    assert!(fcntl_getfd(&stored).unwrap().contains(FdFlags::CLOEXEC));
    devpoll.register(a.as_fd(), PollFlags::OUT);
    assert_eq!(now(&mut devpoll).len(), 1);
    let mut entry = [PollFd::new(devpoll.as_fd(), PollFlags::IN)];
    poll(&mut entry, Timeout::ZERO).unwrap();
    assert_eq!(entry[0].revents(), PollFlags::ERR);
    let numbers = [devpoll.as_fd().as_raw_fd(), stored.as_fd().as_raw_fd()];
    assert!(numbers.into_iter().all(is_open));
    drop((devpoll, stored));
    assert!(!numbers.into_iter().any(is_open));
    Ok(())
}

fn no_descriptors_left() -> Run {
    let limit = Descriptors::none_left()?;
    let results = [DevPoll::new().map(drop), StoredFds::new().map(drop)];
    drop(limit);
    for result in results {
        assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::EMFILE));
    }
    Ok(())
}

fn types_go_to_other_threads() -> Run {
    fn send_and_sync<T: Send + Sync>() {}
    send_and_sync::<DevPoll<'_>>();
    send_and_sync::<StoredFds>();
    Ok(())
}
