//! Back ends that lie, interests that do not exist, lists that another selector filled: nothing comes of them.

use conformance::{Call, Puppet, Run, Stream, Strings, WAIT, interests, now, pairs, soon};
use selectors::backend::{Backend, Tag};
use selectors::sys::fd::{AsFd, AsRawFd};
use selectors::{Error, Interest, Mode, Readiness, Ready, Selector};
use std::io::Write;
use std::time::Duration;

conformance::scenarios!(traps:
    forged_tags_find_nothing,
    the_tag_of_an_ended_registration_finds_nothing,
    the_tag_of_an_ended_registration_does_not_find_its_successor,
    reports_of_one_key_are_merged,
    reports_of_many_keys_are_merged_in_any_order,
    a_thousand_reports_are_one_entry,
    what_is_merged_in_one_wait_is_forgotten_in_the_next,
    what_was_not_asked_for_is_not_reported,
    a_paused_key_is_not_reported,
    a_spent_key_is_not_reported,
    a_spent_key_takes_all_reports_of_its_wait,
    a_rearmed_key_is_reported,
    the_wakers_tag_without_a_waker,
    the_wakers_tag_without_a_wake,
    the_wakers_tag_often,
    unknown_interests_never_reach_the_back_end,
    a_list_names_the_keys_of_the_last_wait,
);

const BOTH: Interest = Interest::READ.union(Interest::WRITE);

/// The tag that a back end was given for this descriptor last.
fn tag(strings: &Strings, file: impl AsFd) -> Tag {
    let number = file.as_fd().as_raw_fd();
    let added = |call| match call {
        Call::Add(fd, tag, ..) if fd == number => Some(tag),
        _ => None,
    };
    strings.calls().into_iter().filter_map(added).next_back().unwrap()
}

fn forged_tags_find_nothing<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register(&a, Interest::READ, ()).unwrap();
    let real = tag(&strings, &a).to_u64();
    let near = (0..64).map(|bit| real ^ 1 << bit);
    let far = [0, 2, 1 << 32, 1 << 32 | 1, 5 << 32, 1 << 63, u64::MAX << 32 | 1, u64::MAX, u64::MAX - 1];
    let forged: Vec<_> = near.chain(far).map(|bits| (Tag::from_u64(bits), Readiness::all())).collect();
    for reports in forged.chunks(1).chain([&forged[..]]) {
        strings.lie(reports.iter().copied());
        let ready = now(&mut selector);
        assert!(ready.is_empty() && !ready.woken(), "{reports:?}: {ready:?}");
    }
    assert!(selector.keys().len() == 1 && selector.key(token).is_some());
    Ok(())
}

fn the_tag_of_an_ended_registration_finds_nothing<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    selector.register(&a, Interest::READ, ()).unwrap();
    let old = tag(&strings, &a);
    selector.unregister(&a).unwrap();
    strings.lie([(old, Readiness::READ)]);
    assert!(now(&mut selector).is_empty());
    Ok(())
}

fn the_tag_of_an_ended_registration_does_not_find_its_successor<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    selector.register(&a, Interest::READ, ()).unwrap();
    let old = tag(&strings, &a);
    selector.unregister(&a).unwrap();
    let token = selector.register(&a, Interest::READ, ()).unwrap();
    let new = tag(&strings, &a);
    assert_ne!(old, new);
    strings.lie([(old, Readiness::READ)]);
    assert!(now(&mut selector).is_empty());
    strings.lie([(old, Readiness::ERROR), (new, Readiness::READ), (old, Readiness::ERROR)]);
    assert_eq!(now(&mut selector).get(token), Some(Readiness::READ));
    Ok(())
}

fn reports_of_one_key_are_merged<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register(&a, BOTH, ()).unwrap();
    let tag = tag(&strings, &a);
    // The real back end reports that it is writable, once.
    strings.lie([(tag, Readiness::READ), (tag, Readiness::READ_CLOSED), (tag, Readiness::READ)]);
    let ready = now(&mut selector);
    assert_eq!(ready.len(), 1);
    assert_eq!(ready.get(token), Some(Readiness::READ | Readiness::WRITE | Readiness::READ_CLOSED));
    Ok(())
}

fn reports_of_many_keys_are_merged_in_any_order<B: Backend>() -> Run {
    let files: Vec<_> = (0..4).map(|_| pairs::streams()).collect();
    let (mut selector, strings) = Puppet::<B>::selector();
    strings.silence();
    let keys: Vec<_> =
        files.iter().map(|(a, _)| (selector.register(a, BOTH, ()).unwrap(), tag(&strings, a))).collect();
    let report = |at: usize, readiness| (keys[at].1, readiness);
    // In each wait other keys are reported, at other places in the list than in the one before.
    for order in [&[0, 1, 2, 3][..], &[3, 2, 1, 0], &[2], &[1, 2], &[0, 3, 2, 1], &[3], &[1, 0]] {
        strings.lie(order.iter().map(|&at| report(at, Readiness::READ)));
        strings.lie(order.iter().rev().filter(|&&at| at % 2 == 0).map(|&at| report(at, Readiness::WRITE)));
        let expected = |&at: &usize| (keys[at].0, if at % 2 == 0 { BOTH } else { Interest::READ });
        assert_eq!(interests(&now(&mut selector)), order.iter().map(expected).collect());
    }
    Ok(())
}

fn a_thousand_reports_are_one_entry<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register(&a, Interest::READ, ()).unwrap();
    let tag = tag(&strings, &a);
    strings.lie((0..1000).map(|_| (tag, Readiness::READ)));
    let mut ready = Ready::with_capacity(1);
    assert_eq!(selector.select_into(&mut ready, WAIT).unwrap(), 1);
    assert_eq!(interests(&ready), [(token, Interest::READ)].into());
    Ok(())
}

fn what_is_merged_in_one_wait_is_forgotten_in_the_next<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register(&a, BOTH, ()).unwrap();
    strings.silence();
    let tag = tag(&strings, &a);
    let mut ready = Ready::new();
    for readiness in [Readiness::all(), Readiness::WRITE, Readiness::READ | Readiness::ERROR] {
        strings.lie([(tag, readiness)]);
        selector.select_into(&mut ready, WAIT).unwrap();
        assert_eq!(ready.get(token), Some(readiness - Readiness::PRIORITY));
    }
    Ok(())
}

fn what_was_not_asked_for_is_not_reported<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register(&a, Interest::READ, ()).unwrap();
    let tag = tag(&strings, &a);
    strings.lie([
        (tag, Readiness::WRITE),
        (tag, Readiness::WRITE | Readiness::PRIORITY),
        (tag, Readiness::empty()),
    ]);
    assert!(now(&mut selector).is_empty());
    strings.lie([(tag, Readiness::READ), (tag, Readiness::WRITE)]);
    assert_eq!(now(&mut selector).get(token), Some(Readiness::READ));
    // The rest is not asked for, but told.
    let rest = Readiness::READ_CLOSED | Readiness::WRITE_CLOSED | Readiness::ERROR;
    strings.lie([(tag, Readiness::all())]);
    assert_eq!(now(&mut selector).get(token), Some(Readiness::READ | rest));
    Ok(())
}

fn a_paused_key_is_not_reported<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register(&a, Interest::WRITE, ()).unwrap();
    let tag = tag(&strings, &a);
    selector.pause(token).unwrap();
    strings.lie([(tag, Readiness::all()), (tag, Readiness::WRITE)]);
    assert!(now(&mut selector).is_empty());
    assert!(selector.key(token).unwrap().is_paused());
    selector.rearm(token).unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, Interest::WRITE)].into());
    Ok(())
}

fn a_spent_key_is_not_reported<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register_with(&a, BOTH, Mode::Oneshot, ()).unwrap();
    let tag = tag(&strings, &a);
    strings.silence();
    strings.lie([(tag, Readiness::READ)]);
    assert_eq!(now(&mut selector).get(token), Some(Readiness::READ));
    for _ in 0..2 {
        strings.lie([(tag, Readiness::all()), (tag, Readiness::WRITE)]);
        assert!(now(&mut selector).is_empty());
    }
    assert!(!selector.key(token).unwrap().is_armed());
    Ok(())
}

fn a_spent_key_takes_all_reports_of_its_wait<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register_with(&a, BOTH, Mode::Oneshot, ()).unwrap();
    let tag = tag(&strings, &a);
    strings.silence();
    strings.lie([(tag, Readiness::READ), (tag, Readiness::WRITE), (tag, Readiness::ERROR)]);
    let ready = now(&mut selector);
    assert_eq!((ready.len(), ready.get(token)), (1, Some(Readiness::all() & !unreported())));
    Ok(())
}

fn unreported() -> Readiness {
    Readiness::PRIORITY | Readiness::READ_CLOSED | Readiness::WRITE_CLOSED
}

fn a_rearmed_key_is_reported<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register_with(&a, Interest::READ, Mode::Oneshot, ()).unwrap();
    let tag = tag(&strings, &a);
    for _ in 0..3 {
        // A report of what was not asked for does not spend it.
        strings.lie([(tag, Readiness::WRITE)]);
        assert!(now(&mut selector).is_empty());
        assert!(selector.key(token).unwrap().is_armed());
        strings.lie([(tag, Readiness::READ)]);
        assert_eq!(now(&mut selector).len(), 1);
        selector.rearm(token).unwrap();
    }
    Ok(())
}

/// The tag of the waker, which is made here, and is nobody else's.
fn wakers_tag<B: Backend>(selector: &mut Selector<Puppet<B>, &Stream>, strings: &Strings) -> Tag {
    strings.calls();
    drop(selector.waker().unwrap());
    match strings.calls()[..] {
        [Call::Add(_, tag, Interest::READ, _)] => tag,
        ref calls => panic!("{calls:?}"),
    }
}

fn the_wakers_tag_without_a_waker<B: Backend>() -> Run {
    let (mut other, other_strings) = Puppet::<B>::selector();
    let tag = wakers_tag(&mut other, &other_strings);
    let (mut selector, strings) = Puppet::<B>::selector::<&Stream, ()>();
    strings.lie([(tag, Readiness::READ)]);
    let ready = now(&mut selector);
    assert!(ready.is_empty() && !ready.woken());
    Ok(())
}

fn the_wakers_tag_without_a_wake<B: Backend>() -> Run {
    let (mut selector, strings) = Puppet::<B>::selector();
    let tag = wakers_tag(&mut selector, &strings);
    let waker = selector.waker().unwrap();
    // A wake too many is allowed, waiting for one that never was is not, nor is one lost thereafter.
    strings.lie([(tag, Readiness::READ)]);
    assert!(selector.select(WAIT).unwrap().is_empty());
    for _ in 0..3 {
        waker.wake().unwrap();
        assert!(soon(&mut selector).woken());
        assert!(!now(&mut selector).woken());
    }
    Ok(())
}

fn the_wakers_tag_often<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let tag = wakers_tag(&mut selector, &strings);
    let waker = selector.waker().unwrap();
    let token = selector.register(&a, Interest::READ, ()).unwrap();
    b.write_all(b"x").unwrap();
    waker.wake().unwrap();
    strings.lie([(tag, Readiness::READ), (tag, Readiness::all()), (tag, Readiness::empty())]);
    let ready = now(&mut selector);
    assert!(ready.woken());
    assert_eq!(interests(&ready), [(token, Interest::READ)].into());
    Ok(())
}

fn unknown_interests_never_reach_the_back_end<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let (mut selector, strings) = Puppet::<B>::selector();
    let token = selector.register(&a, Interest::READ, 1).unwrap();
    strings.calls();
    for bits in [0, 8, 1 | 8, 7 | 128, 255] {
        let interest = Interest::from_bits_retain(bits);
        let rejected = selector.register(&b, interest, 2).unwrap_err();
        assert!(matches!(rejected.error, Error::InvalidInterest(named) if named == interest));
        assert!(std::ptr::eq(rejected.fileobj, &raw const b) && rejected.data == 2);
        let error = selector.modify(token, interest).unwrap_err();
        assert!(matches!(error, Error::InvalidInterest(named) if named == interest));
        let error = selector.modify_with(token, interest, Mode::Oneshot).unwrap_err();
        assert!(matches!(error, Error::InvalidInterest(named) if named == interest));
    }
    assert_eq!(strings.calls(), []);
    let key = selector.key(token).unwrap();
    assert_eq!((selector.keys().len(), key.interest(), key.mode()), (1, Interest::READ, Mode::Level));
    Ok(())
}

fn a_list_names_the_keys_of_the_last_wait<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let (mut one, mut two) = (Selector::<B, _>::new().unwrap(), Selector::<B, _>::new().unwrap());
    let first = one.register(&a, Interest::WRITE, ()).unwrap();
    let second = two.register(&b, Interest::WRITE, ()).unwrap();
    let waker = one.waker().unwrap();
    let mut ready = Ready::new();
    for _ in 0..2 {
        waker.wake().unwrap();
        one.select_into(&mut ready, Duration::ZERO).unwrap();
        assert_eq!((interests(&ready), ready.woken()), ([(first, Interest::WRITE)].into(), true));
        two.select_into(&mut ready, Duration::ZERO).unwrap();
        assert_eq!((interests(&ready), ready.woken()), ([(second, Interest::WRITE)].into(), false));
    }
    Ok(())
}
