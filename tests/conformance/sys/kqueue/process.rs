//! What `kqueue(2)` tells of a process, and what a forked process has of a queue.

use super::{change, named, no_emulation, now, soon};
use conformance::{NotRun, Run, in_a_fork, is_part, pairs, part};
use selectors::backend::{Backend, Kqueue as BackEnd};
use selectors::sys::fd::{AsFd, AsRawFd};
use selectors::sys::kqueue::{Filter, Flags, Kevent, Kqueue, Notes};
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::Stdio;

conformance::scenarios_of!(sys, kqueue_process:
    a_process_forks_executes_and_exits,
    a_forked_child_has_no_queue,
    a_queue_of_its_own_in_a_forked_child,
    a_selector_in_a_forked_child,
);

fn a_process_forks_executes_and_exits() -> Run {
    if is_part("watched") {
        return watched();
    }
    no_emulation("libkqueue watches no processes here")?;
    let mut child = part("watched");
    child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.spawn().unwrap();
    let queue = Kqueue::new().unwrap();
    let watch = Kevent::new(child.id() as usize, Filter::PROC, Flags::ADD);
    let all = Notes::EXIT | Notes::FORK | Notes::EXEC;
    change(&queue, named(7, Kevent { fflags: all, ..watch })).unwrap();
    assert_eq!(now(&queue), []);
    // It waits for the end of its input.
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
    if cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
        // `filt_proc` of FreeBSD and `knote_proc_exit` of NetBSD: the status as wait(2) has it, and it is taken out.
        assert_eq!(last.data, 1 << 8);
        assert!(last.flags.contains(Flags::EOF | Flags::ONESHOT | Flags::CLEAR), "{last:?}");
        let error = change(&queue, Kevent { flags: Flags::DELETE, ..watch }).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    }
    assert_eq!(child.wait().unwrap().code(), Some(1));
    Ok(())
}

/// What the watched process does once its input ends: it forks, and executes this program with nothing to run.
fn watched() -> Run {
    assert_eq!(std::io::stdin().read(&mut [0]).unwrap(), 0);
    assert!(in_a_fork(|| ()));
    let error = part("none").args(["--exact", "nothing"]).exec();
    Err(NotRun::because(error))
}

fn refused(queue: &Kqueue) {
    let error = queue.control(&[], &mut [Kevent::default()], selectors::Timeout::ZERO).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    let error = change(queue, Kevent::new(1, Filter::USER, Flags::ADD)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
}

/// The kernel has closed it there, so its number is that of the next file: it is not used, and not closed.
fn a_forked_child_has_no_queue() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let queue = Kqueue::new().unwrap();
    let another = Kqueue::new().unwrap();
    let number = queue.as_fd().as_raw_fd();
    change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)).unwrap();
    let queue = std::cell::RefCell::new(Some(queue));
    assert!(in_a_fork(|| {
        let queue = queue.take().unwrap();
        refused(&queue);
        if cfg!(target_os = "linux") {
            drop(queue);
            return;
        }
        // The lowest number that is free.
        let file = a.as_fd().try_clone_to_owned().unwrap();
        assert_eq!(file.as_raw_fd(), number);
        refused(&queue);
        drop(queue);
        rustix::io::fcntl_getfd(&file).unwrap();
        assert_eq!(another.into_fd().unwrap_err().raw_os_error(), Some(libc::EBADF));
    }));
    // Nothing of that is to be seen here.
    assert_eq!(now(queue.borrow().as_ref().unwrap()).len(), 1);
    Ok(())
}

fn a_queue_of_its_own_in_a_forked_child() -> Run {
    no_emulation("a thread of libkqueue is not there in a forked child")?;
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    assert!(in_a_fork(|| {
        let own = Kqueue::new().unwrap();
        change(&own, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)).unwrap();
        assert_eq!(now(&own).len(), 1);
        // A child of the child knows it as little.
        assert!(in_a_fork(|| refused(&own)));
        assert_eq!(now(&own).len(), 1);
    }));
    Ok(())
}

/// The back end, and a waker, which are dropped there as well.
fn a_selector_in_a_forked_child() -> Run {
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let mut selector = selectors::KqueueSelector::new().unwrap();
    selector.register(&a, selectors::Interest::READ, ()).unwrap();
    let waker = selector.waker().unwrap();
    let shared = std::cell::RefCell::new(Some(selector));
    assert!(in_a_fork(|| {
        let mut selector = shared.take().unwrap();
        let error = selector.select(selectors::Timeout::ZERO).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EBADF));
        assert_eq!(waker.wake().unwrap_err().raw_os_error(), Some(libc::EBADF));
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
