//! A registered descriptor number that is replaced by another file.
//!
//! The kernel's registration belongs to the old file. It stays, and reports events, while a duplicate keeps that file open:
//! epoll(7), "Questions and answers", 6. Standard input is the one number that safe code can replace.

use super::super::common::is_readable;
use conformance::{BOTH, READ, Run, Stream, WRITE, assert_idle, assert_ready, in_child, now, pairs, stdin};
use selectors::{EpollSelector, Error, Mode};
use std::io::{Stdin, Write};
use std::time::Duration;

conformance::scenarios_of!(epoll, replaced:
    stale_registrations_are_not_reported,
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

fn stale_registrations_are_not_reported() -> Run {
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
        for timeout in [Duration::ZERO, Duration::from_millis(1), Duration::MAX] {
            assert!(selector.select(timeout).unwrap().is_empty());
        }
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
        for _ in 0..4 {
            assert_idle(&mut selector);
        }
        other.write_all(b"x").unwrap();
        // The stale registration takes turns with the new one in the kernel's list, so at least every second wait reports
        // the new key.
        let found: Vec<_> = (0..4).flat_map(|_| now(&mut selector)).collect();
        assert!(found.len() >= 2 && found.iter().all(|(token, _)| *token == second), "{found:?}");
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
        assert_idle(&mut selector);
        let error = selector.register(&stdin, READ, 2).unwrap_err().error;
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
        stdin::replace(&old);
        let token = selector.register(&stdin, READ, 3).unwrap();
        assert_ready(&mut selector, [(token, READ)]);
        Ok(())
    })
}
