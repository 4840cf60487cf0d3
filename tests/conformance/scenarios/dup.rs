//! Duplicates: several descriptors of one open file.

use conformance::{Run, interests, now, pairs, soon};
use selectors::backend::Backend;
use selectors::{Error, Interest, Mode, Selector};
use std::io::Write;
use std::time::{Duration, Instant};

conformance::scenarios!(dup:
    a_dead_key_is_silent_while_a_duplicate_is_open,
    a_waker_comes_through_while_a_duplicate_is_open,
    two_duplicates_are_two_keys,
    each_duplicate_has_its_own_interest,
    each_duplicate_has_its_own_mode,
    unregistering_one_leaves_the_other,
    pausing_one_leaves_the_other,
    closing_one_leaves_the_other,
    a_duplicate_finds_no_key,
    one_descriptor_in_two_selectors,
    a_dropped_selector_leaves_the_other,
);

fn a_dead_key_is_silent_while_a_duplicate_is_open<B: Backend>() -> Run {
    const LIMIT: Duration = Duration::from_millis(10);
    let (a, _b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, Interest::READ, ()).unwrap();
    assert_eq!(now(&mut selector).len(), 1);
    drop(selector.unregister(token).unwrap());
    // Not even an early end: the kernel has forgotten it.
    let start = Instant::now();
    assert!(selector.select(LIMIT).unwrap().is_empty());
    assert!(start.elapsed() >= LIMIT);
    drop(duplicate);
    assert!(now(&mut selector).is_empty());
    Ok(())
}

fn a_waker_comes_through_while_a_duplicate_is_open<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let _duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let waker = selector.waker().unwrap();
    let token = selector.register(a, Interest::READ, ()).unwrap();
    drop(selector.unregister(token).unwrap());
    waker.wake().unwrap();
    let found = soon(&mut selector);
    assert!(found.woken() && found.is_empty());
    Ok(())
}

fn two_duplicates_are_two_keys<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let first = selector.register(&a, Interest::READ, 1).unwrap();
    let second = selector.register(&duplicate, Interest::READ, 2).unwrap();
    assert_ne!(first, second);
    assert_eq!((selector.data(&a), selector.data(&duplicate)), (Some(&1), Some(&2)));
    assert!(now(&mut selector).is_empty());
    b.write_all(b"x").unwrap();
    assert_eq!(interests(&soon(&mut selector)), [(first, Interest::READ), (second, Interest::READ)].into());
    Ok(())
}

fn each_duplicate_has_its_own_interest<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let reader = selector.register(&a, Interest::READ, ()).unwrap();
    let writer = selector.register(&duplicate, Interest::WRITE, ()).unwrap();
    let found = interests(&now(&mut selector));
    assert_eq!(found, [(reader, Interest::READ), (writer, Interest::WRITE)].into());
    selector.modify(reader, Interest::READ | Interest::WRITE).unwrap();
    let found = interests(&now(&mut selector));
    assert_eq!(found, [(reader, Interest::READ | Interest::WRITE), (writer, Interest::WRITE)].into());
    Ok(())
}

fn each_duplicate_has_its_own_mode<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let once = selector.register_with(&a, Interest::READ, Mode::Oneshot, ()).unwrap();
    let always = selector.register(&duplicate, Interest::READ, ()).unwrap();
    assert_eq!(interests(&now(&mut selector)), [(once, Interest::READ), (always, Interest::READ)].into());
    assert_eq!(interests(&now(&mut selector)), [(always, Interest::READ)].into());
    Ok(())
}

fn unregistering_one_leaves_the_other<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let first = selector.register(&a, Interest::READ, ()).unwrap();
    let second = selector.register(&duplicate, Interest::READ, ()).unwrap();
    selector.unregister(first).unwrap();
    assert_eq!(interests(&now(&mut selector)), [(second, Interest::READ)].into());
    selector.unregister(second).unwrap();
    assert!(now(&mut selector).is_empty());
    Ok(())
}

fn pausing_one_leaves_the_other<B: Backend>() -> Run {
    let (a, b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let paused = selector.register(&a, Interest::READ, ()).unwrap();
    let other = selector.register(&duplicate, Interest::READ, ()).unwrap();
    selector.pause(paused).unwrap();
    drop(b);
    assert_eq!(interests(&now(&mut selector)), [(other, Interest::READ)].into());
    Ok(())
}

fn closing_one_leaves_the_other<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let first = selector.register(a, Interest::READ, ()).unwrap();
    let second = selector.register(duplicate, Interest::READ, ()).unwrap();
    drop(selector.unregister(first).unwrap());
    assert_eq!(interests(&now(&mut selector)), [(second, Interest::READ)].into());
    Ok(())
}

fn a_duplicate_finds_no_key<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, Interest::READ, ()).unwrap();
    assert!(selector.key(&duplicate).is_none());
    assert!(matches!(selector.modify(&duplicate, Interest::WRITE), Err(Error::NotRegistered)));
    assert!(matches!(selector.unregister(&duplicate), Err(Error::NotRegistered)));
    assert_eq!(interests(&now(&mut selector)), [(token, Interest::READ)].into());
    Ok(())
}

fn one_descriptor_in_two_selectors<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let (mut one, mut two) = (Selector::<B, _>::new().unwrap(), Selector::<B, _>::new().unwrap());
    let first = one.register(&a, Interest::READ, ()).unwrap();
    let second = two.register(&a, Interest::WRITE, ()).unwrap();
    assert!(now(&mut one).is_empty());
    b.write_all(b"x").unwrap();
    assert_eq!(interests(&soon(&mut one)), [(first, Interest::READ)].into());
    assert_eq!(interests(&now(&mut two)), [(second, Interest::WRITE)].into());
    one.unregister(&a).unwrap();
    assert!(now(&mut one).is_empty());
    assert_eq!(interests(&now(&mut two)), [(second, Interest::WRITE)].into());
    let first = one.register(&a, Interest::READ, ()).unwrap();
    two.unregister(&a).unwrap();
    assert!(now(&mut two).is_empty());
    assert_eq!(interests(&now(&mut one)), [(first, Interest::READ)].into());
    Ok(())
}

fn a_dropped_selector_leaves_the_other<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let (mut one, mut two) = (Selector::<B, _>::new().unwrap(), Selector::<B, _>::new().unwrap());
    one.register(&a, Interest::READ, ()).unwrap();
    let token = two.register(&a, Interest::READ, ()).unwrap();
    drop(one);
    assert_eq!(interests(&now(&mut two)), [(token, Interest::READ)].into());
    Ok(())
}
