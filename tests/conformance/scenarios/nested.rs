//! A selector inside another one, registered by a duplicate of its descriptor.

use conformance::{
    NotRun, READ, Run, Stream, WRITE, assert_idle, assert_ready, in_child, now, pairs, soon, stdin,
    wait_ready, when_asleep,
};
use selectors::backend::{AnyBackend, Backend, DefaultBackend, Poll, Select};
use selectors::sys::fd::{AsFd, OwnedFd};
use selectors::{DefaultSelector, Error, Mode, Selector};
use std::collections::BTreeSet;
use std::io::{Read, Write};

conformance::scenarios!(nested:
    the_outer_reports_a_ready_inner,
    every_kind_of_outer_reports_a_ready_inner,
    the_outer_wait_ends_when_the_inner_becomes_ready,
    a_wake_of_the_inner_is_reported_by_the_outer,
    a_wake_of_the_outer_does_not_reach_the_inner,
    keys_that_are_registered_later_count,
    unregistered_and_paused_keys_do_not_count,
    each_of_many_inner_selectors_is_reported,
    three_levels_of_selectors_work,
    an_unregistered_inner_still_works,
    a_dropped_inner_is_not_reported,
    a_key_whose_descriptor_became_the_selector_can_be_unregistered,
);

/// Returns a duplicate of the selector's own descriptor.
fn duplicate<B: Backend, F: AsFd, D>(selector: &Selector<B, F, D>) -> Result<OwnedFd, NotRun> {
    let fd = selector.backend().fd().ok_or_else(|| NotRun::because("this back end has no descriptor"))?;
    Ok(fd.try_clone_to_owned().unwrap())
}

/// A default selector with one socket, registered in a selector over `B`, and the peer of the socket.
struct Nest<B> {
    outer: Selector<B, OwnedFd>,
    inner: DefaultSelector<Stream>,
    peer: Stream,
}

impl<B: Backend> Nest<B> {
    fn new() -> Result<Self, NotRun> {
        let (a, peer) = pairs::streams();
        let mut inner = DefaultSelector::new().unwrap();
        inner.register(a, READ, ()).unwrap();
        let mut outer = Selector::new().unwrap();
        outer.register(duplicate(&inner)?, READ, ()).unwrap();
        Ok(Self { outer, inner, peer })
    }

    /// Waits, and asserts that the outer selector reports the inner one. It may take a moment: on FreeBSD a thread of the
    /// kernel passes events from one queue to another (`kqueue_task` in `sys/kern/kern_event.c`).
    fn wait_for_inner(&mut self) {
        let found = soon(&mut self.outer);
        assert!(found.iter().all(|(_, readiness)| readiness.interest() == READ), "{found:?}");
    }

    /// Returns whether the outer selector reports the inner one now.
    fn reports_inner(&mut self) -> bool {
        let found = now(&mut self.outer);
        assert!(found.iter().all(|(_, readiness)| readiness.interest() == READ), "{found:?}");
        found.len() == 1
    }
}

fn the_outer_reports_a_ready_inner<B: Backend>() -> Run {
    let mut nest = Nest::<B>::new()?;
    assert!(!nest.reports_inner());
    nest.peer.write_all(b"x").unwrap();
    nest.wait_for_inner();
    // Both levels are level-triggered, so it is reported until the data is read.
    let ready = soon(&mut nest.inner);
    let (token, _) = ready.iter().next().unwrap();
    nest.wait_for_inner();
    let mut stream = nest.inner.fileobj(token).unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 1);
    // The inner one first: on the BSDs a queue stays readable until a wait finds that its events have ended.
    assert_idle(&mut nest.inner);
    assert!(!nest.reports_inner());
    Ok(())
}

fn every_kind_of_outer_reports_a_ready_inner<B: Backend>() -> Run {
    fn check<O: Backend>(inner: OwnedFd) {
        let mut outer = Selector::<O, _>::new().unwrap();
        let token = outer.register(inner, READ, ()).unwrap();
        assert_ready(&mut outer, [(token, READ)]);
    }
    let (a, mut b) = pairs::streams();
    let mut inner = Selector::<B, _>::new().unwrap();
    inner.register(&a, READ, ()).unwrap();
    b.write_all(b"x").unwrap();
    check::<B>(duplicate(&inner)?);
    check::<Select>(duplicate(&inner)?);
    check::<Poll>(duplicate(&inner)?);
    check::<DefaultBackend>(duplicate(&inner)?);
    check::<AnyBackend>(duplicate(&inner)?);
    Ok(())
}

fn the_outer_wait_ends_when_the_inner_becomes_ready<B: Backend>() -> Run {
    let mut nest = Nest::<B>::new()?;
    let mut peer = nest.peer.try_clone().unwrap();
    let ready = when_asleep(move || peer.write_all(b"x").unwrap(), || soon(&mut nest.outer));
    assert_eq!(ready.len(), 1);
    assert_eq!(now(&mut nest.inner).len(), 1);
    Ok(())
}

fn a_wake_of_the_inner_is_reported_by_the_outer<B: Backend>() -> Run {
    let mut nest = Nest::<B>::new()?;
    let waker = nest.inner.waker().unwrap();
    assert!(!nest.reports_inner());
    for _ in 0..3 {
        waker.wake().unwrap();
        nest.wait_for_inner();
        nest.wait_for_inner();
        let found = now(&mut nest.inner);
        assert!(found.woken() && found.is_empty());
        assert!(!nest.reports_inner());
    }
    Ok(())
}

fn a_wake_of_the_outer_does_not_reach_the_inner<B: Backend>() -> Run {
    let mut nest = Nest::<B>::new()?;
    nest.outer.waker().unwrap().wake().unwrap();
    let found = soon(&mut nest.outer);
    assert!(found.woken() && found.is_empty());
    assert!(!now(&mut nest.inner).woken());
    Ok(())
}

fn keys_that_are_registered_later_count<B: Backend>() -> Run {
    let mut nest = Nest::<B>::new()?;
    let (c, mut d) = pairs::streams();
    d.write_all(b"x").unwrap();
    assert!(!nest.reports_inner());
    nest.inner.register_with(c, READ, Mode::Oneshot, ()).unwrap();
    nest.wait_for_inner();
    assert_eq!(now(&mut nest.inner).len(), 1);
    assert!(!nest.reports_inner(), "spent");
    Ok(())
}

fn unregistered_and_paused_keys_do_not_count<B: Backend>() -> Run {
    let mut nest = Nest::<B>::new()?;
    nest.peer.write_all(b"x").unwrap();
    let token = nest.inner.keys().iter().next().unwrap().token();
    nest.inner.pause(token).unwrap();
    assert!(!nest.reports_inner());
    nest.inner.rearm(token).unwrap();
    nest.wait_for_inner();
    let _stream = nest.inner.unregister(token).unwrap();
    assert!(!nest.reports_inner());
    Ok(())
}

fn each_of_many_inner_selectors_is_reported<B: Backend>() -> Run {
    let mut outer = Selector::<B, OwnedFd, usize>::new().unwrap();
    let files: Vec<_> = (0..6).map(|_| pairs::streams()).collect();
    let mut inner = Vec::new();
    for (at, (a, _)) in files.iter().enumerate() {
        let mut selector = DefaultSelector::new().unwrap();
        selector.register(a, READ, ()).unwrap();
        outer.register(duplicate(&selector)?, READ, at).unwrap();
        inner.push(selector);
    }
    for at in [1, 4] {
        (&files[at].1).write_all(b"x").unwrap();
    }
    // In one wait or in two, see `Nest::wait_for_inner`.
    let mut found = BTreeSet::new();
    while found.len() < 2 {
        found.extend(soon(&mut outer).iter().map(|(token, _)| *outer.data(token).unwrap()));
    }
    assert_eq!(found, [1, 4].into());
    assert!((0..6).all(|at| now(&mut inner[at]).len() == usize::from([1, 4].contains(&at))));
    Ok(())
}

fn three_levels_of_selectors_work<B: Backend>() -> Run {
    let mut nest = Nest::<DefaultBackend>::new()?;
    let mut outermost = Selector::<B, _>::new().unwrap();
    let token = outermost.register(duplicate(&nest.outer)?, READ, ()).unwrap();
    assert_idle(&mut outermost);
    nest.peer.write_all(b"x").unwrap();
    wait_ready(&mut outermost, [(token, READ)]);
    nest.wait_for_inner();
    assert_eq!(now(&mut nest.inner).len(), 1);
    Ok(())
}

fn an_unregistered_inner_still_works<B: Backend>() -> Run {
    let mut nest = Nest::<B>::new()?;
    let token = nest.outer.keys().iter().next().unwrap().token();
    drop(nest.outer.unregister(token).unwrap());
    nest.peer.write_all(b"x").unwrap();
    assert_idle(&mut nest.outer);
    assert_eq!(soon(&mut nest.inner).len(), 1);
    Ok(())
}

fn a_dropped_inner_is_not_reported<B: Backend>() -> Run {
    let Nest { mut outer, inner, mut peer } = Nest::<B>::new()?;
    peer.write_all(b"x").unwrap();
    assert_eq!(soon(&mut outer).len(), 1);
    // Its socket is closed with it. The duplicate in the outer one keeps an empty set open.
    drop(inner);
    assert_idle(&mut outer);
    Ok(())
}

fn a_key_whose_descriptor_became_the_selector_can_be_unregistered<B: Backend>() -> Run {
    in_child("itself", &[], || {
        let stdin = stdin::get()?;
        let mut selector = Selector::<B, _>::new().unwrap();
        stdin::replace(pairs::streams().0);
        let token = selector.register(&stdin, READ, ()).unwrap();
        stdin::replace(duplicate(&selector)?);
        if let Err(error) = selector.modify(token, WRITE) {
            assert!(matches!(error, Error::Lost { fd: 0, .. }), "{error:?}");
        }
        selector.unregister(token).unwrap();
        assert!(selector.keys().is_empty());
        assert_idle(&mut selector);
        Ok(())
    })
}
