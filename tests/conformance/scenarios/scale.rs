//! Many keys, high descriptors, and the time after a peak.

use conformance::{
    BOTH, Descriptors, NotRun, READ, Run, Stream, WAIT, WRITE, assert_idle, assert_list,
    assert_not_registered, assert_ready, pairs, soon, wait_ready,
};
use selectors::backend::Backend;
use selectors::sys::fd::{AsRawFd, RawFd};
use selectors::{Mode, Ready, Selector, Token};
use std::collections::{BTreeMap, HashSet};
use std::io::Write;

conformance::scenarios!(scale:
    one_wait_reports_half_of_many,
    one_wait_reports_all_of_many,
    one_wait_reports_all_keys_and_a_wake,
    high_descriptors_work,
    the_highest_descriptor_comes_and_goes,
    the_oldest_key_works_after_a_peak,
    the_newest_key_works_after_a_peak,
);

/// Python's test uses as many as the limit allows.
const MANY: u64 = 15_000;

/// The keys of a peak: far more than a selector has room for at first.
const PEAK: u64 = 3_000;

/// The least that proves something: `FD_SETSIZE` is 1024 almost everywhere.
const ENOUGH: u64 = 2_000;

fn one_wait_reports_half_of_many<B: Backend>() -> Run {
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
    // A new list, and one that is too small at first.
    assert_list(&selector.select(WAIT).unwrap(), expected.clone());
    let mut ready = Ready::with_capacity(1);
    for _ in 0..2 {
        assert_eq!(selector.select_into(&mut ready, WAIT).unwrap(), expected.len());
        assert_list(&ready, expected.clone());
    }
    // Unregister every second ready key, then the other ready ones, then the rest.
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

fn one_wait_reports_all_of_many<B: Backend>() -> Run {
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

fn one_wait_reports_all_keys_and_a_wake<B: Backend>() -> Run {
    let files: Vec<_> = (0..40).map(|_| pairs::streams()).collect();
    // The waker is made first, or last.
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

/// Returns a duplicate of a socket with nearly the highest number that the limit allows, above 1024.
fn highest(of: &Stream) -> Result<(Descriptors, Stream), NotRun> {
    let (limit, count) = Descriptors::raise(ENOUGH, MANY)?;
    let number = RawFd::try_from(count).unwrap();
    let duplicate = pairs::numbered(of, number)?;
    assert!(duplicate.as_raw_fd() >= number);
    Ok((limit, duplicate.into()))
}

fn high_descriptors_work<B: Backend>() -> Run {
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

fn the_highest_descriptor_comes_and_goes<B: Backend>() -> Run {
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

/// Registers many keys, and unregisters all but one. That one works like the only key of a new selector. The tokens of the
/// others find nothing, also when their slots are used again.
fn one_key_is_left<B: Backend>(choose: impl Fn(usize) -> usize) -> Run {
    let (_limit, count) = Descriptors::raise(ENOUGH, PEAK)?;
    let (a, mut b) = pairs::streams();
    let mut files: Vec<_> = (0..count - 2).map(|_| a.try_clone().unwrap()).collect();
    let kept = choose(files.len());
    let mut selector = Selector::<B, Stream, usize>::new().unwrap();
    let mut tokens: Vec<_> = (files.drain(..).enumerate())
        .map(|(number, file)| selector.register(file, READ, number).unwrap())
        .collect();
    assert_idle(&mut selector);
    let token = tokens.remove(kept);
    files.extend(tokens.iter().map(|token| selector.unregister(token).unwrap().fileobj));

    b.write_all(b"x").unwrap();
    wait_ready(&mut selector, [(token, READ)]);
    selector.modify_with(token, BOTH, Mode::Oneshot).unwrap();
    assert_ready(&mut selector, [(token, BOTH)]);
    assert_idle(&mut selector);
    selector.pause(token).unwrap();
    assert_idle(&mut selector);
    selector.modify_with(token, READ, Mode::Level).unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    assert_eq!((selector.keys().len(), selector.iter_mut().count()), (1, 1));
    assert_eq!(selector.data(token), Some(&kept));
    let old: HashSet<_> = tokens.iter().copied().collect();
    let find_nothing = |selector: &mut Selector<B, Stream, usize>| {
        for token in &tokens {
            assert!(selector.key(token).is_none() && selector.parts(token).is_none());
            assert_not_registered(selector.unregister(token));
        }
    };
    find_nothing(&mut selector);

    // Use some of the slots again, then all.
    for again in [10, files.len()] {
        let new: Vec<_> =
            files.drain(..again).map(|file| selector.register(file, WRITE, 0).unwrap()).collect();
        let writable = new.iter().map(|token| (*token, WRITE));
        assert_ready(&mut selector, writable.chain([(token, READ)]));
        assert!(new.iter().all(|new| *new != token && !old.contains(new)));
        find_nothing(&mut selector);
        files.extend(new.into_iter().map(|token| selector.unregister(token).unwrap().fileobj));
        assert_ready(&mut selector, [(token, READ)]);
    }
    assert_eq!(selector.into_keys().map(|key| key.token).collect::<Vec<_>>(), [token]);
    Ok(())
}

fn the_oldest_key_works_after_a_peak<B: Backend>() -> Run {
    one_key_is_left::<B>(|_| 0)
}

fn the_newest_key_works_after_a_peak<B: Backend>() -> Run {
    one_key_is_left::<B>(|count| count - 1)
}
