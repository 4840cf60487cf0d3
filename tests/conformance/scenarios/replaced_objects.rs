//! File objects that are changed through a mutable reference: swapped, replaced, leaked.

use conformance::{NotRun, READ, Run, Stream, WAIT, WRITE, assert_idle, assert_ready, interests, now, pairs};
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd};
use selectors::{Error, Mode, Selector, Token};
use std::io::Write;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

conformance::scenarios!(replaced_objects:
    two_swapped_objects_fail_alone,
    a_swap_that_is_undone_does_no_harm,
    three_objects_that_change_places_come_back,
    a_replaced_object_comes_back,
    a_replaced_object_of_a_paused_key_comes_back,
    a_replaced_object_of_a_spent_key_comes_back,
    an_object_that_was_taken_out_can_be_registered,
    another_file_with_the_old_number_can_be_registered,
    a_paused_key_does_not_resume_under_a_number_of_another_key,
    a_registration_that_fails_leaves_the_others,
    a_leaked_object_harms_nobody,
    a_panic_in_the_middle_harms_nobody,
    into_keys_returns_replaced_objects,
    wakes_arrive_beside_a_replaced_object,
);

/// Three registered sockets, of which the last one has data and is never touched, and the peers of all.
struct Situation<B> {
    selector: Selector<B, Stream>,
    tokens: [Token; 2],
    steady: Token,
    peers: Vec<Stream>,
}

impl<B: Backend> Situation<B> {
    fn new(mode: Mode) -> Self {
        let mut selector = Selector::new().unwrap();
        let mut peers = Vec::new();
        let mut register = |mode| {
            let (a, b) = pairs::streams();
            peers.push(b);
            selector.register_with(a, READ, mode, ()).unwrap()
        };
        let (tokens, steady) = ([register(mode), register(mode)], register(Mode::Level));
        peers[2].write_all(b"x").unwrap();
        Self { selector, tokens, steady, peers }
    }

    fn swap(&mut self) {
        let [a, b] = self.tokens;
        let ((a, ()), (b, ())) = self.selector.disjoint_parts_mut(a, b).unwrap();
        mem::swap(a, b);
    }

    /// Asserts that waits and calls serve the untouched key.
    #[track_caller]
    fn steady_works(&mut self) {
        for _ in 0..3 {
            let ready = self.selector.select(WAIT).unwrap();
            assert_eq!(interests(&ready).get(&self.steady), Some(&READ), "{ready:?}");
        }
        self.selector.modify(self.steady, WRITE).unwrap();
        self.selector.pause(self.steady).unwrap();
        self.selector.modify(self.steady, READ).unwrap();
    }

    /// Asserts that a key cannot be changed, because its object lends another descriptor.
    #[track_caller]
    fn invalid(&mut self, token: Token) {
        for result in
            [self.selector.modify(token, WRITE), self.selector.modify_with(token, READ, Mode::Oneshot)]
        {
            assert!(
                matches!(result, Err(Error::InvalidFd { token: named, .. }) if named == token),
                "{result:?}"
            );
        }
    }
}

fn two_swapped_objects_fail_alone<B: Backend>() -> Run {
    for mode in [Mode::Level, Mode::Oneshot] {
        let mut here = Situation::<B>::new(mode);
        let numbers = here.tokens.map(|token| here.selector.key(token).unwrap().fd());
        here.swap();
        here.peers[0].write_all(b"x").unwrap();
        here.steady_works();
        let [a, b] = here.tokens;
        here.invalid(a);
        here.invalid(b);
        here.selector.pause(b).unwrap();
        here.steady_works();
        let [a, b] = [a, b].map(|token| here.selector.unregister(token).unwrap());
        assert_eq!([a.fd, b.fd], numbers);
        assert_eq!([b.fileobj.as_raw_fd(), a.fileobj.as_raw_fd()], numbers);
        here.steady_works();
        // Registered again, they are keys like any other, whatever the kernel still watches.
        let (a, b) = (b.fileobj, a.fileobj);
        let again = here.selector.register(a, READ, ()).unwrap();
        here.selector.register(b, READ, ()).unwrap();
        for _ in 0..2 {
            assert_ready(&mut here.selector, [(again, READ), (here.steady, READ)]);
        }
        here.selector.unregister(again).unwrap();
        assert_ready(&mut here.selector, [(here.steady, READ)]);
    }
    Ok(())
}

fn a_swap_that_is_undone_does_no_harm<B: Backend>() -> Run {
    let mut here = Situation::<B>::new(Mode::Level);
    here.swap();
    here.swap();
    here.peers[0].write_all(b"x").unwrap();
    let [a, b] = here.tokens;
    assert_ready(&mut here.selector, [(a, READ), (here.steady, READ)]);
    here.swap();
    here.steady_works();
    here.swap();
    for token in [a, b] {
        if here.selector.key(token).is_some_and(|key| key.is_paused()) {
            here.selector.rearm(token).unwrap();
        }
    }
    assert_ready(&mut here.selector, [(a, READ), (here.steady, READ)]);
    here.selector.modify(a, WRITE).unwrap();
    here.selector.unregister(a).unwrap();
    here.selector.unregister(b).unwrap();
    assert_ready(&mut here.selector, [(here.steady, READ)]);
    Ok(())
}

fn three_objects_that_change_places_come_back<B: Backend>() -> Run {
    let mut here = Situation::<B>::new(Mode::Level);
    let [a, b] = here.tokens;
    here.swap();
    let (spare, _peer) = pairs::streams();
    let third = here.selector.register(spare, READ, ()).unwrap();
    let ((b_object, ()), (third_object, ())) = here.selector.disjoint_parts_mut(b, third).unwrap();
    mem::swap(b_object, third_object);
    here.steady_works();
    let keys = [third, a, b].map(|token| here.selector.unregister(token).unwrap());
    let mut numbers = keys.each_ref().map(|key| key.fd);
    let mut objects = keys.each_ref().map(|key| key.fileobj.as_raw_fd());
    numbers.sort_unstable();
    objects.sort_unstable();
    assert_eq!(numbers, objects);
    drop(keys);
    assert_ready(&mut here.selector, [(here.steady, READ)]);
    Ok(())
}

fn a_replaced_object_comes_back<B: Backend>() -> Run {
    let mut here = Situation::<B>::new(Mode::Level);
    let [a, b] = here.tokens;
    let (spare, mut spare_peer) = pairs::streams();
    let number = spare.as_raw_fd();
    spare_peer.write_all(b"x").unwrap();
    drop(mem::replace(here.selector.fileobj_mut(a).unwrap(), spare));
    assert!(pairs::hung_up(&here.peers[0]));
    here.steady_works();
    here.invalid(a);
    assert_eq!(here.selector.unregister(a).unwrap().fileobj.as_raw_fd(), number);
    here.peers[1].write_all(b"x").unwrap();
    assert_ready(&mut here.selector, [(b, READ), (here.steady, READ)]);
    Ok(())
}

fn a_replaced_object_of_a_paused_key_comes_back<B: Backend>() -> Run {
    let mut here = Situation::<B>::new(Mode::Level);
    let [a, _] = here.tokens;
    here.selector.pause(a).unwrap();
    let (spare, _spare_peer) = pairs::streams();
    drop(mem::replace(here.selector.fileobj_mut(a).unwrap(), spare));
    here.invalid(a);
    here.selector.pause(a).unwrap();
    assert_ready(&mut here.selector, [(here.steady, READ)]);
    here.selector.unregister(a).unwrap();
    assert_ready(&mut here.selector, [(here.steady, READ)]);
    Ok(())
}

fn a_replaced_object_of_a_spent_key_comes_back<B: Backend>() -> Run {
    let mut here = Situation::<B>::new(Mode::Oneshot);
    let [a, _] = here.tokens;
    here.peers[0].write_all(b"x").unwrap();
    assert_ready(&mut here.selector, [(a, READ), (here.steady, READ)]);
    let (spare, mut spare_peer) = pairs::streams();
    spare_peer.write_all(b"x").unwrap();
    let taken = mem::replace(here.selector.fileobj_mut(a).unwrap(), spare);
    assert_ready(&mut here.selector, [(here.steady, READ)]);
    here.invalid(a);
    here.selector.unregister(a).unwrap();
    // It is level-triggered now, whatever the kernel remembers of it.
    let again = here.selector.register(taken, READ, ()).unwrap();
    for _ in 0..2 {
        assert_ready(&mut here.selector, [(again, READ), (here.steady, READ)]);
    }
    Ok(())
}

fn an_object_that_was_taken_out_can_be_registered<B: Backend>() -> Run {
    for waits in [false, true] {
        let mut here = Situation::<B>::new(Mode::Oneshot);
        let [a, _] = here.tokens;
        let (spare, _spare_peer) = pairs::streams();
        let taken = mem::replace(here.selector.fileobj_mut(a).unwrap(), spare);
        let number = taken.as_raw_fd();
        if waits {
            here.steady_works();
        }
        let again = here.selector.register(taken, READ, ()).unwrap();
        assert!(here.selector.key(a).is_some_and(|key| key.is_paused()));
        here.peers[0].write_all(b"x").unwrap();
        for _ in 0..2 {
            assert_ready(&mut here.selector, [(again, READ), (here.steady, READ)]);
        }
        here.invalid(a);
        assert_eq!(here.selector.unregister(a).unwrap().fd, number);
        // The number is still that of the other key.
        let found = here.selector.keys().iter().find(|key| key.fd() == number).map(|key| key.token());
        assert_eq!(found, Some(again));
        let object = here.selector.fileobj(again).unwrap().try_clone().unwrap();
        assert!(here.selector.key(&object).is_none());
        here.selector.modify(again, WRITE).unwrap();
        assert_ready(&mut here.selector, [(again, WRITE), (here.steady, READ)]);
        here.selector.unregister(again).unwrap();
        assert_ready(&mut here.selector, [(here.steady, READ)]);
    }
    Ok(())
}

fn another_file_with_the_old_number_can_be_registered<B: Backend>() -> Run {
    let mut here = Situation::<B>::new(Mode::Level);
    let [a, _] = here.tokens;
    let (spare, _spare_peer) = pairs::streams();
    let taken = mem::replace(here.selector.fileobj_mut(a).unwrap(), spare);
    let number = taken.as_raw_fd();
    drop(taken);
    // The lowest free number: open(2).
    let (mut newer, mut peer) = pairs::streams();
    if peer.as_raw_fd() == number {
        mem::swap(&mut newer, &mut peer);
    }
    if newer.as_raw_fd() != number {
        return Err(NotRun::because("the number of a closed descriptor was not used again"));
    }
    let token = here.selector.register(newer, READ, ()).unwrap();
    here.steady_works();
    peer.write_all(b"x").unwrap();
    assert_ready(&mut here.selector, [(token, READ), (here.steady, READ)]);
    here.selector.unregister(a).unwrap();
    assert_ready(&mut here.selector, [(token, READ), (here.steady, READ)]);
    here.selector.modify(token, WRITE).unwrap();
    assert_ready(&mut here.selector, [(token, WRITE), (here.steady, READ)]);
    Ok(())
}

fn a_paused_key_does_not_resume_under_a_number_of_another_key<B: Backend>() -> Run {
    let ((a, mut a_peer), (b, _b_peer)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, BorrowedFd<'_>>::new().unwrap();
    let first = selector.register(a.as_fd(), READ, ()).unwrap();
    *selector.fileobj_mut(first).unwrap() = b.as_fd();
    let second = selector.register(a.as_fd(), READ, ()).unwrap();
    *selector.fileobj_mut(first).unwrap() = a.as_fd();
    a_peer.write_all(b"x").unwrap();
    for _ in 0..2 {
        match selector.rearm(first) {
            Err(Error::AlreadyRegistered { fd, token, .. }) => {
                assert_eq!((fd, token), (a.as_raw_fd(), second));
            }
            result => panic!("{result:?}"),
        }
        assert_ready(&mut selector, [(second, READ)]);
    }
    // The number is free again when the other key is gone, or does not lend it any more.
    selector.unregister(second).unwrap();
    selector.rearm(first).unwrap();
    assert_ready(&mut selector, [(first, READ)]);
    assert_eq!(selector.key(&a).map(|key| key.token()), Some(first));
    *selector.fileobj_mut(first).unwrap() = b.as_fd();
    let second = selector.register(a.as_fd(), READ, ()).unwrap();
    let ((first_object, ()), (second_object, ())) = selector.disjoint_parts_mut(first, second).unwrap();
    mem::swap(first_object, second_object);
    selector.rearm(first).unwrap();
    assert_ready(&mut selector, [(first, READ)]);
    assert!(selector.key(second).is_some_and(|key| key.is_paused()));
    selector.unregister(second).unwrap();
    assert_ready(&mut selector, [(first, READ)]);
    selector.unregister(first).unwrap();
    assert_idle(&mut selector);
    Ok(())
}

fn a_registration_that_fails_leaves_the_others<B: Backend>() -> Run {
    let mut here = Situation::<B>::new(Mode::Level);
    here.swap();
    let (spare, _spare_peer) = pairs::streams();
    let rejected = here.selector.register(spare, selectors::Interest::empty(), ()).unwrap_err();
    here.swap();
    here.selector.register(rejected.fileobj, READ, ()).unwrap();
    here.peers[1].write_all(b"x").unwrap();
    let [_, b] = here.tokens;
    assert_ready(&mut here.selector, [(b, READ), (here.steady, READ)]);
    Ok(())
}

fn a_leaked_object_harms_nobody<B: Backend>() -> Run {
    let mut here = Situation::<B>::new(Mode::Level);
    let [a, b] = here.tokens;
    let (spare, _spare_peer) = pairs::streams();
    mem::forget(mem::replace(here.selector.fileobj_mut(a).unwrap(), spare));
    here.peers[0].write_all(b"x").unwrap();
    here.steady_works();
    here.selector.unregister(a).unwrap();
    // The kernel may still watch it. What it says of it is of no key.
    assert_ready(&mut here.selector, [(here.steady, READ)]);
    here.peers[1].write_all(b"x").unwrap();
    assert_ready(&mut here.selector, [(b, READ), (here.steady, READ)]);
    here.steady_works();
    Ok(())
}

fn a_panic_in_the_middle_harms_nobody<B: Backend>() -> Run {
    let mut here = Situation::<B>::new(Mode::Level);
    let [a, b] = here.tokens;
    let (mut spare, _spare_peer) = pairs::streams();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let ((a, ()), (b, ())) = here.selector.disjoint_parts_mut(a, b).unwrap();
        mem::swap(a, &mut spare);
        mem::swap(a, b);
        resume_unwind(Box::new("in the middle")); // without a message
    }));
    assert!(result.is_err());
    here.steady_works();
    here.invalid(a);
    here.invalid(b);
    for token in [a, b] {
        here.selector.unregister(token).unwrap();
    }
    let again = here.selector.register(spare, READ, ()).unwrap();
    here.peers[0].write_all(b"x").unwrap();
    assert_ready(&mut here.selector, [(again, READ), (here.steady, READ)]);
    Ok(())
}

fn into_keys_returns_replaced_objects<B: Backend>() -> Run {
    let mut here = Situation::<B>::new(Mode::Level);
    here.swap();
    let [a, b] = here.tokens;
    let keys: Vec<_> = here.selector.into_keys().collect();
    let find = |token| keys.iter().find(|key| key.token == token).unwrap();
    assert_eq!((keys.len(), find(a).fd), (3, find(b).fileobj.as_raw_fd()));
    Ok(())
}

fn wakes_arrive_beside_a_replaced_object<B: Backend>() -> Run {
    let mut here = Situation::<B>::new(Mode::Level);
    let waker = here.selector.waker().unwrap();
    for wakes in [true, false, true] {
        here.swap();
        if wakes {
            waker.wake().unwrap();
        }
        let ready = now(&mut here.selector);
        assert_eq!((ready.woken(), interests(&ready).get(&here.steady)), (wakes, Some(&READ)));
    }
    Ok(())
}
