//! Tags that a back end reports without cause, late, or twice.

use conformance::{
    BOTH, Call, Control, MockBackend, READ, Run, Stream, WAIT, WRITE, assert_idle, assert_list, assert_ready,
    now, pairs,
};
use selectors::backend::{Backend, Tag};
use selectors::{Mode, Readiness, Ready, Selector};
use std::io::Write;

conformance::scenarios!(forged_tags:
    forged_tags_find_nothing,
    the_tag_of_an_unregistered_key_finds_nothing,
    late_tags_of_reused_slots_find_nothing,
    reports_of_one_key_are_merged,
    interleaved_reports_of_two_keys_are_merged,
    reports_of_many_keys_are_merged_in_any_order,
    a_thousand_reports_make_one_entry,
    reports_of_one_wait_do_not_reach_the_next,
    only_the_interest_of_a_key_is_reported,
    a_paused_key_is_not_reported,
    a_spent_key_is_not_reported,
    a_one_shot_key_takes_all_reports_of_its_wait,
    a_rearmed_key_is_reported,
    the_tag_of_an_earlier_arming_finds_nothing,
    repeated_reports_of_the_waker_are_one_wake,
);

fn forged_tags_find_nothing<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, READ, ()).unwrap();
    let real = control.take_tag().to_u64();
    let near = (0..64).map(|bit| real ^ 1 << bit);
    let far = [0, 2, 1 << 32, 1 << 32 | 1, 5 << 32, 1 << 63, u64::MAX << 32 | 1, u64::MAX, u64::MAX - 1];
    let forged = near.chain(far).filter(|bits| *bits != real);
    let forged: Vec<_> = forged.map(|bits| (Tag::from_u64(bits), Readiness::all())).collect();
    for reports in forged.chunks(1).chain([&forged[..]]) {
        control.inject(reports.iter().copied());
        let ready = now(&mut selector);
        assert!(ready.is_empty() && !ready.woken(), "{reports:?}: {ready:?}");
    }
    assert!(selector.keys().len() == 1 && selector.key(token).is_some());
    Ok(())
}

fn the_tag_of_an_unregistered_key_finds_nothing<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    selector.register(&a, READ, ()).unwrap();
    let old = control.take_tag();
    selector.unregister(&a).unwrap();
    control.inject([(old, Readiness::READ)]);
    assert_idle(&mut selector);
    // Nor does it find the next key in the same slot.
    let token = selector.register(&a, READ, ()).unwrap();
    let new = control.take_tag();
    assert_ne!(old, new);
    control.inject([(old, Readiness::READ)]);
    assert_idle(&mut selector);
    control.inject([(old, Readiness::ERROR), (new, Readiness::READ), (old, Readiness::ERROR)]);
    assert_eq!(now(&mut selector).get(token), Some(Readiness::READ));
    Ok(())
}

/// Late tags are reported once and twice, and so are tags that were never registered.
fn late_tags_of_reused_slots_find_nothing<B: Backend>() -> Run {
    let files: Vec<_> = (0..20).map(|_| pairs::streams()).collect();
    let (mut selector, control) = MockBackend::<B>::selector();
    let register = |selector: &mut Selector<_, _>, at: usize| {
        let token = selector.register(&files[at].0, READ, ()).unwrap();
        (token, control.take_tag())
    };
    let old: Vec<_> = (0..20).map(|at| register(&mut selector, at)).collect();
    let old_tags: Vec<_> = old.iter().map(|&(_, tag)| tag).collect();
    for &(token, _) in &old {
        selector.unregister(token).unwrap();
    }
    let all = |tags: &[Tag]| tags.iter().map(|tag| (*tag, Readiness::all())).collect::<Vec<_>>();
    let unknown: Vec<_> = old_tags.iter().map(|tag| Tag::from_u64(tag.to_u64() ^ 1 << 31)).collect();
    // No slot is used again, then some in another order, then all.
    for count in [0, 7, 20] {
        let new: Vec<_> = (0..count).rev().map(|at| register(&mut selector, at)).collect();
        for late in [all(&old_tags), all(&unknown), [all(&old_tags), all(&old_tags)].concat()] {
            control.inject(late.iter().copied());
            assert_idle(&mut selector);
            // Among them, tags of registered keys are found.
            for &(token, tag) in &new {
                control.inject(late.iter().copied());
                control.inject([(tag, Readiness::READ)]);
                control.inject(late.iter().copied());
                assert_eq!(now(&mut selector).iter().collect::<Vec<_>>(), [(token, Readiness::READ)]);
            }
        }
        for (token, _) in new {
            selector.unregister(token).unwrap();
        }
    }
    Ok(())
}

fn reports_of_one_key_are_merged<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, BOTH, ()).unwrap();
    let tag = control.take_tag();
    // The inner back end reports once that the socket is writable.
    control.inject([(tag, Readiness::READ), (tag, Readiness::READ_CLOSED), (tag, Readiness::READ)]);
    let ready = now(&mut selector);
    assert_eq!(ready.len(), 1);
    assert_eq!(ready.get(token), Some(Readiness::READ | Readiness::WRITE | Readiness::READ_CLOSED));
    Ok(())
}

fn interleaved_reports_of_two_keys_are_merged<B: Backend>() -> Run {
    let ((a, _a), (b, _b)) = (pairs::streams(), pairs::streams());
    let (mut selector, control) = MockBackend::<B>::selector();
    let first = selector.register(&a, BOTH, ()).unwrap();
    let tag = control.take_tag();
    let second = selector.register(&b, READ, ()).unwrap();
    let other = control.take_tag();
    control.silence();
    for _ in 0..2 {
        control.inject([
            (tag, Readiness::READ),
            (other, Readiness::READ),
            (tag, Readiness::WRITE),
            (tag, Readiness::READ_CLOSED),
            (other, Readiness::READ),
        ]);
        let ready = now(&mut selector);
        assert_eq!(ready.len(), 2);
        assert_eq!(ready.get(first), Some(Readiness::READ | Readiness::WRITE | Readiness::READ_CLOSED));
        assert_eq!(ready.get(second), Some(Readiness::READ));
    }
    Ok(())
}

fn reports_of_many_keys_are_merged_in_any_order<B: Backend>() -> Run {
    let files: Vec<_> = (0..4).map(|_| pairs::streams()).collect();
    let (mut selector, control) = MockBackend::<B>::selector();
    control.silence();
    let keys: Vec<_> =
        files.iter().map(|(a, _)| (selector.register(a, BOTH, ()).unwrap(), control.take_tag())).collect();
    let report = |at: usize, readiness| (keys[at].1, readiness);
    // Each wait reports other keys, in another order than the wait before.
    for order in [&[0, 1, 2, 3][..], &[3, 2, 1, 0], &[2], &[1, 2], &[0, 3, 2, 1], &[3], &[1, 0]] {
        control.inject(order.iter().map(|&at| report(at, Readiness::READ)));
        control.inject(order.iter().rev().filter(|&&at| at % 2 == 0).map(|&at| report(at, Readiness::WRITE)));
        let expected = |&at: &usize| (keys[at].0, if at % 2 == 0 { BOTH } else { READ });
        assert_ready(&mut selector, order.iter().map(expected));
    }
    Ok(())
}

fn a_thousand_reports_make_one_entry<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, READ, ()).unwrap();
    let tag = control.take_tag();
    control.inject((0..1000).map(|_| (tag, Readiness::READ)));
    let mut ready = Ready::with_capacity(1);
    assert_eq!(selector.select_into(&mut ready, WAIT).unwrap(), 1);
    assert_list(&ready, [(token, READ)]);
    Ok(())
}

fn reports_of_one_wait_do_not_reach_the_next<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, BOTH, ()).unwrap();
    control.silence();
    let tag = control.take_tag();
    let mut ready = Ready::new();
    for readiness in [Readiness::all(), Readiness::WRITE, Readiness::READ | Readiness::ERROR] {
        control.inject([(tag, readiness)]);
        selector.select_into(&mut ready, WAIT).unwrap();
        assert_eq!(ready.get(token), Some(readiness - Readiness::PRIORITY));
    }
    Ok(())
}

fn only_the_interest_of_a_key_is_reported<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, READ, ()).unwrap();
    let tag = control.take_tag();
    control.inject([
        (tag, Readiness::WRITE),
        (tag, Readiness::WRITE | Readiness::PRIORITY),
        (tag, Readiness::empty()),
    ]);
    assert_idle(&mut selector);
    for reports in [[Readiness::READ, Readiness::WRITE], [Readiness::WRITE, Readiness::READ]] {
        control.inject(reports.map(|readiness| (tag, readiness)));
        assert_eq!(now(&mut selector).get(token), Some(Readiness::READ));
    }
    control.inject([(tag, Readiness::WRITE | Readiness::PRIORITY | Readiness::READ | Readiness::ERROR)]);
    assert_eq!(now(&mut selector).get(token), Some(Readiness::READ | Readiness::ERROR));
    // Hints are reported without being requested.
    let rest = Readiness::READ_CLOSED | Readiness::WRITE_CLOSED | Readiness::ERROR;
    control.inject([(tag, Readiness::all())]);
    assert_eq!(now(&mut selector).get(token), Some(Readiness::READ | rest));
    Ok(())
}

fn a_paused_key_is_not_reported<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, WRITE, ()).unwrap();
    let tag = control.take_tag();
    selector.pause(token).unwrap();
    control.inject([(tag, Readiness::all()), (tag, Readiness::WRITE)]);
    assert_idle(&mut selector);
    assert!(selector.key(token).unwrap().is_paused());
    selector.rearm(token).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

fn a_spent_key_is_not_reported<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register_with(&a, BOTH, Mode::Oneshot, ()).unwrap();
    let tag = control.take_tag();
    control.silence();
    control.inject([(tag, Readiness::READ)]);
    assert_eq!(now(&mut selector).get(token), Some(Readiness::READ));
    for _ in 0..2 {
        control.inject([(tag, Readiness::all()), (tag, Readiness::WRITE)]);
        assert_idle(&mut selector);
    }
    assert!(!selector.key(token).unwrap().is_armed());
    Ok(())
}

fn a_one_shot_key_takes_all_reports_of_its_wait<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register_with(&a, BOTH, Mode::Oneshot, ()).unwrap();
    let tag = control.take_tag();
    control.silence();
    control.inject([(tag, Readiness::READ), (tag, Readiness::WRITE), (tag, Readiness::ERROR)]);
    let ready = now(&mut selector);
    let expected = Readiness::READ | Readiness::WRITE | Readiness::ERROR;
    assert_eq!((ready.len(), ready.get(token)), (1, Some(expected)));
    assert!(!selector.key(token).unwrap().is_armed());
    Ok(())
}

fn a_rearmed_key_is_reported<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register_with(&a, READ, Mode::Oneshot, ()).unwrap();
    for _ in 0..3 {
        let tag = control.take_tag();
        // A report outside of the interest does not spend the key.
        control.inject([(tag, Readiness::WRITE)]);
        assert_idle(&mut selector);
        assert!(selector.key(token).unwrap().is_armed());
        control.inject([(tag, Readiness::READ)]);
        assert_eq!(now(&mut selector).len(), 1);
        selector.rearm(token).unwrap();
    }
    Ok(())
}

/// Makes the waker, and returns its tag.
fn wakers_tag<B: Backend>(selector: &mut Selector<MockBackend<B>, &Stream>, control: &Control) -> Tag {
    control.clear_calls();
    drop(selector.waker().unwrap());
    match control.take_calls()[..] {
        [Call::Add(_, tag, READ, _)] => tag,
        ref calls => panic!("{calls:?}"),
    }
}

fn repeated_reports_of_the_waker_are_one_wake<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let tag = wakers_tag(&mut selector, &control);
    let waker = selector.waker().unwrap();
    let token = selector.register(&a, READ, ()).unwrap();
    b.write_all(b"x").unwrap();
    waker.wake().unwrap();
    control.inject([(tag, Readiness::READ), (tag, Readiness::all()), (tag, Readiness::empty())]);
    let ready = now(&mut selector);
    assert!(ready.woken());
    assert_list(&ready, [(token, READ)]);
    Ok(())
}

/// Another thread may have got the event from the kernel before the change.
fn the_tag_of_an_earlier_arming_finds_nothing<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register_with(&a, READ, Mode::Oneshot, ()).unwrap();
    for change in 0..4 {
        let tag = control.take_tag();
        match change {
            0 => selector.rearm(token).unwrap(),
            1 => selector.modify_with(token, READ, Mode::Level).unwrap(),
            2 => selector.modify_with(token, READ, Mode::Oneshot).unwrap(),
            _ => selector.pause(token).and_then(|()| selector.rearm(token)).unwrap(),
        }
        control.inject([(tag, Readiness::READ)]);
        assert_idle(&mut selector);
    }
    Ok(())
}
