//! Registering a file.

use conformance::{
    BOTH, Call, MockBackend, NotRun, PRIORITY, READ, Run, Stream, WRITE, assert_idle, assert_ready,
    assert_unsupported, interests, now, pairs, supports,
};
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd};
use selectors::{Error, Interest, Mode, Selector};
use std::io::Write;

conformance::scenarios!(register:
    a_key_has_what_was_registered,
    registering_twice_fails,
    registering_twice_through_another_object_fails,
    registering_a_paused_key_again_fails,
    an_invalid_interest_is_refused,
    each_interest_works_in_each_mode,
    an_unsupported_interest_or_mode_is_refused,
    only_the_interest_of_a_key_is_reported,
    the_back_end_is_called_at_once,
    a_refused_call_does_not_reach_the_back_end,
    other_keys_do_not_change,
    descriptors_of_any_number_work,
);

/// The bits of interests that are empty or have unknown bits.
pub(super) const INVALID: [u8; 6] = [0, 32, 32 | 1, 32 | 2, 0x80 | 7, u8::MAX];

fn a_key_has_what_was_registered<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(&a, READ, "data").unwrap();
    let key = selector.key(token).unwrap();
    assert!(std::ptr::eq(*key.fileobj(), &a));
    assert_eq!((key.token(), key.fd(), key.interest()), (token, a.as_raw_fd(), READ));
    assert_eq!((key.mode(), *key.data()), (Mode::Level, "data"));
    assert!(key.is_armed() && !key.is_paused());
    Ok(())
}

fn registering_twice_fails<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let first = selector.register(&a, READ, 1).unwrap();
    let rejected = selector.register(&a, WRITE, 2).unwrap_err();
    assert!(
        matches!(rejected.error, Error::AlreadyRegistered { fd, token, .. } if (fd, token) == (a.as_raw_fd(), first))
    );
    assert!(std::ptr::eq(rejected.fileobj, &a));
    assert_eq!(rejected.data, 2);
    assert_eq!(selector.key(first).map(|key| (key.interest(), *key.data())), Some((READ, 1)));
    // The first interest still counts: WRITE would be ready.
    assert_idle(&mut selector);
    Ok(())
}

fn registering_twice_through_another_object_fails<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, Box<dyn AsFd>, _>::new().unwrap();
    let borrowed: BorrowedFd<'_> = a.as_fd();
    let first = selector.register(Box::new(&a), READ, 1).unwrap();
    let rejected = selector.register(Box::new(borrowed), READ, 2).unwrap_err();
    assert!(matches!(rejected.error, Error::AlreadyRegistered { token, .. } if token == first));
    assert_eq!(selector.keys().len(), 1);
    Ok(())
}

fn registering_a_paused_key_again_fails<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let first = selector.register(&a, READ, 1).unwrap();
    selector.pause(first).unwrap();
    let rejected = selector.register(&a, WRITE, 2).unwrap_err();
    assert!(matches!(rejected.error, Error::AlreadyRegistered { token, .. } if token == first));
    assert!(selector.key(first).unwrap().is_paused());
    assert_idle(&mut selector);
    Ok(())
}

fn an_invalid_interest_is_refused<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    for interest in INVALID.map(Interest::from_bits_retain) {
        let mut selector = Selector::<B, _, _>::new().unwrap();
        for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
            let rejected = selector.register_with(&a, interest, mode, 2).unwrap_err();
            assert!(matches!(rejected.error, Error::InvalidInterest(named) if named == interest));
            assert!(std::ptr::eq(rejected.fileobj, &a) && rejected.data == 2);
            assert!(selector.keys().is_empty() && selector.key(&a).is_none());
        }
        // This error takes precedence over `AlreadyRegistered`.
        let token = selector.register(&a, WRITE, 1).unwrap();
        let rejected = selector.register(&a, interest, 2).unwrap_err();
        assert!(matches!(rejected.error, Error::InvalidInterest(_)), "{rejected:?}");
        assert_ready(&mut selector, [(token, WRITE)]);
    }
    Ok(())
}

/// Returns every interest in every mode.
fn everything() -> impl Iterator<Item = (Interest, Mode)> {
    let interests = (1..=Interest::all().bits()).filter_map(Interest::from_bits);
    interests.flat_map(|interest| [Mode::Level, Mode::Edge, Mode::Oneshot].map(|mode| (interest, mode)))
}

fn each_interest_works_in_each_mode<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    for (interest, mode) in everything() {
        let mut selector = Selector::<B, _>::new().unwrap();
        if !supports(&selector, interest, mode) {
            continue;
        }
        let token = selector.register_with(&a, interest, mode, ()).unwrap();
        let key = selector.key(token).unwrap();
        assert_eq!((key.interest(), key.mode()), (interest, mode));
        let expected = interest & BOTH;
        let found = interests(&now(&mut selector));
        assert_eq!(found.get(&token).copied().unwrap_or(Interest::empty()), expected, "{mode}");
    }
    Ok(())
}

/// Both registering and modifying are refused, and change nothing.
fn an_unsupported_interest_or_mode_is_refused<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let selector = Selector::<B, &Stream>::new().unwrap();
    let refused: Vec<_> =
        everything().filter(|&(interest, mode)| !supports(&selector, interest, mode)).collect();
    if refused.is_empty() {
        return Err(NotRun::because("this back end supports every interest in every mode"));
    }
    for (interest, mode) in refused {
        let mut selector = Selector::<B, _, _>::new().unwrap();
        let rejected = selector.register_with(&a, interest, mode, 1).unwrap_err();
        assert_unsupported(&selector, &rejected.error, interest, mode);
        assert!(std::ptr::eq(rejected.fileobj, &a) && rejected.data == 1);
        assert!(selector.keys().is_empty() && selector.key(&a).is_none());
        assert_idle(&mut selector);
        let token = selector.register(rejected.fileobj, READ, rejected.data).unwrap();
        let error = selector.modify_with(token, interest, mode).unwrap_err();
        assert_unsupported(&selector, &error, interest, mode);
        let key = selector.key(token).unwrap();
        assert_eq!((key.interest(), key.mode(), key.is_armed()), (READ, Mode::Level, true));
        for _ in 0..2 {
            assert_ready(&mut selector, [(token, READ)]);
        }
    }
    Ok(())
}

fn only_the_interest_of_a_key_is_reported<B: Backend>() -> Run {
    let ((a, mut b), (c, d)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _>::new().unwrap();
    b.write_all(b"x").unwrap();
    let write = selector.register(&a, WRITE, ()).unwrap();
    selector.register(&c, READ, ()).unwrap();
    if let Err(rejected) = selector.register(&d, PRIORITY, ()) {
        assert_unsupported(&selector, &rejected.error, PRIORITY, Mode::Level);
    }
    assert_ready(&mut selector, [(write, WRITE)]);
    Ok(())
}

fn the_back_end_is_called_at_once<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register_with(&a, READ, Mode::Oneshot, ()).unwrap();
    let calls = control.take_calls();
    assert!(matches!(calls[..], [Call::Add(fd, _, READ, Mode::Oneshot)] if fd == a.as_raw_fd()), "{calls:?}");
    assert!(selector.key(token).unwrap().is_armed());
    Ok(())
}

fn a_refused_call_does_not_reach_the_back_end<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    control.deny_mode(Some(Mode::Edge));
    selector.register(&a, READ, ()).unwrap();
    control.clear_calls();
    selector.register(&a, READ, ()).unwrap_err();
    for bits in INVALID {
        selector.register(&a, Interest::from_bits_retain(bits), ()).unwrap_err();
        selector.register(&b, Interest::from_bits_retain(bits), ()).unwrap_err();
    }
    selector.register_with(&a, READ, Mode::Edge, ()).unwrap_err();
    assert_eq!(control.take_calls(), []);
    Ok(())
}

fn other_keys_do_not_change<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..20).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let mut tokens = Vec::new();
    for (number, (a, _)) in pairs.iter().enumerate() {
        let interest = if number % 2 == 0 { WRITE } else { READ };
        tokens.push((selector.register(a, interest, number).unwrap(), interest));
        for (number, (token, interest)) in tokens.iter().enumerate() {
            let key = selector.key(token).unwrap();
            assert_eq!((*key.data(), key.interest()), (number, *interest));
        }
        let ready = tokens.iter().copied().filter(|(_, interest)| *interest == WRITE);
        assert_ready(&mut selector, ready);
    }
    Ok(())
}

/// Around the ends of words of bits, and around 1024, the end of `fd_set` in C.
fn descriptors_of_any_number_work<B: Backend>() -> Run {
    let (_limit, _) = conformance::Descriptors::raise(2100, 2100)?;
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let mut expected = Vec::new();
    for least in [63, 127, 319, 1023, 1024, 2047, 2048] {
        let duplicate = pairs::numbered(&a, least)?;
        expected.push((selector.register(duplicate, WRITE, ()).unwrap(), WRITE));
    }
    assert_ready(&mut selector, expected.iter().copied());
    for (token, _) in &expected {
        let key = selector.key(token).unwrap();
        assert_eq!(key.fd(), key.fileobj().as_raw_fd());
    }
    Ok(())
}
