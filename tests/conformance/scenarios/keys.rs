//! The map of keys, and access to file objects and data.

use conformance::{BOTH, MockBackend, READ, Run, Stream, WRITE, now, pairs};
use selectors::backend::Backend;
use selectors::{Key, Mode, Selector};
use std::collections::BTreeSet;

conformance::scenarios!(keys:
    a_new_selector_has_no_keys,
    the_map_has_what_is_registered,
    iteration_yields_each_key_once,
    iteration_skips_unregistered_keys,
    keys_and_key_are_copy,
    data_can_be_changed,
    iter_mut_changes_all_data,
    parts_borrows_file_object_and_data_at_once,
    parts_of_an_unknown_key_are_none,
    changing_data_does_not_call_the_back_end,
    data_needs_no_traits,
    data_can_be_a_closure,
    debug_shows_keys_without_the_file_object,
);

fn a_new_selector_has_no_keys<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, &Stream>::new().unwrap();
    let keys = selector.keys();
    assert_eq!((keys.len(), keys.is_empty(), keys.iter().count()), (0, true, 0));
    assert!(!keys.contains(&a) && keys.get(&a).is_none());
    assert_eq!(selector.iter_mut().count(), 0);
    Ok(())
}

fn the_map_has_what_is_registered<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..4).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    for (number, (a, b)) in pairs.iter().enumerate() {
        selector.register(a, READ, number).unwrap();
        let keys = selector.keys();
        assert_eq!((keys.len(), keys.is_empty()), (number + 1, false));
        assert!(keys.contains(a) && !keys.contains(b) && keys.get(b).is_none());
        assert!(keys.get(a).is_some_and(|key| *key.data() == number));
    }
    for (number, (a, _)) in pairs.iter().enumerate() {
        selector.unregister(a).unwrap();
        assert_eq!((selector.keys().len(), selector.keys().contains(a)), (3 - number, false));
    }
    assert!(selector.keys().is_empty());
    Ok(())
}

fn iteration_yields_each_key_once<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..4).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let tokens: Vec<_> = (pairs.iter().enumerate())
        .map(|(number, (a, _))| selector.register(a, READ, number).unwrap())
        .collect();
    // Paused keys, too.
    selector.pause(tokens[1]).unwrap();
    selector.modify_with(tokens[2], WRITE, Mode::Oneshot).unwrap();
    assert_eq!(now(&mut selector).len(), 1);
    let mut keys: Vec<Key<'_, _, _>> = selector.keys().into_iter().collect();
    keys.sort_by_key(|key| *key.data());
    assert_eq!(keys.iter().map(Key::token).collect::<Vec<_>>(), tokens);
    assert!(keys.iter().zip(&pairs).all(|(key, (a, _))| std::ptr::eq(*key.fileobj(), a)));
    assert_eq!(keys.iter().map(Key::is_paused).collect::<Vec<_>>(), [false, true, false, false]);
    assert_eq!(keys.iter().map(Key::is_armed).collect::<Vec<_>>(), [true, false, false, true]);
    Ok(())
}

fn iteration_skips_unregistered_keys<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..6).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    for (number, (a, _)) in pairs.iter().enumerate() {
        selector.register(a, READ, number).unwrap();
    }
    for hole in [0, 3, 5] {
        selector.unregister(&pairs[hole].0).unwrap();
    }
    let left: BTreeSet<_> = selector.keys().iter().map(|key| *key.data()).collect();
    assert_eq!(left, [1, 2, 4].into());
    assert_eq!(selector.iter_mut().map(|(_, _, number)| *number).collect::<BTreeSet<_>>(), left);
    assert_eq!(selector.keys().len(), 3);
    Ok(())
}

fn keys_and_key_are_copy<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(&a, READ, 5).unwrap();
    let keys = selector.keys();
    let copy = keys;
    let key = { keys }.get(token).unwrap();
    let (other, data) = (key, key.data());
    // References from a key live as long as the borrow of the selector, not as the key.
    assert_eq!((copy.len(), other.token(), *data), (1, token, 5));
    let iter = copy.iter();
    assert_eq!((iter.clone().count(), iter.count()), (1, 1));
    Ok(())
}

fn data_can_be_changed<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let first = selector.register(&a, WRITE, 1).unwrap();
    let second = selector.register(&c, WRITE, 2).unwrap();
    assert_eq!(std::mem::replace(selector.data_mut(first).unwrap(), 10), 1);
    *selector.data_mut(&c).unwrap() += 1;
    assert_eq!((selector.data(first), selector.data(second)), (Some(&10), Some(&3)));
    assert_eq!(selector.key(first).map(|key| *key.data()), Some(10));
    let key = selector.key(first).unwrap();
    assert_eq!((key.interest(), key.is_armed()), (WRITE, true));
    assert_eq!(now(&mut selector).len(), 2);
    Ok(())
}

fn iter_mut_changes_all_data<B: Backend>() -> Run {
    let pairs: Vec<_> = (0..3).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    for (number, (a, _)) in pairs.iter().enumerate() {
        selector.register(a, READ, number).unwrap();
    }
    selector.pause(&pairs[0].0).unwrap();
    let mut count = 0;
    for (_, fileobj, number) in selector.iter_mut() {
        assert!(std::ptr::eq(*fileobj, &pairs[*number].0));
        *number += 100;
        count += 1;
    }
    assert_eq!(count, 3);
    for (number, (a, _)) in pairs.iter().enumerate() {
        assert_eq!(selector.data(a), Some(&(number + 100)));
    }
    Ok(())
}

fn parts_borrows_file_object_and_data_at_once<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(&a, READ, String::from("one")).unwrap();
    let (fileobj, data) = selector.parts(token).unwrap();
    data.push_str(", two");
    assert!(std::ptr::eq(*fileobj, &a));
    assert_eq!(selector.data(&a).map(String::as_str), Some("one, two"));
    Ok(())
}

fn parts_of_an_unknown_key_are_none<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, READ, ()).unwrap();
    assert!(selector.parts(&b).is_none() && selector.data_mut(&b).is_none());
    selector.unregister(token).unwrap();
    assert!(selector.parts(token).is_none() && selector.parts(&a).is_none());
    Ok(())
}

fn changing_data_does_not_call_the_back_end<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, READ, 1).unwrap();
    control.clear_calls();
    *selector.data_mut(token).unwrap() = 2;
    *selector.parts(token).unwrap().1 = 3;
    selector.iter_mut().for_each(|(_, _, data)| *data = 4);
    assert_eq!((selector.data(token), selector.keys().len()), (Some(&4), 1));
    assert_eq!(control.take_calls(), []);
    Ok(())
}

fn data_needs_no_traits<B: Backend>() -> Run {
    /// Implements nothing: no comparison, no copy, no default, no `Debug`.
    struct Opaque(u8);
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(&a, WRITE, Opaque(1)).unwrap();
    let rejected = selector.register(&a, WRITE, Opaque(2)).unwrap_err();
    assert_eq!(rejected.data.0, 2);
    selector.modify(token, WRITE).unwrap();
    assert_eq!(now(&mut selector).len(), 1);
    assert_eq!(selector.unregister(token).unwrap().data.0, 1);
    Ok(())
}

/// As programs for Python's `selectors` keep callbacks in `data`.
fn data_can_be_a_closure<B: Backend>() -> Run {
    type Action = Box<dyn FnMut(&Stream) -> usize>;
    let (a, mut b) = pairs::streams();
    std::io::Write::write_all(&mut b, b"four").unwrap();
    let mut selector = Selector::<B, Stream, Action>::new().unwrap();
    let mut sum = 0;
    let action = Box::new(move |stream: &Stream| {
        sum += pairs::drain(stream);
        sum
    });
    selector.register(a, BOTH, action).unwrap();
    for expected in [4, 4] {
        for (token, _) in &now(&mut selector) {
            let (stream, action) = selector.parts(token).unwrap();
            assert_eq!(action(stream), expected);
        }
    }
    Ok(())
}

/// The file object need not implement `Debug`.
fn debug_shows_keys_without_the_file_object<B: Backend>() -> Run {
    struct Mute(Stream);
    impl selectors::sys::fd::AsFd for Mute {
        fn as_fd(&self) -> selectors::sys::fd::BorrowedFd<'_> {
            self.0.as_fd()
        }
    }
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(Mute(a), READ, "mine").unwrap();
    let name = format!("{:?}", selector.backend().name());
    let shown = [
        format!("{selector:?}"),
        format!("{:?}", selector.keys()),
        format!("{:?}", selector.keys().iter()),
        format!("{:?}", selector.key(token).unwrap()),
    ];
    assert!(shown[0].contains(&name), "{}", shown[0]);
    for text in &shown {
        assert!(
            text.contains("\"mine\"") && text.contains("READ") && text.contains(&format!("{token:?}")),
            "{text}"
        );
    }
    let key = selector.unregister(token).unwrap();
    let text = format!("{key:?}");
    assert!(text.contains("\"mine\"") && text.contains(&format!("{token:?}")), "{text}");
    Ok(())
}
