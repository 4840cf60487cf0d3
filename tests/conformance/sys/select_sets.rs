//! Descriptor sets of any size.

use conformance::{Descriptors, Run, pairs};
use selectors::sys::Timeout;
use selectors::sys::fd::{AsFd, AsRawFd, RawFd};
use selectors::sys::select::{FdSet, select};
use std::collections::BTreeMap;
use std::io::Write;

conformance::scenarios_of!(sys, select_sets:
    insert_contains_remove,
    bits_at_word_boundaries,
    descriptors_far_above_1024,
    invalid_descriptors_are_not_inserted,
    sets_collect_from_iterators,
    sets_may_differ_in_length,
    thousands_of_descriptors_in_one_set,
);

fn numbers(set: &FdSet<'_>) -> Vec<RawFd> {
    set.iter().map(|fd| fd.as_raw_fd()).collect()
}

fn invalid_descriptors_are_not_inserted() -> Run {
    let ((a, _b), nothing) = (pairs::streams(), pairs::no_descriptor()?);
    let mut set = FdSet::new();
    for others in 0..2 {
        assert!(!set.insert(nothing) && !set.contains(nothing) && !set.remove(nothing));
        assert_eq!(set.len(), others);
        set.insert(a.as_fd());
    }
    assert_eq!(select(None, Some(&mut set), None, Timeout::ZERO).unwrap(), 1);
    Ok(())
}

fn insert_contains_remove() -> Run {
    let (a, b) = pairs::streams();
    let (a, b) = (a.as_fd(), b.as_fd());
    let mut set = FdSet::new();
    assert!(set.is_empty() && !set.contains(a) && set.iter().next().is_none());
    assert!(!set.remove(a));

    assert!(set.insert(a));
    assert!(!set.insert(a));
    assert!(set.contains(a) && !set.contains(b) && !set.is_empty());
    assert_eq!(set.len(), 1);
    assert!(set.insert(b));
    let mut both = [a.as_raw_fd(), b.as_raw_fd()];
    both.sort();
    assert_eq!(numbers(&set), both);
    assert_eq!(format!("{set:?}"), format!("{{{}, {}}}", both[0], both[1]));

    let copy = set.clone();
    assert!(set.remove(a));
    assert!(!set.remove(a) && !set.contains(a) && set.contains(b));
    assert_eq!((set.len(), copy.len()), (1, 2));
    set.clear();
    assert!(set.is_empty() && set.iter().next().is_none());
    assert_eq!(set.len(), 0);
    assert!(set.insert(b));
    assert_eq!(numbers(&set), [b.as_raw_fd()]);
    Ok(())
}

/// Every second descriptor is readable, so a misplaced bit is noticed.
fn bits_at_word_boundaries() -> Run {
    let limit = Descriptors::raise(400, 400)?;
    let (a, b) = pairs::ready();
    let around = [31, 63, 127, 255, 319].into_iter().flat_map(|end| end..end + 3);
    let mut fds = Vec::new();
    for number in around.clone() {
        fds.push(pairs::numbered(if number % 2 == 1 { &a } else { &b }, number)?);
    }
    assert!(fds.iter().map(|fd| fd.as_raw_fd()).eq(around.clone()), "these numbers are taken");

    let mut read: FdSet = fds.iter().map(|fd| fd.as_fd()).collect();
    assert_eq!(numbers(&read), around.clone().collect::<Vec<_>>());
    let mut write = read.clone();
    let mut except = read.clone();
    let odd: Vec<_> = around.clone().filter(|number| number % 2 == 1).collect();
    let found = select(Some(&mut read), Some(&mut write), Some(&mut except), Timeout::ZERO).unwrap();
    assert_eq!(found, odd.len() + fds.len());
    assert_eq!(numbers(&read), odd);
    assert_eq!(numbers(&write), around.collect::<Vec<_>>());
    assert!(except.is_empty());

    // Each descriptor alone, in a set that ends with its word.
    for fd in &fds {
        let mut set = FdSet::from_iter([fd.as_fd()]);
        let found = select(Some(&mut set), None, None, Timeout::ZERO).unwrap();
        let ready = fd.as_raw_fd() % 2 == 1;
        assert_eq!((found, set.contains(fd.as_fd())), (usize::from(ready), ready), "{fd:?}");
    }
    drop(limit);
    Ok(())
}

fn descriptors_far_above_1024() -> Run {
    let (_limit, most) = Descriptors::raise(3000, 100_000)?;
    let highest = RawFd::try_from(most).unwrap();
    let (a, mut b) = pairs::streams();
    let mut fds = Vec::new();
    for number in [1022, 1023, 1024, 1025, 2047, 2048, highest] {
        fds.push(pairs::numbered(&a, number)?);
    }
    let all: FdSet = fds.iter().map(|fd| fd.as_fd()).collect();

    let mut set = all.clone();
    assert_eq!(select(Some(&mut set), None, None, Timeout::ZERO).unwrap(), 0);
    assert!(set.is_empty());
    b.write_all(b"x").unwrap();
    let mut set = all.clone();
    assert_eq!(select(Some(&mut set), None, None, Timeout::ZERO).unwrap(), fds.len());
    assert_eq!(numbers(&set), numbers(&all));
    assert_eq!(numbers(&set).last(), Some(&highest));

    let only = fds.last().unwrap().as_fd();
    let mut set = FdSet::from_iter([only]);
    assert_eq!(select(None, Some(&mut set), None, Timeout::ZERO).unwrap(), 1);
    assert!(set.contains(only));
    Ok(())
}

fn sets_collect_from_iterators() -> Run {
    let (a, b) = pairs::streams();
    let mut set = FdSet::from_iter([a.as_fd(), a.as_fd()]);
    assert_eq!(set.len(), 1);
    set.extend([b.as_fd(), a.as_fd()]);
    assert_eq!(set.len(), 2);
    assert!((&set).into_iter().all(|fd| [a.as_raw_fd(), b.as_raw_fd()].contains(&fd.as_raw_fd())));
    Ok(())
}

/// The system call has one length for all three sets.
fn sets_may_differ_in_length() -> Run {
    let (_limit, _) = Descriptors::raise(3000, 3000)?;
    let (a, _b) = pairs::ready();
    let high = pairs::numbered(&a, 2500)?;
    for (read, write) in [(a.as_fd(), high.as_fd()), (high.as_fd(), a.as_fd())] {
        let (mut reads, mut writes) = (FdSet::from_iter([read]), FdSet::from_iter([write]));
        let mut nothing = FdSet::new();
        assert_eq!(
            select(Some(&mut reads), Some(&mut writes), Some(&mut nothing), Timeout::ZERO).unwrap(),
            2
        );
        assert_eq!((numbers(&reads), numbers(&writes)), (vec![read.as_raw_fd()], vec![write.as_raw_fd()]));
        assert!(nothing.is_empty() && !nothing.contains(high.as_fd()));
    }
    Ok(())
}

/// A set holds more than the 1024 descriptors of C's `fd_set`, each with its own answer.
fn thousands_of_descriptors_in_one_set() -> Run {
    let (_limit, most) = Descriptors::raise(1500, 4000)?;
    let (a, b) = pairs::ready();
    let fds: Vec<_> = (0..most - 10)
        .map(|index| if index % 3 == 0 { &a } else { &b }.as_fd().try_clone_to_owned().unwrap())
        .collect();
    let ready: BTreeMap<_, _> =
        fds.iter().enumerate().map(|(index, fd)| (fd.as_raw_fd(), index % 3 == 0)).collect();
    let mut set: FdSet = fds.iter().map(|fd| fd.as_fd()).collect();
    assert_eq!(set.len(), fds.len());
    let expected: Vec<_> = ready.iter().filter(|&(_, ready)| *ready).map(|(&number, _)| number).collect();
    assert_eq!(select(Some(&mut set), None, None, Timeout::ZERO).unwrap(), expected.len());
    assert_eq!(numbers(&set), expected);
    Ok(())
}
