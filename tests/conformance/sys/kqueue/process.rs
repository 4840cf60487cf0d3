//! Process events of `kqueue(2)`, and queues in a forked child.

use super::{KNOWN, change, has_user_events, no_emulation, now, soon, with_udata};
use conformance::{NotRun, Run, in_a_fork, is_part, pairs, part};
use selectors::backend::{Backend, Kqueue as BackEnd};
use selectors::sys::fd::{AsFd, AsRawFd};
use selectors::sys::kqueue::{Filter, Flags, Kevent, Kqueue, Notes};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

conformance::scenarios_of!(sys, kqueue_process:
    fork_exec_and_exit_are_reported,
    queues_are_not_inherited,
    a_forked_child_can_create_a_queue,
    an_inherited_selector_fails_in_a_forked_child,
);

fn fork_exec_and_exit_are_reported() -> Run {
    if is_part("watched") {
        return watched();
    }
    no_emulation("libkqueue watches no processes on Linux")?;
    let mut child = part("watched");
    child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.spawn().unwrap();
    let queue = Kqueue::new().unwrap();
    let watch = Kevent::new(child.id() as usize, Filter::PROC, Flags::ADD);
    let all = Notes::EXIT | Notes::FORK | Notes::EXEC;
    change(&queue, with_udata(7, Kevent { fflags: all, ..watch })).unwrap();
    assert_eq!(now(&queue), []);
    // The child waits for the end of its input.
    drop(child.stdin.take());
    let mut seen = Notes::empty();
    let last = loop {
        let event = soon(&queue)[0];
        assert_eq!((event.ident, event.filter, event.udata), (watch.ident, Filter::PROC, 7));
        seen |= event.fflags;
        if event.fflags.contains(Notes::EXIT) {
            break event;
        }
    };
    assert!(seen.contains(all), "{seen:?}");
    if KNOWN {
        // `filt_proc` of FreeBSD and OpenBSD, `knote_proc_exit` of NetBSD: the status as in wait(2), and the filter is removed.
        assert_eq!(last.data, 1 << 8);
        assert!(last.flags.contains(Flags::EOF | Flags::ONESHOT | Flags::CLEAR), "{last:?}");
        let error = change(&queue, Kevent { flags: Flags::DELETE, ..watch }).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    }
    assert_eq!(child.wait().unwrap().code(), Some(1));
    Ok(())
}

/// The watched process: when its input ends, it forks, and executes this program without anything to run.
fn watched() -> Run {
    assert_eq!(std::io::stdin().read(&mut [0]).unwrap(), 0);
    assert!(in_a_fork(|| ()));
    let error = part("none").args(["--exact", "nothing"]).exec();
    Err(NotRun::because(error))
}

fn assert_refused(queue: &Kqueue) {
    let error = queue.control(&[], &mut [Kevent::default()], selectors::Timeout::ZERO).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    let error = change(queue, Kevent::new(1, Filter::USER, Flags::ADD)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
}

/// The kernel closes queues in the child, so another file may have the number there. It must be neither used nor closed.
fn queues_are_not_inherited() -> Run {
    let (a, _b) = pairs::ready();
    let queue = Kqueue::new().unwrap();
    let another = Kqueue::new().unwrap();
    let number = queue.as_fd().as_raw_fd();
    change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)).unwrap();
    let queue = std::cell::RefCell::new(Some(queue));
    assert!(in_a_fork(|| {
        let queue = queue.take().unwrap();
        assert_refused(&queue);
        if cfg!(target_os = "linux") {
            drop(queue);
            return;
        }
        // The lowest free number.
        let file = a.as_fd().try_clone_to_owned().unwrap();
        assert_eq!(file.as_raw_fd(), number);
        assert_refused(&queue);
        drop(queue);
        rustix::io::fcntl_getfd(&file).unwrap();
        assert_eq!(another.into_fd().unwrap_err().raw_os_error(), Some(libc::EBADF));
    }));
    // The parent is not affected.
    assert_eq!(now(queue.borrow().as_ref().unwrap()).len(), 1);
    Ok(())
}

fn a_forked_child_can_create_a_queue() -> Run {
    no_emulation("a forked child lacks the thread of libkqueue")?;
    let (a, _b) = pairs::ready();
    assert!(in_a_fork(|| {
        let own = Kqueue::new().unwrap();
        change(&own, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)).unwrap();
        assert_eq!(now(&own).len(), 1);
        // A grandchild does not inherit it either.
        assert!(in_a_fork(|| assert_refused(&own)));
        assert_eq!(now(&own).len(), 1);
    }));
    Ok(())
}

/// The back end and a waker, which the child drops.
fn an_inherited_selector_fails_in_a_forked_child() -> Run {
    let (a, _b) = pairs::ready();
    let mut selector = selectors::KqueueSelector::new().unwrap();
    selector.register(&a, selectors::Interest::READ, ()).unwrap();
    let waker = selector.waker().unwrap();
    let user_events = has_user_events();
    let shared = std::cell::RefCell::new(Some(selector));
    assert!(in_a_fork(|| {
        let mut selector = shared.take().unwrap();
        let error = selector.select(selectors::Timeout::ZERO).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
        // Where the kernel has no user events, the waker is a socket pair, which a child inherits.
        if user_events {
            assert_eq!(waker.wake().unwrap_err().raw_os_error(), Some(libc::EBADF));
        }
        drop(selector);
        waker.wake().unwrap();
        if !cfg!(target_os = "linux") {
            let own = BackEnd::new().unwrap();
            assert!(own.fd().is_some());
        }
    }));
    let mut selector = shared.take().unwrap();
    assert_eq!(conformance::now(&mut selector).len(), 1);
    Ok(())
}
