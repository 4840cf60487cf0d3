//! A number that gets another file while it is registered with `epoll`.
//!
//! The kernel's registration belongs to the file, so it stays as long as a duplicate keeps that open, and its events
//! keep coming: epoll(7), "Questions and answers", 6. Standard input is the number that safe programs can do this to.

use conformance::{Run, Stream, in_child, interests, now, pairs, stdin};
use selectors::sys::Timeout;
use selectors::sys::poll::{PollFd, PollFlags, poll};
use selectors::{EpollSelector, Error, Interest, Mode};
use std::io::{Stdin, Write};
use std::os::fd::AsFd;
use std::time::Duration;

conformance::scenarios_of!(epoll, replaced:
    what_is_left_behind_is_not_reported,
    the_number_with_the_new_file,
    the_number_with_the_old_file_again,
    a_change_is_refused,
    closed_and_unregistered,
);

type Selector<'a> = EpollSelector<&'a Stdin, u32>;

/// Standard input with a socket behind it that is ready for reading for ever; and what keeps it so.
fn busy() -> (Stdin, Stream, Stream) {
    let (a, mut b) = pairs::streams();
    stdin::replace(&a);
    b.write_all(b"x").unwrap();
    (std::io::stdin(), a, b)
}

/// Something in the kernel's set of the selector is ready.
fn kernel_is_busy(selector: &Selector<'_>) -> bool {
    let mut fds = [PollFd::new(selector.as_fd(), PollFlags::IN)];
    poll(&mut fds, Timeout::ZERO).unwrap() == 1
}

fn what_is_left_behind_is_not_reported() -> Run {
    in_child("left behind", &[], || {
        let (stdin, _old, _peer) = busy();
        let (quiet, _other) = pairs::streams();
        let mut selector = Selector::new().unwrap();
        let token = selector.register(&stdin, Interest::READ, 1).unwrap();
        assert_eq!(interests(&now(&mut selector)), [(token, Interest::READ)].into());
        stdin::replace(&quiet);
        // The kernel does not know the new file, and the key goes all the same.
        assert_eq!(selector.unregister(token).unwrap().data, 1);
        assert!(selector.keys().is_empty());
        assert!(kernel_is_busy(&selector), "the trick did not work");
        for timeout in [Duration::ZERO, Duration::from_millis(1), Duration::MAX] {
            assert!(selector.select(timeout).unwrap().is_empty());
        }
        Ok(())
    })
}

fn the_number_with_the_new_file() -> Run {
    in_child("new file", &[], || {
        let (stdin, _old, _peer) = busy();
        let (new, mut other) = pairs::streams();
        let mut selector = Selector::new().unwrap();
        let first = selector.register(&stdin, Interest::READ, 1).unwrap();
        stdin::replace(&new);
        selector.unregister(first).unwrap();
        let second = selector.register(&stdin, Interest::READ, 2).unwrap();
        for _ in 0..4 {
            assert!(now(&mut selector).is_empty());
        }
        other.write_all(b"x").unwrap();
        // The registration that was left behind takes its turns in the kernel's list: each second wait at the latest
        // reports the other.
        let found: Vec<_> = (0..4).flat_map(|_| now(&mut selector)).collect();
        assert!(found.len() >= 2 && found.iter().all(|(token, _)| *token == second), "{found:?}");
        selector.unregister(second).unwrap();
        assert!(now(&mut selector).is_empty());
        Ok(())
    })
}

fn the_number_with_the_old_file_again() -> Run {
    in_child("old file again", &[], || {
        let (stdin, old, _peer) = busy();
        let (new, _other) = pairs::streams();
        let mut selector = Selector::new().unwrap();
        let first = selector.register(&stdin, Interest::READ, 1).unwrap();
        stdin::replace(&new);
        selector.unregister(first).unwrap();
        stdin::replace(&old);
        // The kernel has it already; the selector has not.
        let second =
            selector.register_with(&stdin, Interest::READ | Interest::WRITE, Mode::Oneshot, 2).unwrap();
        let both = Interest::READ | Interest::WRITE;
        assert_eq!(interests(&now(&mut selector)), [(second, both)].into());
        assert!(now(&mut selector).is_empty());
        selector.unregister(second).unwrap();
        assert!(!kernel_is_busy(&selector));
        Ok(())
    })
}

fn a_change_is_refused() -> Run {
    in_child("change", &[], || {
        let (stdin, old, _peer) = busy();
        let (new, _other) = pairs::streams();
        let mut selector = Selector::new().unwrap();
        let token = selector.register(&stdin, Interest::READ, 1).unwrap();
        stdin::replace(&new);
        let error = selector.modify(token, Interest::WRITE).unwrap_err();
        assert!(matches!(error, Error::Lost { fd: 0, .. }), "{error:?}");
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
        assert_eq!(selector.key(token).unwrap().interest(), Interest::READ);
        // With the old file in its place all is well again.
        stdin::replace(&old);
        selector.modify(token, Interest::WRITE).unwrap();
        assert_eq!(interests(&now(&mut selector)), [(token, Interest::WRITE)].into());
        Ok(())
    })
}

fn closed_and_unregistered() -> Run {
    in_child("closed", &[], || {
        let (stdin, old, _peer) = busy();
        let mut selector = Selector::new().unwrap();
        let token = selector.register(&stdin, Interest::READ, 1).unwrap();
        stdin::close();
        assert_eq!(selector.unregister(token).unwrap().data, 1);
        assert!(selector.keys().is_empty());
        assert!(now(&mut selector).is_empty());
        let error = selector.register(&stdin, Interest::READ, 2).unwrap_err().error;
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
        stdin::replace(&old);
        let token = selector.register(&stdin, Interest::READ, 3).unwrap();
        assert_eq!(interests(&now(&mut selector)), [(token, Interest::READ)].into());
        Ok(())
    })
}
