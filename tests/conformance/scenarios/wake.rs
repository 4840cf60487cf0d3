//! Wakers: how a wake is reported, and when.

use conformance::{
    Call, MockBackend, READ, Run, Stream, WAIT, WRITE, assert_idle, assert_list, assert_ready,
    assert_times_out, now, pairs, wait_woken,
};
use selectors::backend::Backend;
use selectors::{Mode, Readiness, Ready, Selector};
use std::io::Write;
use std::time::Duration;

conformance::scenarios!(wake:
    a_wake_before_the_wait_ends_it_once,
    a_selector_without_keys_can_be_woken,
    several_wakes_are_one,
    a_wake_has_no_entry,
    a_wake_is_reported_beside_a_ready_key,
    the_wait_after_a_wake_takes_its_time,
    clones_wake_the_same_selector,
    a_dropped_waker_leaves_its_wake,
    each_selector_has_its_own_wakers,
    waking_a_dropped_selector_does_nothing,
    wakes_work_while_keys_come_and_go,
    a_false_report_of_the_waker_loses_no_wake,
);

pub(super) type Streams<B> = Selector<B, Stream>;

fn a_wake_before_the_wait_ends_it_once<B: Backend>() -> Run {
    let mut selector = Streams::<B>::new().unwrap();
    let (reader, _writer) = pairs::streams();
    selector.register(reader, READ, ()).unwrap();
    let waker = selector.waker().unwrap();
    assert_idle(&mut selector);
    for _ in 0..3 {
        waker.wake().unwrap();
        wait_woken(&mut selector);
        for _ in 0..3 {
            assert_idle(&mut selector);
        }
    }
    Ok(())
}

fn a_selector_without_keys_can_be_woken<B: Backend>() -> Run {
    let mut selector = Streams::<B>::new().unwrap();
    selector.waker().unwrap().wake().unwrap();
    let ready = selector.select(None).unwrap();
    assert!(ready.woken() && ready.is_empty());
    assert!(selector.keys().is_empty());
    Ok(())
}

fn several_wakes_are_one<B: Backend>() -> Run {
    let mut selector = Streams::<B>::new().unwrap();
    let waker = selector.waker().unwrap();
    for _ in 0..3 {
        for _ in 0..1000 {
            waker.wake().unwrap();
        }
        wait_woken(&mut selector);
        assert_idle(&mut selector);
    }
    Ok(())
}

fn a_wake_has_no_entry<B: Backend>() -> Run {
    let mut selector = Streams::<B>::new().unwrap();
    selector.waker().unwrap().wake().unwrap();
    let mut ready = Ready::new();
    assert_eq!(selector.select_into(&mut ready, WAIT).unwrap(), 0);
    assert!(ready.woken());
    assert_eq!((ready.len(), ready.iter().count(), ready.clone().into_iter().count()), (0, 0, 0));
    assert_eq!((selector.keys().len(), selector.iter_mut().count()), (0, 0));
    assert_eq!(selector.into_keys().count(), 0);
    Ok(())
}

fn a_wake_is_reported_beside_a_ready_key<B: Backend>() -> Run {
    let mut selector = Streams::<B>::new().unwrap();
    let (_reader, writer) = pairs::streams();
    let waker = selector.waker().unwrap();
    let token = selector.register(writer, WRITE, ()).unwrap();
    for wakes in [0, 1, 2, 0] {
        for _ in 0..wakes {
            waker.wake().unwrap();
        }
        let ready = selector.select(WAIT).unwrap();
        assert_eq!((ready.woken(), ready.len()), (wakes > 0, 1));
        assert_list(&ready, [(token, WRITE)]);
    }
    Ok(())
}

fn the_wait_after_a_wake_takes_its_time<B: Backend>() -> Run {
    let mut selector = Streams::<B>::new().unwrap();
    let waker = selector.waker().unwrap();
    waker.wake().unwrap();
    wait_woken(&mut selector);
    assert_times_out(&mut selector, Duration::from_micros(5500));
    Ok(())
}

fn clones_wake_the_same_selector<B: Backend>() -> Run {
    let mut selector = Streams::<B>::new().unwrap();
    let first = selector.waker().unwrap();
    let wakers = [first.clone(), selector.waker().unwrap(), first];
    for waker in &wakers {
        waker.wake().unwrap();
        wait_woken(&mut selector);
    }
    for waker in &wakers {
        waker.wake().unwrap();
    }
    wait_woken(&mut selector);
    assert_idle(&mut selector);
    Ok(())
}

/// A selector works without a waker, and is woken by one that was dropped since.
fn a_dropped_waker_leaves_its_wake<B: Backend>() -> Run {
    let mut selector = Streams::<B>::new().unwrap();
    let (reader, mut writer) = pairs::streams();
    let token = selector.register(reader, READ, ()).unwrap();
    drop(selector.waker().unwrap());
    assert_idle(&mut selector);
    selector.waker().unwrap().wake().unwrap();
    wait_woken(&mut selector);
    writer.write_all(b"x").unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn each_selector_has_its_own_wakers<B: Backend>() -> Run {
    let (mut one, mut other) = (Streams::<B>::new().unwrap(), Streams::<B>::new().unwrap());
    let (of_one, of_other) = (one.waker().unwrap(), other.waker().unwrap());
    of_one.wake().unwrap();
    assert_idle(&mut other);
    wait_woken(&mut one);
    of_other.wake().unwrap();
    assert_idle(&mut one);
    wait_woken(&mut other);
    Ok(())
}

fn waking_a_dropped_selector_does_nothing<B: Backend>() -> Run {
    let mut selector = Streams::<B>::new().unwrap();
    let waker = selector.waker().unwrap();
    waker.wake().unwrap();
    drop(selector);
    for _ in 0..3 {
        waker.wake().unwrap();
        waker.clone().wake().unwrap();
    }
    let mut selector = Streams::<B>::new().unwrap();
    let waker = selector.waker().unwrap();
    drop(selector.into_keys());
    waker.wake().unwrap();
    // The descriptors of the dropped waker may be reused here. The old wakers must not write to them.
    let mut another = Streams::<B>::new().unwrap();
    let (reader, _writer) = pairs::streams();
    another.register(reader, READ, ()).unwrap();
    waker.wake().unwrap();
    assert_idle(&mut another);
    Ok(())
}

fn wakes_work_while_keys_come_and_go<B: Backend>() -> Run {
    let mut selector = Streams::<B>::new().unwrap();
    let waker = selector.waker().unwrap();
    let pairs: Vec<_> = (0..20).map(|_| pairs::streams()).collect();
    for (reader, mut writer) in pairs {
        let token = selector.register(reader, READ, ()).unwrap();
        writer.write_all(b"x").unwrap();
        waker.wake().unwrap();
        let ready = selector.select(WAIT).unwrap();
        assert!(ready.woken());
        assert_list(&ready, [(token, READ)]);
        selector.unregister(token).unwrap();
        waker.wake().unwrap();
        wait_woken(&mut selector);
    }
    Ok(())
}

/// A back end may report the waker without cause. Later wakes are reported all the same.
fn a_false_report_of_the_waker_loses_no_wake<B: Backend>() -> Run {
    let (mut selector, control) = MockBackend::<B>::selector::<Stream, ()>();
    let waker = selector.waker().unwrap();
    let Some(Call::Add(_, tag, interest, mode)) = control.take_calls().pop() else {
        panic!("nothing was added")
    };
    assert!(interest == READ && mode != Mode::Oneshot);
    for wakes in [0, 1, 0, 2] {
        for _ in 0..wakes {
            waker.wake().unwrap();
        }
        control.inject([(tag, Readiness::READ), (tag, Readiness::READ)]);
        let ready = now(&mut selector);
        assert!(ready.is_empty() && ready.woken() == (wakes > 0));
        assert_idle(&mut selector);
        waker.wake().unwrap();
        wait_woken(&mut selector);
    }
    // A selector without a waker.
    let (mut other, control) = MockBackend::<B>::selector::<Stream, ()>();
    control.inject([(tag, Readiness::READ)]);
    assert_idle(&mut other);
    Ok(())
}
