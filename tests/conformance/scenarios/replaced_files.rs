//! Descriptors that are closed, or get another file, while they are registered.
//!
//! Kernels differ: epoll keeps the old file; `poll` and `select` keep nothing, and wait for the file that is there now.
//! Standard input is the descriptor that safe programs can close or replace.

use conformance::stdin::{self, Stdin};
use conformance::{
    BOTH, READ, Run, Stream, WRITE, assert_idle, assert_not_registered, assert_ready, in_child, interests,
    now, pairs, soon, wait_ready,
};
use selectors::backend::Backend;
use selectors::{Error, Mode, Selector};
use std::io::Write;

conformance::scenarios!(replaced_files:
    unregister_after_a_replacement,
    unregister_after_a_close,
    unregister_after_a_replacement_by_a_regular_file,
    the_new_file_can_be_registered,
    the_old_file_can_be_registered_again,
    the_descriptor_is_registered_until_its_key_goes,
    modify_after_a_replacement,
    modify_after_a_close,
    modify_after_a_replacement_by_a_regular_file,
    rearm_after_a_replacement,
    a_replacement_while_paused_is_used,
    pause_after_a_replacement,
    pause_after_a_close,
    other_keys_work_once_the_key_is_gone,
    into_keys_returns_the_key,
);

/// Replaces standard input by a socket. Returns a duplicate of it, which keeps the socket open, and its peer.
fn stdin_socket() -> (Stream, Stream) {
    let (a, b) = pairs::streams();
    stdin::replace(&a);
    (a, b)
}

/// Does the same, with data to read.
fn readable_stdin() -> (Stream, Stream) {
    let (a, mut b) = stdin_socket();
    b.write_all(b"x").unwrap();
    (a, b)
}

fn unregister_after_a_replacement<B: Backend>() -> Run {
    in_child("unregister", &[], || {
        let stdin = stdin::get()?;
        let _old = readable_stdin();
        let mut selector = Selector::<B, &Stdin, _>::new().unwrap();
        let token = selector.register(&stdin, READ, "data").unwrap();
        assert_ready(&mut selector, [(token, READ)]);
        let _new = readable_stdin();
        let key = selector.unregister(token).unwrap();
        assert_eq!((key.fd, key.data, key.token), (0, "data", token));
        assert!(selector.keys().is_empty());
        assert_not_registered(selector.unregister(token));
        assert_idle(&mut selector);
        Ok(())
    })
}

/// Unregisters a key whose file was replaced or closed.
fn unregister_after<B: Backend>(replace: impl FnOnce()) -> Run {
    let stdin = stdin::get()?;
    let _old = readable_stdin();
    let mut selector = Selector::<B, &Stdin, _>::new().unwrap();
    let token = selector.register(&stdin, READ, "data").unwrap();
    replace();
    assert_eq!(selector.unregister(token).unwrap().data, "data");
    assert!(selector.keys().is_empty());
    assert_idle(&mut selector);
    Ok(())
}

fn unregister_after_a_close<B: Backend>() -> Run {
    in_child("unregister", &[], || unregister_after::<B>(stdin::close))
}

fn unregister_after_a_replacement_by_a_regular_file<B: Backend>() -> Run {
    in_child("unregister", &[], || {
        let file = pairs::regular()?;
        unregister_after::<B>(|| stdin::replace(file))
    })
}

fn the_new_file_can_be_registered<B: Backend>() -> Run {
    in_child("again", &[], || {
        let stdin = stdin::get()?;
        drop(stdin_socket()); // only standard input keeps the old file open
        let mut selector = Selector::<B, &Stdin>::new().unwrap();
        let first = selector.register(&stdin, READ, ()).unwrap();
        let (_new, mut peer) = stdin_socket();
        selector.unregister(first).unwrap();
        let second = selector.register(&stdin, READ, ()).unwrap();
        assert_idle(&mut selector);
        peer.write_all(b"x").unwrap();
        wait_ready(&mut selector, [(second, READ)]);
        Ok(())
    })
}

fn the_old_file_can_be_registered_again<B: Backend>() -> Run {
    in_child("back", &[], || {
        let stdin = stdin::get()?;
        let (old, _peer) = readable_stdin();
        let mut selector = Selector::<B, &Stdin>::new().unwrap();
        let first = selector.register(&stdin, READ, ()).unwrap();
        let _new = stdin_socket();
        selector.unregister(first).unwrap();
        stdin::replace(&old);
        let second = selector.register(&stdin, READ, ()).unwrap();
        assert_ready(&mut selector, [(second, READ)]);
        selector.unregister(second).unwrap();
        assert_idle(&mut selector);
        Ok(())
    })
}

fn the_descriptor_is_registered_until_its_key_goes<B: Backend>() -> Run {
    in_child("taken", &[], || {
        let stdin = stdin::get()?;
        let _old = stdin_socket();
        let mut selector = Selector::<B, &Stdin, _>::new().unwrap();
        let first = selector.register(&stdin, READ, 1).unwrap();
        let _new = readable_stdin();
        let rejected = selector.register(&stdin, READ, 2).unwrap_err();
        assert!(matches!(rejected.error, Error::AlreadyRegistered { fd: 0, token, .. } if token == first));
        assert_eq!((selector.data(&stdin), selector.data(first)), (Some(&1), Some(&1)));
        Ok(())
    })
}

/// Asserts that a change of a key whose file was replaced fails as lost, or applies to the new file, which has this peer.
fn lost_or_changed<B: Backend>(
    selector: &mut Selector<B, &Stdin>,
    change: impl Fn(&mut Selector<B, &Stdin>) -> Result<(), Error>,
    mut peer: &Stream,
) {
    let key = selector.keys().iter().next().unwrap();
    let (stdin, token) = (*key.fileobj(), key.token());
    let before = (key.interest(), key.mode(), key.is_armed());
    match change(selector) {
        Ok(()) => {
            peer.write_all(b"x").unwrap();
            assert!(interests(&soon(selector)).get(&token).unwrap().contains(READ));
        }
        Err(error) => {
            assert!(matches!(error, Error::Lost { fd: 0, .. }), "{error:?}");
            assert!(error.raw_os_error().is_some());
            let key = selector.key(token).unwrap();
            assert_eq!((key.interest(), key.mode(), key.is_armed()), before);
            // As the message of the error advises.
            selector.unregister(token).unwrap();
            let token = selector.register(stdin, READ, ()).unwrap();
            peer.write_all(b"x").unwrap();
            wait_ready(selector, [(token, READ)]);
        }
    }
}

fn modify_after_a_replacement<B: Backend>() -> Run {
    in_child("modify", &[], || {
        let stdin = stdin::get()?;
        drop(stdin_socket());
        let mut selector = Selector::<B, &Stdin>::new().unwrap();
        let token = selector.register(&stdin, WRITE, ()).unwrap();
        let (_new, peer) = stdin_socket();
        lost_or_changed(&mut selector, |selector| selector.modify(token, READ), &peer);
        Ok(())
    })
}

/// Asserts that a change of a key whose file is gone fails and changes nothing, or succeeds.
fn modify_after<B: Backend>(replace: impl FnOnce()) -> Run {
    let stdin = stdin::get()?;
    drop(stdin_socket());
    let mut selector = Selector::<B, &Stdin>::new().unwrap();
    let token = selector.register(&stdin, READ, ()).unwrap();
    replace();
    let both = BOTH;
    let expected = match selector.modify(token, both) {
        Ok(()) => both,
        Err(Error::Lost { fd: 0, .. }) => READ,
        Err(error) => panic!("{error:?}"),
    };
    assert_eq!(selector.key(token).unwrap().interest(), expected);
    selector.unregister(token).unwrap();
    assert_idle(&mut selector);
    Ok(())
}

fn modify_after_a_close<B: Backend>() -> Run {
    in_child("modify", &[], || modify_after::<B>(stdin::close))
}

fn modify_after_a_replacement_by_a_regular_file<B: Backend>() -> Run {
    in_child("modify", &[], || {
        let file = pairs::regular()?;
        modify_after::<B>(|| stdin::replace(file))
    })
}

fn rearm_after_a_replacement<B: Backend>() -> Run {
    in_child("rearm", &[], || {
        let stdin = stdin::get()?;
        drop(readable_stdin());
        let mut selector = Selector::<B, &Stdin>::new().unwrap();
        let token = selector.register_with(&stdin, READ, Mode::Oneshot, ()).unwrap();
        assert_eq!(now(&mut selector).len(), 1);
        let (_new, peer) = stdin_socket();
        lost_or_changed(&mut selector, |selector| selector.rearm(token), &peer);
        Ok(())
    })
}

fn a_replacement_while_paused_is_used<B: Backend>() -> Run {
    in_child("paused", &[], || {
        let stdin = stdin::get()?;
        let _old = readable_stdin();
        let mut selector = Selector::<B, &Stdin>::new().unwrap();
        let token = selector.register(&stdin, READ, ()).unwrap();
        selector.pause(token).unwrap();
        let (_new, mut peer) = stdin_socket();
        selector.rearm(token).unwrap(); // the kernel knows neither file
        assert_idle(&mut selector);
        peer.write_all(b"x").unwrap();
        wait_ready(&mut selector, [(token, READ)]);
        Ok(())
    })
}

fn pause_after_a_replacement<B: Backend>() -> Run {
    in_child("pause", &[], || {
        let stdin = stdin::get()?;
        let _old = readable_stdin();
        let mut selector = Selector::<B, &Stdin>::new().unwrap();
        let token = selector.register(&stdin, READ, ()).unwrap();
        let _new = readable_stdin();
        selector.pause(token).unwrap();
        assert!(selector.key(token).unwrap().is_paused());
        assert_idle(&mut selector);
        selector.rearm(token).unwrap();
        assert!(!selector.key(token).unwrap().is_paused());
        wait_ready(&mut selector, [(token, READ)]);
        Ok(())
    })
}

fn pause_after_a_close<B: Backend>() -> Run {
    in_child("pause", &[], || {
        let stdin = stdin::get()?;
        let _old = readable_stdin();
        let mut selector = Selector::<B, &Stdin>::new().unwrap();
        let token = selector.register(&stdin, READ, ()).unwrap();
        stdin::close();
        selector.pause(token).unwrap();
        assert_idle(&mut selector);
        selector.unregister(token).unwrap();
        Ok(())
    })
}

fn other_keys_work_once_the_key_is_gone<B: Backend>() -> Run {
    in_child("harm", &[], || {
        let stdin = stdin::get()?;
        drop(stdin_socket());
        let mut selector = Selector::<B, Box<dyn selectors::sys::fd::AsFd>>::new().unwrap();
        let (a, mut b) = pairs::streams();
        b.write_all(b"x").unwrap();
        let closed = selector.register(Box::new(stdin), READ, ()).unwrap();
        let other = selector.register(Box::new(a), READ, ()).unwrap();
        stdin::close();
        // The wait may fail (select) or report the closed key (poll), but no unknown key.
        match selector.select(std::time::Duration::ZERO) {
            Ok(ready) => assert!(ready.iter().all(|(token, _)| token == closed || token == other)),
            // The error names the key.
            Err(Error::Lost { fd: 0, token, source, .. }) => {
                assert_eq!((token, source.raw_os_error()), (closed, Some(libc::EBADF)));
            }
            Err(error) => panic!("{error:?}"),
        }
        selector.unregister(closed).unwrap();
        assert_ready(&mut selector, [(other, READ)]);
        Ok(())
    })
}

fn into_keys_returns_the_key<B: Backend>() -> Run {
    let with = |replace: fn()| -> Run {
        let stdin = stdin::get()?;
        let _old = stdin_socket();
        let mut selector = Selector::<B, &Stdin, _>::new().unwrap();
        let token = selector.register(&stdin, READ, "data").unwrap();
        replace();
        let keys: Vec<_> = selector.into_keys().map(|key| (key.token, key.fd, key.data)).collect();
        assert_eq!(keys, [(token, 0, "data")]);
        Ok(())
    };
    in_child("closed", &[], || with(stdin::close))?;
    in_child("replaced", &[], || with(|| drop(stdin_socket())))
}
