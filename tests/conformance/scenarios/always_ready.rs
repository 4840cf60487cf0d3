//! Keys of files that are always ready: regular files, directories, the null device.
//!
//! `poll(2)` reports them as ready, and so does every back end, although some kernels refuse to watch them.

use super::always_ready_modes::{Files, file};
use conformance::{
    BOTH, MockBackend, NotRun, PRIORITY, READ, Run, Stream, WRITE, assert_idle, assert_list, assert_ready,
    assert_times_out, darwin, in_child, interests, need, now, pairs, soon, stdin, wait_ready,
};
use selectors::backend::{Backend, Poll, Select};
use selectors::sys::fd::{AsFd, OwnedFd};
use selectors::{Mode, Selector, Token};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::time::Duration;

conformance::scenarios!(always_ready:
    each_kind_is_reported_in_each_wait,
    the_null_device_is_reported_in_each_wait,
    a_file_is_ready_at_its_end,
    priority_alone_is_never_reported,
    sockets_are_reported_in_the_same_wait,
    one_wait_reports_all_of_many,
    a_wake_is_reported_in_the_same_wait,
    a_timeout_counts_while_no_key_is_armed,
    an_outer_selector_reports_it,
    only_tags_of_keys_are_reported,
    a_file_that_was_swapped_ends_no_wait,
    a_socket_replaces_a_file,
    a_file_replaces_a_socket,
    a_failed_registration_leaves_nothing,
    each_key_is_returned,
);

fn each_kind_is_reported_in_each_wait<B: Backend>() -> Run {
    for interest in [READ, WRITE, BOTH] {
        let mut selector = Files::<B>::new().unwrap();
        let files = [pairs::regular()?, pairs::regular_with("something")?, pairs::directory()?];
        let expected = files.map(|file| (selector.register(file, interest, ()).unwrap(), interest));
        for _ in 0..3 {
            assert_ready(&mut selector, expected);
            wait_ready(&mut selector, expected);
        }
    }
    Ok(())
}

fn the_null_device_is_reported_in_each_wait<B: Backend>() -> Run {
    for interest in [READ, WRITE, BOTH] {
        let mut selector = Files::<B>::new().unwrap();
        let token = selector.register(pairs::null()?, interest, ()).unwrap();
        for _ in 0..3 {
            assert_ready(&mut selector, [(token, interest)]);
            wait_ready(&mut selector, [(token, interest)]);
        }
    }
    Ok(())
}

fn a_file_is_ready_at_its_end<B: Backend>() -> Run {
    let (mut selector, file) = file::<B>(Mode::Level)?;
    let token = selector.register(file, READ, ()).unwrap();
    let mut text = String::new();
    selector.fileobj_mut(token).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "something");
    for _ in 0..2 {
        assert_ready(&mut selector, [(token, READ)]);
        assert_eq!(selector.fileobj_mut(token).unwrap().read(&mut [0]).unwrap(), 0);
    }
    Ok(())
}

/// `poll` never reports it, and accepts to wait for it.
fn priority_alone_is_never_reported<B: Backend>() -> Run {
    if darwin::APPLE {
        return Err(NotRun::because("XNU reports a priority for files that have none"));
    }
    let (mut selector, file) = file::<B>(Mode::Level)?;
    need(&selector, PRIORITY, Mode::Level)?;
    let token = selector.register(file, PRIORITY, ()).unwrap();
    assert_times_out(&mut selector, Duration::from_millis(1));
    selector.modify(token, PRIORITY | READ).unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    selector.modify(token, PRIORITY).unwrap();
    assert_times_out(&mut selector, Duration::from_millis(1));
    Ok(())
}

fn sockets_are_reported_in_the_same_wait<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, OwnedFd>::new().unwrap();
    let socket = selector.register(a.into(), READ, ()).unwrap();
    let file = selector.register(pairs::regular()?.into(), READ, ()).unwrap();
    assert_ready(&mut selector, [(file, READ)]);
    b.write_all(b"x").unwrap();
    wait_ready(&mut selector, [(file, READ), (socket, READ)]);
    selector.pause(file).unwrap();
    assert_ready(&mut selector, [(socket, READ)]);
    selector.rearm(file).unwrap();
    assert_ready(&mut selector, [(file, READ), (socket, READ)]);
    selector.unregister(file).unwrap();
    assert_ready(&mut selector, [(socket, READ)]);
    Ok(())
}

/// The room for events has to suffice with every number of sockets, and with every number of files.
fn one_wait_reports_all_of_many<B: Backend>() -> Run {
    let mut ends = Vec::new();
    let mut selector = Selector::<B, OwnedFd>::new().unwrap();
    let mut expected = BTreeMap::new();
    for count in 1..40 {
        let (a, b) = pairs::ready();
        expected.insert(selector.register(a.into(), READ, ()).unwrap(), READ);
        ends.push(b);
        if count % 3 == 0 {
            expected.insert(selector.register(pairs::regular()?.into(), READ, ()).unwrap(), READ);
        }
        let once = selector.register_with(pairs::regular()?.into(), READ, Mode::Oneshot, ()).unwrap();
        let found = now(&mut selector);
        assert_list(&found, expected.clone().into_iter().chain([(once, READ)]));
        assert_ready(&mut selector, expected.clone());
        selector.unregister(once).unwrap();
    }
    while let Some((token, _)) = expected.pop_first() {
        assert_eq!(soon(&mut selector).len(), expected.len() + 1);
        selector.unregister(token).unwrap();
    }
    assert_idle(&mut selector);
    Ok(())
}

fn a_wake_is_reported_in_the_same_wait<B: Backend>() -> Run {
    for mode in [Mode::Level, Mode::Oneshot] {
        let (mut selector, file) = file::<B>(mode)?;
        let waker = selector.waker().unwrap();
        let token = selector.register_with(file, READ, mode, ()).unwrap();
        for _ in 0..2 {
            waker.wake().unwrap();
            let found = soon(&mut selector);
            assert!(found.woken());
            assert_list(&found, [(token, READ)]);
            assert!(!now(&mut selector).woken());
            waker.wake().unwrap();
            assert!(soon(&mut selector).woken());
            selector.rearm(token).unwrap();
        }
    }
    Ok(())
}

fn a_timeout_counts_while_no_key_is_armed<B: Backend>() -> Run {
    const LIMIT: Duration = Duration::from_millis(3);
    let (mut selector, file) = file::<B>(Mode::Oneshot)?;
    let token = selector.register_with(file, READ, Mode::Oneshot, ()).unwrap();
    for limit in [None, Some(Duration::MAX)] {
        assert_list(&selector.select(limit).unwrap(), [(token, READ)]);
        assert_times_out(&mut selector, LIMIT);
        selector.modify_with(token, READ, Mode::Level).unwrap();
        assert_list(&selector.select(limit).unwrap(), [(token, READ)]);
        selector.pause(token).unwrap();
        assert_times_out(&mut selector, LIMIT);
        selector.modify_with(token, READ, Mode::Oneshot).unwrap();
    }
    selector.unregister(token).unwrap();
    assert_times_out(&mut selector, LIMIT);
    Ok(())
}

fn an_outer_selector_reports_it<B: Backend>() -> Run {
    fn check<B: Backend, O: Backend>() -> Run {
        let (mut inner, file) = file::<B>(Mode::Oneshot)?;
        let fd = inner.backend().fd().ok_or_else(|| NotRun::because("this back end has no descriptor"))?;
        let mut outer = Selector::<O, _>::new().unwrap();
        let key = outer.register(fd.try_clone_to_owned().unwrap(), READ, ()).unwrap();
        let token = inner.register_with(file, READ, Mode::Oneshot, ()).unwrap();
        for _ in 0..2 {
            wait_ready(&mut outer, [(key, READ)]);
            assert_ready(&mut inner, [(token, READ)]);
            assert_idle(&mut inner); // on the BSDs a queue stays readable until a wait finds nothing
            assert_idle(&mut outer);
            inner.modify_with(token, READ, Mode::Level).unwrap();
            for _ in 0..2 {
                wait_ready(&mut outer, [(key, READ)]);
                assert_ready(&mut inner, [(token, READ)]);
            }
            inner.pause(token).unwrap();
            assert_idle(&mut inner);
            assert_idle(&mut outer);
            inner.modify_with(token, READ, Mode::Oneshot).unwrap();
        }
        wait_ready(&mut outer, [(key, READ)]);
        inner.unregister(token).unwrap();
        assert_idle(&mut inner);
        assert_idle(&mut outer);
        Ok(())
    }
    check::<B, Poll>()?;
    check::<B, Select>()?;
    check::<B, B>()
}

/// The back end needs a descriptor of its own to end the wait, and nobody may see it.
fn only_tags_of_keys_are_reported<B: Backend>() -> Run {
    let (mut selector, control) = MockBackend::<B>::selector();
    let [one, two, three] = [pairs::regular()?, pairs::directory()?, pairs::regular()?];
    let level = selector.register(one, READ, ()).unwrap();
    let mut tags = vec![control.take_tag()];
    let once = selector.register_with(two, READ, Mode::Oneshot, ()).unwrap();
    tags.push(control.take_tag());
    assert_ready(&mut selector, [(level, READ), (once, READ)]);
    assert_ready(&mut selector, [(level, READ)]);
    selector.unregister(level).unwrap();
    assert_idle(&mut selector);
    selector.rearm(once).unwrap();
    tags.push(control.take_tag());
    assert_ready(&mut selector, [(once, READ)]);
    let third = selector.register(three, READ, ()).unwrap();
    tags.push(control.take_tag());
    assert_ready(&mut selector, [(third, READ)]);
    let expected = [tags[0], tags[1], tags[0], tags[2], tags[3]];
    let mut reported = control.take_reported();
    reported[..2].sort_by_key(|tag| *tag != tags[0]); // in any order
    assert_eq!(reported, expected);
    // Forged and late tags change nothing.
    let readiness = selectors::Readiness::all();
    control.inject(tags.iter().chain(&tags).map(|tag| (*tag, readiness)));
    assert_eq!(interests(&now(&mut selector)), [(third, READ)].into());
    selector.rearm(once).unwrap();
    assert_ready(&mut selector, [(third, READ), (once, READ)]);
    Ok(())
}

/// The number that was registered may be another file's by now, so the back end cannot be asked to remove it.
fn a_file_that_was_swapped_ends_no_wait<B: Backend>() -> Run {
    for unregister in [false, true] {
        let (mut selector, file) = file::<B>(Mode::Level)?;
        let other = pairs::regular()?;
        let token = selector.register(file, READ, ()).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
        let kept = std::mem::replace(selector.fileobj_mut(token).unwrap(), other);
        if unregister {
            selector.unregister(token).unwrap();
        } else {
            selector.pause(token).unwrap();
        }
        // One wait may end early.
        assert_idle(&mut selector);
        assert_times_out(&mut selector, Duration::from_millis(1));
        let token = selector.register(kept, READ, ()).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
    }
    Ok(())
}

/// Returns a selector with standard input, a file, and the key.
fn registered_stdin<B: Backend>(
    file: impl AsFd,
    mode: Mode,
) -> Result<(Selector<B, stdin::Stdin>, Token), NotRun> {
    let stdin = stdin::get()?;
    stdin::replace(file);
    let mut selector = Selector::new().unwrap();
    let token = selector.register_with(stdin, READ, mode, ()).unwrap();
    Ok((selector, token))
}

fn a_socket_replaces_a_file<B: Backend>() -> Run {
    in_child("a socket", &[], || {
        for mode in [Mode::Level, Mode::Oneshot] {
            let (mut selector, token) = registered_stdin::<B>(pairs::regular()?, mode)?;
            assert_ready(&mut selector, [(token, READ)]);
            let (a, mut b): (Stream, _) = pairs::streams();
            stdin::replace(&a);
            selector.modify_with(token, READ, Mode::Oneshot).unwrap();
            if mode == Mode::Level {
                selector.rearm(token).unwrap();
            }
            assert_idle(&mut selector);
            b.write_all(b"x").unwrap();
            wait_ready(&mut selector, [(token, READ)]);
            selector.unregister(token).unwrap();
            assert_times_out(&mut selector, Duration::from_millis(1));
        }
        Ok(())
    })
}

/// Kernels that keep a set have lost the socket. With the file registered again, everything works.
fn a_file_replaces_a_socket<B: Backend>() -> Run {
    in_child("a file", &[], || {
        let (a, b) = pairs::streams();
        let (mut selector, token) = registered_stdin::<B>(a, Mode::Level)?;
        assert_idle(&mut selector);
        drop(b);
        stdin::replace(pairs::regular()?);
        let stdin = selector.unregister(token).unwrap().fileobj;
        let token = selector.register(stdin, READ, ()).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
        selector.unregister(token).unwrap();
        assert_times_out(&mut selector, Duration::from_millis(1));
        Ok(())
    })
}

fn a_failed_registration_leaves_nothing<B: Backend>() -> Run {
    let (mut selector, file) = file::<B>(Mode::Level)?;
    let file = match selector.register(file, READ, ()) {
        Ok(token) => {
            let rejected =
                selector.register(pairs::regular()?, selectors::Interest::empty(), ()).unwrap_err();
            assert_ready(&mut selector, [(token, READ)]);
            drop(rejected);
            selector.unregister(token).unwrap().fileobj
        }
        Err(rejected) => panic!("{rejected:?}"),
    };
    // Without descriptors, a back end may refuse the file, or do without a descriptor of its own.
    let limit = conformance::Descriptors::none_left()?;
    let file = match selector.register(file, READ, ()) {
        Ok(token) => {
            assert_ready(&mut selector, [(token, READ)]);
            selector.unregister(token).unwrap().fileobj
        }
        Err(rejected) => {
            assert!(matches!(rejected.error, selectors::Error::Limit { .. }), "{:?}", rejected.error);
            rejected.fileobj
        }
    };
    assert!(selector.is_empty());
    assert_idle(&mut selector);
    drop(limit);
    let token = selector.register(file, READ, ()).unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    Ok(())
}

fn each_key_is_returned<B: Backend>() -> Run {
    let mut selector = Files::<B>::new().unwrap();
    for file in [pairs::regular()?, pairs::directory()?] {
        selector.register(file, BOTH, ()).unwrap();
    }
    assert_eq!(now(&mut selector).len(), 2);
    assert_eq!(selector.into_keys().count(), 2);
    Ok(())
}
