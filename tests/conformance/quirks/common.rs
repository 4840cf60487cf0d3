//! Scenarios and helpers that several back ends share.

use conformance::{ACTIONS, BOTH, READ, Run, WAIT, WRITE, assert_list, assert_ready, darwin, now, pairs};
use selectors::backend::Backend;
use selectors::{Error, Mode, Readiness, Selector};

/// Whether `poll` reports this descriptor, such as that of a selector, as readable.
#[cfg(not(any(windows, target_os = "illumos", target_os = "solaris")))]
pub(super) fn is_readable(fd: impl selectors::sys::fd::AsFd) -> bool {
    use selectors::sys::Timeout;
    use selectors::sys::poll::{PollFd, PollFlags, poll};

    poll(&mut [PollFd::new(fd.as_fd(), PollFlags::IN)], Timeout::ZERO).unwrap() == 1
}

pub(super) fn always_ready_files_are_reported<B: Backend>() -> Run {
    let mut selector = Selector::<B, _>::new().unwrap();
    // XNU has no priority for files that is like that of other kernels.
    let everything = if darwin::APPLE { BOTH } else { ACTIONS };
    let all = pairs::always_ready()?.map(|file| (selector.register(file, everything, ()).unwrap(), BOTH));
    for _ in 0..2 {
        assert_ready(&mut selector, all);
    }
    Ok(())
}

/// `poll` and `epoll` report a hang-up as an event of its own, which the back end counts as readable and as writable.
pub(super) fn a_hung_up_pipe_is_writable<B: Backend>() -> Run {
    let (reader, writer) = pairs::pipe()?;
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(reader, BOTH, ()).unwrap();
    drop(writer);
    let found = selector.select(WAIT).unwrap();
    assert_list(&found, [(token, BOTH)]);
    if !darwin::POLL_HANGS_UP_HALF_CLOSED {
        assert!(found.get(token).unwrap().contains(Readiness::READ_CLOSED | Readiness::WRITE_CLOSED));
    }
    selector.modify(token, WRITE).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

pub(super) fn edges_are_refused<B: Backend>(name: &str) -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let rejected = selector.register_with(&a, READ, Mode::Edge, ()).unwrap_err();
    assert!(
        matches!(rejected.error, Error::Unsupported { backend, mode: Mode::Edge, .. } if backend == name)
    );
    let token = selector.register(&b, WRITE, ()).unwrap();
    let error = selector.modify_with(token, READ, Mode::Edge).unwrap_err();
    assert!(matches!(error, Error::Unsupported { backend, interest: READ, .. } if backend == name));
    assert_eq!(now(&mut selector).len(), 1);
    assert_eq!(selector.key(token).unwrap().mode(), Mode::Level);
    Ok(())
}
