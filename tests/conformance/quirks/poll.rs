//! Scenarios for the `poll` back end only.

use super::common;
use conformance::errno::Errno;
use conformance::{Descriptors, READ, Run, WRITE, darwin, kernel, now, pairs};
use selectors::backend::Poll;
use selectors::sys::fd::AsFd;
use selectors::{Error, Operation, PollSelector, Readiness};
use std::time::Duration;

conformance::scenarios_of!(poll, quirks:
    always_ready_files_are_reported,
    a_hung_up_pipe_is_writable,
    edges_are_refused,
    results_keep_registration_order,
    o_path_descriptors_are_errors,
    more_keys_than_the_descriptor_limit,
);

fn always_ready_files_are_reported() -> Run {
    common::always_ready_files_are_reported::<Poll>()
}

fn a_hung_up_pipe_is_writable() -> Run {
    common::a_hung_up_pipe_is_writable::<Poll>()
}

fn edges_are_refused() -> Run {
    common::edges_are_refused::<Poll>("poll")
}

fn results_keep_registration_order() -> Run {
    let ends: Vec<_> = (0..4).map(|_| pairs::streams()).flat_map(|(a, b)| [a, b]).collect();
    let mut selector = PollSelector::new().unwrap();
    let tokens =
        [5, 0, 7, 2, 6, 1, 3, 4].map(|index: usize| selector.register(&ends[index], WRITE, ()).unwrap());
    let found: Vec<_> = now(&mut selector).iter().map(|(token, _)| token).collect();
    assert_eq!(found, tokens);
    Ok(())
}

/// A descriptor with `O_PATH` is open, but `poll` treats it as closed: open(2).
fn o_path_descriptors_are_errors() -> Run {
    let path = pairs::without_a_file()?;
    let mut selector = PollSelector::new().unwrap();
    let token = selector.register(path, READ, ()).unwrap();
    assert_eq!(now(&mut selector).get(token), Some(Readiness::READ | Readiness::ERROR));
    Ok(())
}

/// Registering makes no system call, so the wait reports the error. The keys stay registered.
fn more_keys_than_the_descriptor_limit() -> Run {
    const MANY: u64 = 20;
    let (a, _b) = pairs::streams();
    let ends: Vec<_> = (0..MANY).map(|_| a.as_fd().try_clone_to_owned().unwrap()).collect();
    let mut selector = PollSelector::new().unwrap();
    for end in &ends {
        selector.register(end, WRITE, ()).unwrap();
    }
    let limit = Descriptors::lower(MANY - 1)?;
    let result = selector.select(Duration::ZERO);
    drop(limit);

    // XNU lets root have 1024 entries in any case (`poll_nocancel` in bsd/kern/sys_generic.c).
    if kernel::POLL_CHECKS_LIMIT && !(darwin::APPLE && result.is_ok()) {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Os { during: Operation::Wait, .. }), "{error:?}");
        assert_eq!(error.raw_os_error(), Some(Errno::INVAL.raw_os_error()));
    } else {
        assert_eq!(result.unwrap().len(), ends.len());
    }
    assert_eq!(now(&mut selector).len(), ends.len());
    Ok(())
}
