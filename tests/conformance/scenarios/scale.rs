//! Many descriptors, and high numbers.

use conformance::{
    BOTH, Descriptors, NotRun, READ, Run, Stream, WAIT, WRITE, assert_idle, assert_list, assert_ready, pairs,
    soon, wait_ready,
};
use selectors::backend::Backend;
use selectors::sys::fd::{AsRawFd, RawFd};
use selectors::{Ready, Selector, Token};
use std::collections::BTreeMap;
use std::io::Write;

conformance::scenarios!(scale:
    half_of_many_ready_in_one_wait,
    all_of_many_ready_in_one_wait,
    all_ready_and_a_wake_in_one_wait,
    high_numbers,
    the_highest_number_comes_and_goes,
);

/// Python's test of this takes as many as the limit allows.
const MANY: u64 = 15_000;

/// Below this nothing is proven: `FD_SETSIZE` is 1024 almost everywhere.
const ENOUGH: u64 = 2_000;

fn half_of_many_ready_in_one_wait<B: Backend>() -> Run {
    let (_limit, count) = Descriptors::raise(ENOUGH, MANY)?;
    let pairs: Vec<_> = (0..count / 2).map(|_| pairs::streams()).collect();
    assert!(pairs.iter().any(|(a, _)| a.as_raw_fd() > 1024));
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let mut expected = BTreeMap::new();
    for (at, (a, b)) in pairs.iter().enumerate() {
        selector.register(a, READ, at).unwrap();
        expected.insert(selector.register(b, READ, at).unwrap(), READ);
    }
    assert_idle(&mut selector);
    for (a, _) in &pairs {
        (&mut &*a).write_all(b"x").unwrap();
    }
    // A new list; and one that is too small, then used again.
    assert_list(&selector.select(WAIT).unwrap(), expected.clone());
    let mut ready = Ready::with_capacity(1);
    for _ in 0..2 {
        assert_eq!(selector.select_into(&mut ready, WAIT).unwrap(), expected.len());
        assert_list(&ready, expected.clone());
    }
    // Every second of those that are ready goes, then the rest, then those that are not.
    let mut turn = 0;
    expected.retain(|&token, _| {
        turn += 1;
        turn % 2 == 0 || selector.unregister(token).is_err()
    });
    assert_ready(&mut selector, expected.clone());
    for &token in expected.keys() {
        selector.unregister(token).unwrap();
    }
    assert_idle(&mut selector);
    assert_eq!(selector.keys().len(), pairs.len());
    for (a, _) in &pairs {
        selector.unregister(a).unwrap();
    }
    assert!(selector.keys().is_empty());
    assert_idle(&mut selector);
    Ok(())
}

fn all_of_many_ready_in_one_wait<B: Backend>() -> Run {
    let (_limit, count) = Descriptors::raise(ENOUGH, MANY)?;
    let (a, _b) = pairs::streams();
    let duplicates: Vec<_> = (0..count - 2).map(|_| a.try_clone().unwrap()).collect();
    let mut selector = Selector::<B, _>::new().unwrap();
    let expected: BTreeMap<Token, _> =
        duplicates.into_iter().map(|file| (selector.register(file, WRITE, ()).unwrap(), WRITE)).collect();
    assert_ready(&mut selector, expected.clone());
    assert_eq!(selector.into_keys().count(), expected.len());
    Ok(())
}

fn all_ready_and_a_wake_in_one_wait<B: Backend>() -> Run {
    let files: Vec<_> = (0..40).map(|_| pairs::streams()).collect();
    // With the waker made first, and made last.
    for early in [true, false] {
        let mut selector = Selector::<B, _>::new().unwrap();
        let mut waker = early.then(|| selector.waker().unwrap());
        let mut expected = BTreeMap::new();
        for (a, _) in &files {
            expected.insert(selector.register(a, WRITE, ()).unwrap(), WRITE);
            if let Some(waker) = &waker {
                waker.wake().unwrap();
                let ready = soon(&mut selector);
                assert_list(&ready, expected.clone());
                assert!(ready.woken());
            }
        }
        waker.get_or_insert_with(|| selector.waker().unwrap()).wake().unwrap();
        let ready = soon(&mut selector);
        assert_list(&ready, expected);
        assert!(ready.woken());
    }
    Ok(())
}

/// A duplicate of a socket with about the highest number that there may be, above 1024 in any case.
fn highest(of: &Stream) -> Result<(Descriptors, Stream), NotRun> {
    let (limit, count) = Descriptors::raise(ENOUGH, MANY)?;
    let number = RawFd::try_from(count).unwrap();
    let duplicate = pairs::numbered(of, number)?;
    assert!(duplicate.as_raw_fd() >= number);
    Ok((limit, duplicate.into()))
}

fn high_numbers<B: Backend>() -> Run {
    let ((a, mut b), (low, mut low_peer)) = (pairs::streams(), pairs::streams());
    let (_limit, high) = highest(&a)?;
    let mut selector = Selector::<B, _>::new().unwrap();
    let low = selector.register(&low, READ, ()).unwrap();
    let token = selector.register(&high, READ, ()).unwrap();
    assert_idle(&mut selector);
    b.write_all(b"x").unwrap();
    wait_ready(&mut selector, [(token, READ)]);
    selector.modify(token, BOTH).unwrap();
    assert_ready(&mut selector, [(token, BOTH)]);
    low_peer.write_all(b"x").unwrap();
    selector.modify(token, WRITE).unwrap();
    assert_ready(&mut selector, [(low, READ), (token, WRITE)]);
    Ok(())
}

fn the_highest_number_comes_and_goes<B: Backend>() -> Run {
    let ((a, _b), (low, _low_peer)) = (pairs::streams(), pairs::streams());
    let (_limit, high) = highest(&a)?;
    let mut selector = Selector::<B, _>::new().unwrap();
    let low = selector.register(&low, WRITE, ()).unwrap();
    for _ in 0..3 {
        let token = selector.register(&high, WRITE, ()).unwrap();
        let both = [(low, WRITE), (token, WRITE)];
        assert_ready(&mut selector, both);
        selector.pause(&high).unwrap();
        assert_ready(&mut selector, [(low, WRITE)]);
        selector.rearm(&high).unwrap();
        assert_ready(&mut selector, both);
        selector.unregister(&high).unwrap();
        assert_ready(&mut selector, [(low, WRITE)]);
    }
    Ok(())
}
