//! A registered descriptor number that is replaced by another file.
//!
//! The kernel's registration belongs to the old file. It stays, and reports events, while a duplicate keeps that file open:
//! epoll(7), "Questions and answers", 6. The back end moves what is armed to another set then.
//! Standard input is the one number that safe code can replace.

use super::super::common::is_readable;
use conformance::{
    BOTH, Descriptors, READ, Run, Stream, WAIT, WRITE, assert_idle, assert_ready, assert_times_out, in_child,
    interests, now, pairs, soon, stdin,
};
use selectors::{EpollSelector, Error, Mode, Readiness, SharedSelector, Timeout};
use std::io::{Stdin, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

conformance::scenarios_of!(epoll, replaced:
    stale_registrations_end_one_wait,
    a_rebuilt_set_has_every_key,
    a_rebuilt_set_has_the_waker,
    an_outer_selector_sees_the_rebuilt_set,
    stale_registrations_end_no_wait_of_a_shared_selector,
    a_set_that_cannot_be_rebuilt_is_kept,
    the_new_file_can_be_registered,
    the_old_file_can_be_registered_again,
    changing_a_replaced_file_is_refused,
    closed_numbers_can_be_unregistered,
);

type Selector<'a> = EpollSelector<&'a Stdin, u32>;

/// Standard input with a readable socket behind it, and both ends of that socket.
fn readable_stdin() -> (Stdin, Stream, Stream) {
    let (a, mut b) = pairs::streams();
    stdin::replace(&a);
    b.write_all(b"x").unwrap();
    (std::io::stdin(), a, b)
}

/// The first wait reports it, and the set is rebuilt.
fn stale_registrations_end_one_wait() -> Run {
    in_child("left behind", &[], || {
        let (stdin, _old, _peer) = readable_stdin();
        let (quiet, _other) = pairs::streams();
        let mut selector = Selector::new().unwrap();
        let token = selector.register(&stdin, READ, 1).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
        stdin::replace(&quiet);
        // The kernel does not know the new file, and the key is removed all the same.
        assert_eq!(selector.unregister(token).unwrap().data, 1);
        assert!(selector.keys().is_empty());
        assert!(is_readable(&selector), "the kernel has no stale registration");
        assert!(selector.select(Timeout::NEVER).unwrap().is_empty());
        assert!(!is_readable(&selector));
        assert_times_out(&mut selector, Duration::from_millis(1));
        Ok(())
    })
}

/// The set is rebuilt under the descriptor for which the thread waits.
fn stale_registrations_end_no_wait_of_a_shared_selector() -> Run {
    in_child("shared", &[], || {
        let (stdin, _old, _peer) = readable_stdin();
        let (quiet, mut other) = pairs::streams();
        let mut selector = Selector::new().unwrap();
        let token = selector.register(&stdin, READ, 1).unwrap();
        let shared = SharedSelector::new(selector).unwrap();
        stdin::replace(&quiet);
        shared.with(|selector| selector.unregister(token)).unwrap();
        let (start, limit) = (Instant::now(), Duration::from_millis(5));
        let ready = shared.select(limit).unwrap();
        assert!(ready.is_empty() && start.elapsed() >= limit);
        assert!(!is_readable(&shared), "the stale registration is still there");
        let token = shared.with(|selector| selector.register(&stdin, READ, 2)).unwrap();
        other.write_all(b"x").unwrap();
        assert_eq!(shared.select(WAIT).unwrap().get(token), Some(Readiness::READ));
        Ok(())
    })
}

/// Calls `act` with a selector that has a key, makes the registration of that key stale, and lets a wait find it.
fn rebuilt(act: impl FnOnce(&mut EpollSelector<Box<dyn AsFd>, u32>)) -> EpollSelector<Box<dyn AsFd>, u32> {
    let (stdin, old, peer) = readable_stdin();
    let (quiet, _other) = pairs::streams();
    let mut selector = EpollSelector::<Box<dyn AsFd>, u32>::new().unwrap();
    let token = selector.register(Box::new(stdin), READ, 1).unwrap();
    act(&mut selector);
    stdin::replace(&quiet);
    selector.unregister(token).unwrap();
    let before = selector.as_fd().as_raw_fd();
    let _ = now(&mut selector);
    assert_eq!(selector.as_fd().as_raw_fd(), before, "the new set has another descriptor");
    drop((old, peer));
    selector
}

/// Keys of every mode and state.
fn a_rebuilt_set_has_every_key() -> Run {
    in_child("every key", &[], || {
        let ends: Vec<_> = (0..6).map(|_| pairs::ready()).collect();
        let mut tokens = Vec::new();
        let file = pairs::regular()?;
        let mut selector = rebuilt(|selector| {
            for ((a, _), at) in ends.iter().zip(0..) {
                let mode = [Mode::Level, Mode::Oneshot, Mode::Edge][at as usize % 3];
                let a = a.try_clone().unwrap();
                tokens.push(selector.register_with(Box::new(a), READ, mode, at).unwrap());
            }
            tokens.push(selector.register(Box::new(file), READ, 9).unwrap());
            selector.pause(tokens[3]).unwrap();
            assert_eq!(now(selector).len(), 7, "all but the paused one, and standard input");
            selector.rearm(tokens[4]).unwrap();
        });
        // The first one-shot key has fired before, and the wait that found the stale registration reported the other.
        let [level, fired, edge, paused, spent, other_edge, file] = tokens[..] else { unreachable!() };
        let found = interests(&now(&mut selector));
        let expected = [level, edge, other_edge, file].map(|token| (token, READ));
        assert_eq!(found, expected.into(), "edges are reported again");
        assert_ready(&mut selector, [(level, READ), (file, READ)]);
        assert!([fired, spent].iter().all(|token| !selector.key(*token).unwrap().is_armed()));
        for token in [fired, paused, spent, edge] {
            selector.rearm(token).unwrap();
            assert_ready(&mut selector, [(level, READ), (file, READ), (token, READ)]);
            selector.unregister(token).unwrap();
        }
        selector.modify(level, WRITE).unwrap();
        selector.unregister(file).unwrap();
        assert_ready(&mut selector, [(level, WRITE)]);
        Ok(())
    })
}

fn a_rebuilt_set_has_the_waker() -> Run {
    in_child("waker", &[], || {
        let mut waker = None;
        let mut selector = rebuilt(|selector| {
            let made = selector.waker().unwrap();
            made.wake().unwrap();
            assert!(now(selector).woken());
            waker = Some(made);
        });
        assert_times_out(&mut selector, Duration::from_millis(1));
        for _ in 0..2 {
            waker.as_ref().unwrap().wake().unwrap();
            assert!(soon(&mut selector).woken());
            assert_idle(&mut selector);
        }
        Ok(())
    })
}

/// A selector that watches the earlier descriptor learns of keys that are registered later.
fn an_outer_selector_sees_the_rebuilt_set() -> Run {
    in_child("outer", &[], || {
        let mut outer = EpollSelector::<OwnedFd>::new().unwrap();
        let mut inner = rebuilt(|selector| {
            outer.register(selector.as_fd().try_clone_to_owned().unwrap(), READ, ()).unwrap();
        });
        assert_idle(&mut outer); // the stale file is closed
        let (a, mut b) = pairs::streams();
        inner.register(Box::new(a), READ, 2).unwrap();
        assert_idle(&mut outer);
        b.write_all(b"x").unwrap();
        assert_eq!(soon(&mut outer).len(), 1);
        assert_eq!(now(&mut inner).len(), 1);
        Ok(())
    })
}

fn a_set_that_cannot_be_rebuilt_is_kept() -> Run {
    in_child("no descriptors", &[], || {
        let (stdin, _old, _peer) = readable_stdin();
        let (quiet, _other) = pairs::streams();
        let mut selector = Selector::new().unwrap();
        let token = selector.register(&stdin, READ, 1).unwrap();
        stdin::replace(&quiet);
        selector.pause(token).unwrap();
        let descriptors = Descriptors::none_left()?;
        assert_idle(&mut selector);
        assert!(is_readable(&selector));
        drop(descriptors);
        assert_idle(&mut selector);
        assert!(!is_readable(&selector));
        selector.rearm(token).unwrap();
        assert_idle(&mut selector);
        Ok(())
    })
}

fn the_new_file_can_be_registered() -> Run {
    in_child("new file", &[], || {
        let (stdin, _old, _peer) = readable_stdin();
        let (new, mut other) = pairs::streams();
        let mut selector = Selector::new().unwrap();
        let first = selector.register(&stdin, READ, 1).unwrap();
        stdin::replace(&new);
        selector.unregister(first).unwrap();
        let second = selector.register(&stdin, READ, 2).unwrap();
        assert_idle(&mut selector);
        assert_times_out(&mut selector, Duration::from_millis(1));
        other.write_all(b"x").unwrap();
        for _ in 0..2 {
            assert_ready(&mut selector, [(second, READ)]);
        }
        selector.unregister(second).unwrap();
        assert_idle(&mut selector);
        Ok(())
    })
}

fn the_old_file_can_be_registered_again() -> Run {
    in_child("old file again", &[], || {
        let (stdin, old, _peer) = readable_stdin();
        let (new, _other) = pairs::streams();
        let mut selector = Selector::new().unwrap();
        let first = selector.register(&stdin, READ, 1).unwrap();
        stdin::replace(&new);
        selector.unregister(first).unwrap();
        stdin::replace(&old);
        // The kernel still has the old registration; the selector has none.
        let second = selector.register_with(&stdin, BOTH, Mode::Oneshot, 2).unwrap();
        assert_ready(&mut selector, [(second, BOTH)]);
        assert_idle(&mut selector);
        selector.unregister(second).unwrap();
        assert!(!is_readable(&selector));
        Ok(())
    })
}

fn changing_a_replaced_file_is_refused() -> Run {
    in_child("change", &[], || {
        let (stdin, old, _peer) = readable_stdin();
        let (new, _other) = pairs::streams();
        let mut selector = Selector::new().unwrap();
        let token = selector.register(&stdin, READ, 1).unwrap();
        stdin::replace(&new);
        let error = selector.modify(token, WRITE).unwrap_err();
        assert!(matches!(error, Error::Lost { fd: 0, .. }), "{error:?}");
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
        assert_eq!(selector.key(token).unwrap().interest(), READ);
        // With the old file back, changes work.
        stdin::replace(&old);
        selector.modify(token, WRITE).unwrap();
        assert_ready(&mut selector, [(token, WRITE)]);
        Ok(())
    })
}

fn closed_numbers_can_be_unregistered() -> Run {
    in_child("closed", &[], || {
        let (stdin, old, _peer) = readable_stdin();
        let mut selector = Selector::new().unwrap();
        let token = selector.register(&stdin, READ, 1).unwrap();
        stdin::close();
        assert_eq!(selector.unregister(token).unwrap().data, 1);
        assert!(selector.keys().is_empty());
        let error = selector.register(&stdin, READ, 2).unwrap_err().error;
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
        stdin::replace(&old);
        let token = selector.register(&stdin, READ, 3).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
        Ok(())
    })
}
