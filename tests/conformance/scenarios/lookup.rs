//! Finding a key: by token, by file object, by descriptor.

use conformance::{ChangingFd, READ, Run, Stream, WRITE, assert_not_registered, assert_ready, now, pairs};
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, BorrowedFd, RawFd};
use selectors::{Error, Interest, Lookup, Mode, Selector, Token};
use std::sync::Arc;

conformance::scenarios!(lookup:
    by_token_by_file_object_and_by_descriptor,
    by_any_object_with_the_descriptor,
    by_a_trait_object,
    what_is_not_registered_is_not_found,
    a_duplicate_is_not_found,
    what_was_unregistered_is_not_found,
    high_descriptors_are_found,
    each_key_of_many_is_found,
    a_token_finds_the_key_of_a_changed_descriptor,
);

type Sockets<'a, B> = Selector<B, &'a Stream, u8>;

/// Asserts that each method that takes a `Lookup` finds the key of `a`, whose data is 5.
fn assert_finds<'a, B: Backend, L: Lookup>(
    selector: &mut Sockets<'a, B>,
    token: Token,
    a: &'a Stream,
    which: impl Fn() -> L,
) -> Token {
    assert_eq!(selector.key(which()).map(|key| key.token()), Some(token));
    assert_eq!(selector.keys().get(which()).map(|key| key.token()), Some(token));
    assert!(selector.keys().contains(which()));
    assert!(selector.fileobj(which()).is_some_and(|found| std::ptr::eq(*found, a)));
    assert_eq!(selector.data(which()), Some(&5));
    assert_eq!(selector.data_mut(which()), Some(&mut 5));
    assert!(selector.parts(which()).is_some_and(|(found, data)| std::ptr::eq(*found, a) && *data == 5));
    selector.modify(which(), READ).unwrap();
    assert_eq!(selector.key(token).unwrap().interest(), READ);
    selector.modify_with(which(), WRITE, Mode::Oneshot).unwrap();
    assert_eq!(selector.key(token).unwrap().mode(), Mode::Oneshot);
    selector.set_interest(which(), READ).unwrap();
    assert_eq!(selector.key(token).unwrap().interest(), READ);
    selector.pause(which()).unwrap();
    assert!(selector.key(token).unwrap().is_paused());
    selector.rearm(which()).unwrap();
    assert!(selector.key(token).unwrap().is_armed());
    let key = selector.unregister(which()).unwrap();
    assert_eq!(key.token, token);
    selector.register(key.fileobj, key.interest, key.data).unwrap()
}

/// Asserts that no method finds a key, and that none changes anything.
fn assert_finds_nothing<B: Backend, L: Lookup>(selector: &mut Sockets<'_, B>, which: impl Fn() -> L) {
    assert!(selector.key(which()).is_none() && selector.keys().get(which()).is_none());
    assert!(!selector.keys().contains(which()));
    assert!(selector.fileobj(which()).is_none() && selector.data(which()).is_none());
    assert!(selector.data_mut(which()).is_none() && selector.parts(which()).is_none());
    let before = format!("{selector:?}");
    for result in [
        selector.modify(which(), READ),
        selector.modify_with(which(), READ, Mode::Oneshot),
        selector.set_interest(which(), READ),
        selector.set_interest(which(), Interest::empty()),
        selector.rearm(which()),
        selector.pause(which()),
        selector.unregister(which()).map(drop),
    ] {
        assert!(matches!(result, Err(Error::NotRegistered { .. })), "{result:?}");
    }
    assert_eq!(format!("{selector:?}"), before);
}

fn by_token_by_file_object_and_by_descriptor<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let mut selector = Sockets::<B>::new().unwrap();
    let other = selector.register(&c, READ, 6).unwrap();
    let mut token = selector.register(&a, WRITE, 5).unwrap();
    token = assert_finds(&mut selector, token, &a, || token);
    token = assert_finds(&mut selector, token, &a, || &token);
    token = assert_finds(&mut selector, token, &a, || &a);
    token = assert_finds(&mut selector, token, &a, || a.as_fd());
    let reference = &a;
    assert_finds(&mut selector, token, &a, || &reference);
    let key = selector.key(other).unwrap();
    assert_eq!((key.interest(), key.mode(), *key.data()), (READ, Mode::Level, 6));
    Ok(())
}

fn by_any_object_with_the_descriptor<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let a = Arc::new(a);
    let mut selector = Selector::<B, Arc<Stream>>::new().unwrap();
    let token = selector.register(Arc::clone(&a), READ, ()).unwrap();
    let borrowed: BorrowedFd<'_> = a.as_fd();
    let socket: &Stream = &a;
    assert_eq!(selector.key(&a).map(|key| key.token()), Some(token));
    assert_eq!(selector.key(socket).map(|key| key.token()), Some(token));
    assert_eq!(selector.key(borrowed).map(|key| key.token()), Some(token));
    Ok(())
}

fn by_a_trait_object<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, READ, ()).unwrap();
    let objects: [Box<dyn AsFd + '_>; 2] = [Box::new(&a), Box::new(&b)];
    assert_eq!(selector.key(&*objects[0]).map(|key| key.token()), Some(token));
    assert_eq!(selector.key(&objects[0]).map(|key| key.token()), Some(token));
    assert!(selector.key(&*objects[1]).is_none());
    Ok(())
}

fn what_is_not_registered_is_not_found<B: Backend>() -> Run {
    let ((a, b), (c, d)) = (pairs::streams(), pairs::streams());
    let mut selector = Sockets::<B>::new().unwrap();
    assert_finds_nothing(&mut selector, || &a);
    // Descriptors below, between and above the registered ones.
    selector.register(&b, READ, 5).unwrap();
    selector.register(&d, READ, 6).unwrap();
    let above = d.try_clone().unwrap();
    for other in [&a, &c, &above] {
        assert_finds_nothing(&mut selector, || other);
        assert_finds_nothing(&mut selector, || other.as_fd());
    }
    Ok(())
}

fn a_duplicate_is_not_found<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Sockets::<B>::new().unwrap();
    let token = selector.register(&a, READ, 5).unwrap();
    assert_finds_nothing(&mut selector, || &duplicate);
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn what_was_unregistered_is_not_found<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let mut selector = Sockets::<B>::new().unwrap();
    let token = selector.register(&a, READ, 5).unwrap();
    selector.register(&c, READ, 6).unwrap();
    selector.unregister(token).unwrap();
    assert_finds_nothing(&mut selector, || token);
    assert_finds_nothing(&mut selector, || &token);
    assert_finds_nothing(&mut selector, || &a);
    assert_finds_nothing(&mut selector, || a.as_fd());
    assert_eq!(selector.data(&c), Some(&6));
    Ok(())
}

fn high_descriptors_are_found<B: Backend>() -> Run {
    let (_limit, most) = conformance::Descriptors::raise(300, 5000)?;
    let (a, _b) = pairs::streams();
    let highest = RawFd::try_from(most).unwrap() - 10;
    let high = Stream::from(pairs::numbered(&a, highest)?);
    let between = pairs::numbered(&a, highest / 2)?;
    let mut selector = Sockets::<B>::new().unwrap();
    assert_finds_nothing(&mut selector, || &high);
    let token = selector.register(&high, READ, 5).unwrap();
    assert_finds(&mut selector, token, &high, || &high);
    assert_finds_nothing(&mut selector, || &between);
    assert_finds_nothing(&mut selector, || &a);
    Ok(())
}

fn each_key_of_many_is_found<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..40).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let mut tokens: Vec<_> = pairs
        .iter()
        .enumerate()
        .map(|(number, (a, _))| selector.register(a, READ, number).unwrap())
        .collect();
    // Unregister some, and register a part of them again.
    for number in (0..40).step_by(3) {
        selector.unregister(tokens[number]).unwrap();
    }
    for number in (0..40).step_by(6) {
        tokens[number] = selector.register(&pairs[number].0, READ, number).unwrap();
    }
    for (number, ((a, b), token)) in pairs.iter().zip(&tokens).enumerate() {
        let expected = (number % 3 != 0 || number % 6 == 0).then_some(&number);
        assert_eq!((selector.data(a), selector.data(token)), (expected, expected));
        assert_eq!(selector.data(b), None);
    }
    Ok(())
}

fn a_token_finds_the_key_of_a_changed_descriptor<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let changing_fd = ChangingFd::new(a, c);
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(&changing_fd, WRITE, 5).unwrap();
    changing_fd.choose(1);
    // The file object finds the key of the descriptor that it lends now: none.
    assert_not_registered(selector.unregister(&changing_fd));
    assert_eq!(selector.data(token), Some(&5));
    assert_eq!(selector.key(token).map(|key| key.fd()), Some(changing_fd.fd(0)));
    // It finds its key when it lends the first descriptor again.
    changing_fd.choose(0);
    assert_eq!(now(&mut selector).len(), 1);
    selector.modify(token, READ).unwrap();
    assert_eq!(selector.unregister(&changing_fd).unwrap().data, 5);
    Ok(())
}
