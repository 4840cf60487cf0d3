//! Duplicates: several descriptors of one open file.

use conformance::{
    BOTH, READ, Run, WRITE, assert_idle, assert_ready, assert_times_out, pairs, soon, wait_ready,
};
use selectors::backend::Backend;
use selectors::{Mode, Selector};
use std::io::Write;
use std::time::Duration;

conformance::scenarios!(duplicates:
    an_unregistered_file_is_not_reported,
    a_waker_works_beside_an_unregistered_file,
    two_duplicates_are_two_keys,
    each_duplicate_has_its_own_interest,
    each_duplicate_has_its_own_mode,
    unregistering_one_leaves_the_other,
    pausing_one_leaves_the_other,
    closing_one_leaves_the_other,
    one_descriptor_in_two_selectors,
    a_dropped_selector_leaves_the_other,
);

/// The kernel has forgotten the file, so it does not even end a wait early.
fn an_unregistered_file_is_not_reported<B: Backend>() -> Run {
    const LIMIT: Duration = Duration::from_millis(5);
    let (a, _b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, BOTH, ()).unwrap();
    assert_ready(&mut selector, [(token, BOTH)]);
    let key = selector.unregister(token).unwrap();
    assert_times_out(&mut selector, LIMIT);
    drop(key);
    assert_times_out(&mut selector, LIMIT);
    drop(duplicate);
    assert_idle(&mut selector);
    Ok(())
}

fn a_waker_works_beside_an_unregistered_file<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let _duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let waker = selector.waker().unwrap();
    let token = selector.register(a, READ, ()).unwrap();
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
    let first = selector.register(&a, READ, 1).unwrap();
    let second = selector.register(&duplicate, READ, 2).unwrap();
    assert_ne!(first, second);
    assert_eq!((selector.data(&a), selector.data(&duplicate)), (Some(&1), Some(&2)));
    assert_idle(&mut selector);
    b.write_all(b"x").unwrap();
    wait_ready(&mut selector, [(first, READ), (second, READ)]);
    Ok(())
}

fn each_duplicate_has_its_own_interest<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let reader = selector.register(&a, READ, ()).unwrap();
    let writer = selector.register(&duplicate, WRITE, ()).unwrap();
    assert_ready(&mut selector, [(reader, READ), (writer, WRITE)]);
    selector.modify(reader, BOTH).unwrap();
    assert_ready(&mut selector, [(reader, BOTH), (writer, WRITE)]);
    Ok(())
}

fn each_duplicate_has_its_own_mode<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let once = selector.register_with(&a, READ, Mode::Oneshot, ()).unwrap();
    let always = selector.register(&duplicate, READ, ()).unwrap();
    assert_ready(&mut selector, [(once, READ), (always, READ)]);
    assert_ready(&mut selector, [(always, READ)]);
    Ok(())
}

fn unregistering_one_leaves_the_other<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let first = selector.register(&a, READ, ()).unwrap();
    let second = selector.register(&duplicate, READ, ()).unwrap();
    selector.unregister(first).unwrap();
    assert_ready(&mut selector, [(second, READ)]);
    selector.unregister(second).unwrap();
    assert_idle(&mut selector);
    Ok(())
}

fn pausing_one_leaves_the_other<B: Backend>() -> Run {
    let (a, b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let paused = selector.register(&a, READ, ()).unwrap();
    let other = selector.register(&duplicate, READ, ()).unwrap();
    selector.pause(paused).unwrap();
    drop(b);
    assert_ready(&mut selector, [(other, READ)]);
    Ok(())
}

fn closing_one_leaves_the_other<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let duplicate = a.try_clone().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let first = selector.register(a, READ, ()).unwrap();
    let second = selector.register(duplicate, READ, ()).unwrap();
    drop(selector.unregister(first).unwrap());
    assert_ready(&mut selector, [(second, READ)]);
    Ok(())
}

fn one_descriptor_in_two_selectors<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let (mut one, mut two) = (Selector::<B, _>::new().unwrap(), Selector::<B, _>::new().unwrap());
    let first = one.register(&a, READ, ()).unwrap();
    let second = two.register(&a, WRITE, ()).unwrap();
    assert_idle(&mut one);
    b.write_all(b"x").unwrap();
    wait_ready(&mut one, [(first, READ)]);
    assert_ready(&mut two, [(second, WRITE)]);
    one.unregister(&a).unwrap();
    assert_idle(&mut one);
    assert_ready(&mut two, [(second, WRITE)]);
    let first = one.register(&a, READ, ()).unwrap();
    two.unregister(&a).unwrap();
    assert_idle(&mut two);
    assert_ready(&mut one, [(first, READ)]);
    Ok(())
}

fn a_dropped_selector_leaves_the_other<B: Backend>() -> Run {
    let (a, _b) = pairs::ready();
    let (mut one, mut two) = (Selector::<B, _>::new().unwrap(), Selector::<B, _>::new().unwrap());
    one.register(&a, READ, ()).unwrap();
    let token = two.register(&a, READ, ()).unwrap();
    drop(one);
    assert_ready(&mut two, [(token, READ)]);
    Ok(())
}
