//! What `select` alone does, or cannot do.

use conformance::{Descriptors, Run, WAIT, interests, kernel, now, pairs};
use selectors::sys::fd::{AsFd, AsRawFd, RawFd};
use selectors::sys::select::SetFlags;
use selectors::{BackendKind, Error, Interest, Mode, Readiness, SelectSelector};
use std::io::Write;
use std::net::Shutdown;
use std::time::Duration;

conformance::scenarios_of!(select, quirks:
    files_that_are_always_ready,
    the_end_of_a_pipe,
    hints_are_not_told,
    no_edges,
    the_highest_number,
    in_the_order_of_the_numbers,
    a_descriptor_without_a_file_behind_it,
);

const BOTH: Interest = Interest::READ.union(Interest::WRITE);

fn files_that_are_always_ready() -> Run {
    let mut selector = SelectSelector::new().unwrap();
    let all =
        pairs::always_ready()?.map(|file| (selector.register(file, Interest::all(), ()).unwrap(), BOTH));
    for _ in 0..2 {
        assert_eq!(interests(&now(&mut selector)), all.into());
    }
    Ok(())
}

/// A hang-up is told as being ready, on Linux for reading only, where poll and epoll tell of it by itself.
fn the_end_of_a_pipe() -> Run {
    let (reader, writer) = pairs::pipe()?;
    let mut selector = SelectSelector::new().unwrap();
    let token = selector.register(reader, Interest::READ, ()).unwrap();
    assert!(now(&mut selector).is_empty());
    drop(writer);
    assert_eq!(selector.select(WAIT).unwrap().get(token), Some(Readiness::READ));
    let writable = kernel::HUNG_UP.contains(SetFlags::WRITE);
    for (interest, written) in [(BOTH, Readiness::READ), (Interest::WRITE, Readiness::empty())] {
        selector.modify(token, interest).unwrap();
        let expected = if writable { written | Readiness::WRITE } else { written };
        assert_eq!(now(&mut selector).get(token).unwrap_or_default(), expected);
    }
    Ok(())
}

fn hints_are_not_told() -> Run {
    let (a, b) = pairs::streams();
    let (reader, writer) = pairs::pipe()?;
    let mut selector = SelectSelector::new().unwrap();
    let token = selector.register(a.as_fd(), BOTH, ()).unwrap();
    b.shutdown(Shutdown::Write).unwrap();
    let both = Readiness::READ | Readiness::WRITE;
    assert_eq!(now(&mut selector).get(token), Some(both));
    drop(b);
    assert_eq!(now(&mut selector).get(token), Some(both));
    drop(reader);
    let token = selector.register(writer.as_fd(), BOTH, ()).unwrap();
    assert_eq!(now(&mut selector).get(token), Some(both));
    Ok(())
}

fn no_edges() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = SelectSelector::new().unwrap();
    let rejected = selector.register_with(&a, Interest::READ, Mode::Edge, ()).unwrap_err();
    assert!(matches!(rejected.error, Error::Unsupported { backend: "select", mode: Mode::Edge, .. }));
    let token = selector.register(&b, Interest::WRITE, ()).unwrap();
    let error = selector.modify_with(token, Interest::READ, Mode::Edge).unwrap_err();
    assert!(matches!(error, Error::Unsupported { backend: "select", interest: Interest::READ, .. }));
    assert_eq!(now(&mut selector).len(), 1);
    assert_eq!(selector.key(token).unwrap().mode(), Mode::Level);
    assert_eq!(BackendKind::Select.name(), "select");
    Ok(())
}

fn the_highest_number() -> Run {
    let (_limit, most) = Descriptors::raise(3000, 100_000)?;
    let (a, mut b) = pairs::streams();
    let mut selector = SelectSelector::new().unwrap();
    let mut tokens = Vec::new();
    for number in [0, 1023, 1024, RawFd::try_from(most).unwrap()] {
        tokens.push(selector.register(pairs::numbered(&a, number)?, Interest::READ, ()).unwrap());
    }
    assert!(now(&mut selector).is_empty());
    b.write_all(b"x").unwrap();
    assert_eq!(interests(&now(&mut selector)), tokens.iter().map(|&token| (token, Interest::READ)).collect());
    // Without the highest the sets are short again.
    let key = selector.unregister(tokens[3]).unwrap();
    assert_eq!(usize::try_from(key.fd).unwrap(), most);
    assert_eq!(now(&mut selector).len(), 3);
    Ok(())
}

fn in_the_order_of_the_numbers() -> Run {
    let ends: Vec<_> = (0..4).map(|_| pairs::streams()).flat_map(|(a, b)| [a, b]).collect();
    let mut selector = SelectSelector::new().unwrap();
    for index in [5, 0, 7, 2, 6, 1, 3, 4] {
        selector.register(&ends[index], Interest::WRITE, ()).unwrap();
    }
    let ready = now(&mut selector);
    let found: Vec<_> = ready.iter().map(|(token, _)| selector.key(token).unwrap().fd()).collect();
    let mut sorted: Vec<_> = ends.iter().map(|end| end.as_raw_fd()).collect();
    sorted.sort_unstable();
    assert_eq!(found, sorted);
    Ok(())
}

/// `O_PATH`: the number is open, but no call that reads or writes takes it. Linux reports such a one in all sets
/// (since 5.13) or in none; never an error, never a wait for ever.
fn a_descriptor_without_a_file_behind_it() -> Run {
    let path = pairs::without_a_file()?;
    let mut selector = SelectSelector::new().unwrap();
    let token = selector.register(path, BOTH, ()).unwrap();
    let found = selector.select(Duration::from_millis(1)).unwrap().get(token);
    assert!([None, Some(Readiness::READ | Readiness::WRITE)].contains(&found), "{found:?}");
    Ok(())
}
