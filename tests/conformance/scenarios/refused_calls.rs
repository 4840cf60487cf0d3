//! A call that fails changes nothing. The mock back end refuses each call; then map and kernel are compared.

use conformance::{
    BOTH, Call, Control, MockBackend, READ, Run, Stream, WRITE, assert_idle, assert_ready, errno, now, pairs,
};
use selectors::backend::Backend;
use selectors::{Error, Interest, Mode, Ready, Selector, Token};
use std::io::{ErrorKind, Write};
use std::rc::Rc;
use std::time::Duration;

conformance::scenarios!(refused_calls:
    a_refused_registration_changes_nothing,
    a_refused_first_registration_changes_nothing,
    a_refused_modification_changes_nothing,
    a_refused_modification_leaves_a_spent_key_spent,
    a_refused_rearm_changes_nothing,
    a_refused_pause_changes_nothing,
    a_refused_resumption_leaves_the_key_paused,
    a_refused_unregistration_keeps_the_key,
    a_refused_wait_changes_nothing,
    a_refused_wait_leaves_one_shot_keys_armed,
    a_refused_wait_leaves_an_empty_list,
    a_wait_that_fails_after_a_report_changes_nothing,
    a_refused_waker_can_be_made_later,
    a_lost_registration_can_be_unregistered,
);

/// A selector in which two of three writable sockets are registered, with data 1 and 2.
struct Situation<'a, B: Backend> {
    selector: Selector<MockBackend<B>, &'a Stream, u8>,
    control: Rc<Control>,
    tokens: [Token; 2],
}

impl<'a, B: Backend> Situation<'a, B> {
    fn new(pairs: &'a [(Stream, Stream); 3], mode: Mode) -> Self {
        let (mut selector, control) = MockBackend::selector();
        let mut register = |number: u8| {
            let a = &pairs[usize::from(number) - 1].0;
            selector.register_with(a, WRITE, mode, number).unwrap()
        };
        let tokens = [register(1), register(2)];
        Self { selector, control, tokens }
    }

    /// Makes a call with each refusal in turn, and asserts that it failed with that error and changed nothing.
    fn refused(
        &mut self,
        mut call: impl FnMut(&mut Selector<MockBackend<B>, &'a Stream, u8>, [Token; 2]) -> Error,
    ) {
        let before = format!("{:?}", self.selector);
        for errno in errno::SAMPLES {
            self.control.take_calls();
            self.control.refuse(Some(errno));
            let error = call(&mut self.selector, self.tokens);
            self.control.refuse(None);
            assert_eq!(error.raw_os_error(), Some(errno.raw_os_error()), "{error:?}");
            assert_eq!(
                self.control.take_calls().len(),
                1,
                "the back end is called once: nothing is repeated or undone"
            );
            assert_eq!(format!("{:?}", self.selector), before);
        }
    }

    fn assert_found(&mut self, expected: &[(Token, Interest)]) {
        assert_ready(&mut self.selector, expected.iter().copied());
    }

    fn both(&self) -> [(Token, Interest); 2] {
        self.tokens.map(|token| (token, WRITE))
    }

    /// Asserts that every method of the selector still works.
    fn assert_works(mut self, free: &'a Stream) {
        let [first, second] = self.tokens;
        let third = self.selector.register(free, WRITE, 3).unwrap();
        for token in [first, second] {
            self.selector.modify_with(token, WRITE, Mode::Level).unwrap();
        }
        self.assert_found(&[(first, WRITE), (second, WRITE), (third, WRITE)]);
        self.selector.modify(first, READ).unwrap();
        self.selector.pause(second).unwrap();
        self.assert_found(&[(third, WRITE)]);
        self.selector.rearm(second).unwrap();
        assert_eq!(self.selector.unregister(third).unwrap().data, 3);
        self.assert_found(&[(second, WRITE)]);
        assert_eq!(self.selector.unregister(free).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(self.selector.into_keys().map(|key| key.data).sum::<u8>(), 3);
    }
}

fn pairs() -> [(Stream, Stream); 3] {
    [pairs::streams(), pairs::streams(), pairs::streams()]
}

fn a_refused_registration_changes_nothing<B: Backend>() -> Run {
    let pairs = pairs();
    let free = &pairs[2].0;
    let mut situation = Situation::<B>::new(&pairs, Mode::Level);
    situation.refused(|selector, _| {
        let rejected = selector.register(free, WRITE, 9).unwrap_err();
        assert!(std::ptr::eq(rejected.fileobj, free));
        assert_eq!(rejected.data, 9);
        assert!(selector.key(free).is_none() && !selector.keys().contains(free));
        rejected.error
    });
    let both = situation.both();
    situation.assert_found(&both);
    situation.assert_works(free);
    Ok(())
}

fn a_refused_first_registration_changes_nothing<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    for errno in errno::SAMPLES {
        control.refuse(Some(errno));
        selector.register(&a, WRITE, ()).unwrap_err();
        control.refuse(None);
        assert!(selector.keys().is_empty() && selector.keys().iter().next().is_none());
        assert!(selector.iter_mut().next().is_none());
        assert_idle(&mut selector);
    }
    control.clear_calls();
    let token = selector.register(&a, WRITE, ()).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    selector.unregister(&a).unwrap();
    Ok(())
}

fn a_refused_modification_changes_nothing<B: Backend>() -> Run {
    let pairs = pairs();
    let mut situation = Situation::<B>::new(&pairs, Mode::Level);
    situation.refused(|selector, [first, _]| selector.modify(first, BOTH).unwrap_err());
    situation.refused(|selector, [_, second]| selector.modify_with(second, READ, Mode::Oneshot).unwrap_err());
    let both = situation.both();
    // They are still level-triggered.
    situation.assert_found(&both);
    situation.assert_found(&both);
    situation.assert_works(&pairs[2].0);
    Ok(())
}

fn a_refused_modification_leaves_a_spent_key_spent<B: Backend>() -> Run {
    let pairs = pairs();
    let mut situation = Situation::<B>::new(&pairs, Mode::Oneshot);
    let both = situation.both();
    situation.assert_found(&both);
    situation.refused(|selector, [first, _]| selector.modify(first, BOTH).unwrap_err());
    situation.refused(|selector, [first, _]| selector.modify_with(first, WRITE, Mode::Level).unwrap_err());
    situation.assert_found(&[]);
    assert!(!situation.selector.key(both[0].0).unwrap().is_armed());
    situation.assert_works(&pairs[2].0);
    Ok(())
}

fn a_refused_rearm_changes_nothing<B: Backend>() -> Run {
    let pairs = pairs();
    let mut situation = Situation::<B>::new(&pairs, Mode::Oneshot);
    let both = situation.both();
    // An armed key stays armed.
    situation.refused(|selector, [first, _]| selector.rearm(first).unwrap_err());
    situation.assert_found(&both);
    // A spent key stays spent.
    situation.refused(|selector, [first, _]| selector.rearm(first).unwrap_err());
    situation.assert_found(&[]);
    situation.selector.rearm(both[0].0).unwrap();
    situation.assert_found(&both[..1]);
    situation.assert_works(&pairs[2].0);
    Ok(())
}

fn a_refused_pause_changes_nothing<B: Backend>() -> Run {
    let pairs = pairs();
    for mode in [Mode::Level, Mode::Oneshot] {
        let mut situation = Situation::<B>::new(&pairs, mode);
        situation.refused(|selector, [first, _]| selector.pause(first).unwrap_err());
        let both = situation.both();
        assert!(situation.selector.key(both[0].0).unwrap().is_armed());
        situation.assert_found(&both);
        situation.assert_works(&pairs[2].0);
    }
    Ok(())
}

fn a_refused_resumption_leaves_the_key_paused<B: Backend>() -> Run {
    let pairs = pairs();
    let mut situation = Situation::<B>::new(&pairs, Mode::Level);
    let both = situation.both();
    situation.selector.pause(both[0].0).unwrap();
    situation.refused(|selector, [first, _]| selector.rearm(first).unwrap_err());
    situation.refused(|selector, [first, _]| selector.modify(first, BOTH).unwrap_err());
    situation.refused(|selector, [first, _]| selector.modify_with(first, WRITE, Mode::Oneshot).unwrap_err());
    assert!(situation.selector.key(both[0].0).unwrap().is_paused());
    situation.assert_found(&both[1..]);
    situation.selector.rearm(both[0].0).unwrap();
    situation.assert_found(&both);
    situation.assert_works(&pairs[2].0);
    Ok(())
}

fn a_refused_unregistration_keeps_the_key<B: Backend>() -> Run {
    let pairs = pairs();
    let mut situation = Situation::<B>::new(&pairs, Mode::Level);
    let first = &pairs[0].0;
    situation.refused(|selector, [token, _]| selector.unregister(token).unwrap_err());
    situation.refused(|selector, _| selector.unregister(first).unwrap_err());
    assert!(situation.selector.keys().contains(first));
    let both = situation.both();
    situation.assert_found(&both);
    situation.assert_works(&pairs[2].0);
    Ok(())
}

fn a_refused_wait_changes_nothing<B: Backend>() -> Run {
    let pairs = pairs();
    let mut situation = Situation::<B>::new(&pairs, Mode::Level);
    situation.refused(|selector, _| selector.select(Duration::ZERO).unwrap_err());
    let both = situation.both();
    situation.assert_found(&both);
    situation.assert_works(&pairs[2].0);
    Ok(())
}

fn a_refused_wait_leaves_one_shot_keys_armed<B: Backend>() -> Run {
    let pairs = pairs();
    let mut situation = Situation::<B>::new(&pairs, Mode::Oneshot);
    situation.refused(|selector, _| selector.select(None).unwrap_err());
    let both = situation.both();
    situation.assert_found(&both);
    situation.assert_found(&[]);
    Ok(())
}

fn a_refused_wait_leaves_an_empty_list<B: Backend>() -> Run {
    let pairs = pairs();
    let mut situation = Situation::<B>::new(&pairs, Mode::Level);
    situation.selector.waker().unwrap().wake().unwrap();
    let mut ready = Ready::new();
    assert_eq!(situation.selector.select_into(&mut ready, None).unwrap(), 2);
    assert!(ready.woken());
    situation.refused(|selector, _| {
        let error = selector.select_into(&mut ready, None).unwrap_err();
        assert!(ready.is_empty() && ready.iter().next().is_none() && !ready.woken());
        error
    });
    // The list can be used again.
    assert_eq!(situation.selector.select_into(&mut ready, None).unwrap(), 2);
    Ok(())
}

/// The rules of back ends forbid it. Such reports do not count.
fn a_wait_that_fails_after_a_report_changes_nothing<B: Backend>() -> Run {
    for mode in [Mode::Level, Mode::Oneshot] {
        let pairs = pairs();
        let mut situation = Situation::<B>::new(&pairs, mode);
        let mut ready = Ready::new();
        situation.control.report_and_fail(errno::UNHEARD_OF);
        let error = situation.selector.select_into(&mut ready, None).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(errno::UNHEARD_OF.raw_os_error()));
        assert!(ready.is_empty() && ready.iter().next().is_none() && !ready.woken());
        let both = situation.both();
        assert!(both.iter().all(|(token, _)| situation.selector.key(token).unwrap().is_armed()));
        if mode == Mode::Level {
            situation.assert_found(&both);
        }
    }
    Ok(())
}

fn a_refused_waker_can_be_made_later<B: Backend>() -> Run {
    let pairs = pairs();
    let mut situation = Situation::<B>::new(&pairs, Mode::Level);
    situation.refused(|selector, _| selector.waker().unwrap_err());
    let both = situation.both();
    situation.assert_found(&both);
    let waker = situation.selector.waker().unwrap();
    assert!(matches!(situation.control.take_calls().last(), Some(Call::Add(..))));
    waker.wake().unwrap();
    let ready = now(&mut situation.selector);
    assert!(ready.woken() && ready.len() == 2);
    situation.assert_works(&pairs[2].0);
    Ok(())
}

fn a_lost_registration_can_be_unregistered<B: Backend>() -> Run {
    let mut pairs = pairs();
    pairs[0].1.write_all(b"x").unwrap();
    let mut situation = Situation::<B>::new(&pairs, Mode::Level);
    let both = situation.both();
    let [(first, _), _] = both;
    situation.control.refuse(Some(errno::LOST[0]));
    assert!(matches!(situation.selector.modify(first, BOTH), Err(Error::Lost { .. })));
    situation.control.refuse(None);
    // The key stays, and can be unregistered.
    assert_eq!(situation.selector.key(first).map(|key| key.interest()), Some(WRITE));
    assert_eq!(situation.selector.unregister(first).unwrap().data, 1);
    situation.assert_found(&both[1..]);
    Ok(())
}
