//! What `poll` alone does, or cannot do.

use conformance::errno::Errno;
use conformance::{Descriptors, Run, WAIT, interests, kernel, now, pairs};
use selectors::sys::fd::AsFd;
use selectors::{Error, Interest, Mode, Operation, PollSelector, Readiness};
use std::time::Duration;

conformance::scenarios_of!(poll, quirks:
    files_that_are_always_ready,
    the_end_of_a_pipe_is_writable,
    no_edges,
    in_the_order_of_registration,
    a_descriptor_without_a_file_behind_it,
    more_keys_than_descriptors_allowed,
);

const BOTH: Interest = Interest::READ.union(Interest::WRITE);

fn files_that_are_always_ready() -> Run {
    let mut selector = PollSelector::new().unwrap();
    let all =
        pairs::always_ready()?.map(|file| (selector.register(file, Interest::all(), ()).unwrap(), BOTH));
    for _ in 0..2 {
        assert_eq!(interests(&now(&mut selector)), all.into());
    }
    Ok(())
}

/// A hang-up counts as both, where select reports a readable end.
fn the_end_of_a_pipe_is_writable() -> Run {
    let (reader, writer) = pairs::pipe()?;
    let mut selector = PollSelector::new().unwrap();
    let token = selector.register(reader, BOTH, ()).unwrap();
    drop(writer);
    let found = selector.select(WAIT).unwrap();
    assert_eq!(interests(&found), [(token, BOTH)].into());
    assert!(found.get(token).unwrap().contains(Readiness::READ_CLOSED | Readiness::WRITE_CLOSED));
    selector.modify(token, Interest::WRITE).unwrap();
    assert_eq!(interests(&now(&mut selector)), [(token, Interest::WRITE)].into());
    Ok(())
}

fn no_edges() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = PollSelector::new().unwrap();
    let rejected = selector.register_with(&a, Interest::READ, Mode::Edge, ()).unwrap_err();
    assert!(matches!(rejected.error, Error::Unsupported { backend: "poll", mode: Mode::Edge, .. }));
    let token = selector.register(&b, Interest::WRITE, ()).unwrap();
    let error = selector.modify_with(token, Interest::READ, Mode::Edge).unwrap_err();
    assert!(matches!(error, Error::Unsupported { backend: "poll", interest: Interest::READ, .. }));
    assert_eq!(now(&mut selector).len(), 1);
    assert_eq!(selector.key(token).unwrap().mode(), Mode::Level);
    Ok(())
}

fn in_the_order_of_registration() -> Run {
    let ends: Vec<_> = (0..4).map(|_| pairs::streams()).flat_map(|(a, b)| [a, b]).collect();
    let mut selector = PollSelector::new().unwrap();
    let tokens = [5, 0, 7, 2, 6, 1, 3, 4]
        .map(|index: usize| selector.register(&ends[index], Interest::WRITE, ()).unwrap());
    let found: Vec<_> = now(&mut selector).iter().map(|(token, _)| token).collect();
    assert_eq!(found, tokens);
    Ok(())
}

/// `O_PATH`: the number is open, but no call that reads or writes takes it: open(2). To poll, it is as good as closed.
fn a_descriptor_without_a_file_behind_it() -> Run {
    let path = pairs::without_a_file()?;
    let mut selector = PollSelector::new().unwrap();
    let token = selector.register(path, Interest::READ, ()).unwrap();
    assert_eq!(now(&mut selector).get(token), Some(Readiness::READ | Readiness::ERROR));
    Ok(())
}

/// Registering is no system call, so it is the wait that says it; the keys stay.
fn more_keys_than_descriptors_allowed() -> Run {
    const MANY: u64 = 20;
    let (a, _b) = pairs::streams();
    let ends: Vec<_> = (0..MANY).map(|_| a.as_fd().try_clone_to_owned().unwrap()).collect();
    let mut selector = PollSelector::new().unwrap();
    for end in &ends {
        selector.register(end, Interest::WRITE, ()).unwrap();
    }
    let limit = Descriptors::lower(MANY - 1)?;
    let result = selector.select(Duration::ZERO);
    drop(limit);

    if kernel::POLL_MINDS_THE_LIMIT {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Os { during: Operation::Wait, .. }), "{error:?}");
        assert_eq!(error.raw_os_error(), Some(Errno::INVAL.raw_os_error()));
    } else {
        assert_eq!(result.unwrap().len(), ends.len());
    }
    assert_eq!(now(&mut selector).len(), ends.len());
    Ok(())
}
