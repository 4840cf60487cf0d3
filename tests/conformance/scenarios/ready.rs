//! The list of ready keys.

use conformance::{ACTIONS, BOTH, MockBackend, PRIORITY, READ, Run, WRITE, now, pairs, soon};
use selectors::backend::Backend;
use selectors::{Interest, Readiness, Ready, Selector, Token};
use std::io::Write;

conformance::scenarios!(ready:
    a_new_list_is_empty,
    get_finds_the_readiness_of_one_key,
    three_ways_to_iterate_yield_the_same,
    a_list_outlives_the_selector,
    debug_shows_tokens_and_readiness,
    each_readiness_has_its_method,
);

fn a_new_list_is_empty<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    for ready in [Ready::new(), Ready::default(), Ready::with_capacity(100)] {
        assert!(ready.is_empty() && !ready.woken());
        assert_eq!((ready.len(), ready.get(token)), (0, None));
        assert_eq!((ready.iter().next(), ready.into_iter().next()), (None, None));
    }
    Ok(())
}

fn get_finds_the_readiness_of_one_key<B: Backend>() -> Run {
    let ((a, b), (c, _d)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _>::new().unwrap();
    let [readable, writable, neither] = [
        selector.register(&a, READ, ()).unwrap(),
        selector.register(&b, WRITE, ()).unwrap(),
        selector.register(&c, READ, ()).unwrap(),
    ];
    (&b).write_all(b"x").unwrap();
    let ready = soon(&mut selector);
    assert_eq!(ready.get(readable), Some(Readiness::READ));
    assert_eq!(ready.get(writable), Some(Readiness::WRITE));
    assert_eq!(ready.get(neither), None);
    // Tokens for the same slot, of another selector or of a later registration, find nothing.
    let mut other = Selector::<B, _>::new().unwrap();
    assert_eq!(ready.get(other.register(&a, READ, ()).unwrap()), None);
    selector.unregister(readable).unwrap();
    assert_eq!(ready.get(selector.register(&a, READ, ()).unwrap()), None);
    Ok(())
}

fn three_ways_to_iterate_yield_the_same<B: Backend>() -> Run {
    let ((a, b), (c, _d)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _>::new().unwrap();
    for end in [a, b, c] {
        selector.register(end, WRITE, ()).unwrap();
    }
    let ready = now(&mut selector);
    assert_eq!((ready.iter().len(), ready.clone().into_iter().len()), (3, 3));
    let mut left = ready.iter();
    left.next();
    assert_eq!((left.len(), left.clone().count()), (2, 2));
    let by_method: Vec<_> = ready.iter().collect();
    let mut by_reference = Vec::new();
    for entry in &ready {
        by_reference.push(entry);
    }
    let by_value: Vec<(Token, Readiness)> = ready.into_iter().collect();
    assert_eq!(by_method, by_value);
    assert_eq!(by_reference, by_value);
    assert!(by_value.iter().all(|&(token, seen)| selector.key(token).is_some() && seen == Readiness::WRITE));
    Ok(())
}

fn a_list_outlives_the_selector<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    let ready = now(&mut selector);
    drop(selector);
    assert_eq!(ready.get(token), Some(Readiness::WRITE));
    Ok(())
}

fn debug_shows_tokens_and_readiness<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    let ready = now(&mut selector);
    let shown = format!("{ready:?}");
    assert!(shown.contains(&format!("{token:?}")) && shown.contains("WRITE"), "{shown}");
    assert!(shown.contains("woken: false"), "{shown}");
    assert!(format!("{:?}", ready.iter()).contains(&format!("{token:?}")));
    assert!(format!("{:?}", ready.into_iter()).contains('1'));
    Ok(())
}

fn each_readiness_has_its_method<B: Backend>() -> Run {
    let asks = [
        (Readiness::READ, Readiness::is_readable as fn(Readiness) -> bool, READ),
        (Readiness::WRITE, Readiness::is_writable, WRITE),
        (Readiness::PRIORITY, Readiness::is_priority, PRIORITY),
        (Readiness::READ_CLOSED, Readiness::is_read_closed, Interest::empty()),
        (Readiness::WRITE_CLOSED, Readiness::is_write_closed, Interest::empty()),
        (Readiness::ERROR, Readiness::is_error, Interest::empty()),
    ];
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, BOTH, ()).unwrap();
    let tag = control.take_tag();
    control.silence();
    for (readiness, ask, interest) in asks {
        assert!(ask(readiness) && ask(Readiness::all()));
        assert!(!ask(!readiness) && !ask(Readiness::empty()));
        assert_eq!(readiness.interest(), interest);
        // Hints are always reported, the others only if they are in the interest.
        control.inject([(tag, readiness)]);
        let expected = Some(readiness).filter(|seen| *seen != Readiness::PRIORITY);
        assert_eq!(now(&mut selector).get(token), expected);
    }
    assert_eq!(Readiness::all().interest(), ACTIONS);
    Ok(())
}
