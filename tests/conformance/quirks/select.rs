//! Scenarios for the `select` back end only.

use super::common;
use conformance::{BOTH, Descriptors, READ, Run, WAIT, WRITE, assert_idle, assert_ready, kernel, now, pairs};
use selectors::backend::Select;
use selectors::sys::fd::{AsFd, AsRawFd, RawFd};
use selectors::sys::select::SetFlags;
use selectors::{BackendKind, Readiness, SelectSelector};
use std::io::Write;
use std::net::Shutdown;
use std::time::Duration;

conformance::scenarios_of!(select, quirks:
    always_ready_files_are_reported,
    hang_ups_are_reported_as_readiness,
    closed_directions_are_not_reported,
    edges_are_refused,
    high_descriptor_numbers_work,
    results_are_in_descriptor_order,
    o_path_descriptors_never_block,
);

fn always_ready_files_are_reported() -> Run {
    common::always_ready_files_are_reported::<Select>()
}

/// `select` has no event for a hang-up. It reports the descriptor as ready, on Linux for reading only.
fn hang_ups_are_reported_as_readiness() -> Run {
    let (reader, writer) = pairs::pipe()?;
    let mut selector = SelectSelector::new().unwrap();
    let token = selector.register(reader, READ, ()).unwrap();
    assert_idle(&mut selector);
    drop(writer);
    assert_eq!(selector.select(WAIT).unwrap().get(token), Some(Readiness::READ));
    let writable = kernel::HUNG_UP.contains(SetFlags::WRITE);
    for (interest, written) in [(BOTH, Readiness::READ), (WRITE, Readiness::empty())] {
        selector.modify(token, interest).unwrap();
        let expected = if writable { written | Readiness::WRITE } else { written };
        assert_eq!(now(&mut selector).get(token).unwrap_or_default(), expected);
    }
    Ok(())
}

fn closed_directions_are_not_reported() -> Run {
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

fn edges_are_refused() -> Run {
    assert_eq!(BackendKind::Select.name(), "select");
    common::edges_are_refused::<Select>("select")
}

fn high_descriptor_numbers_work() -> Run {
    let (_limit, most) = Descriptors::raise(3000, 100_000)?;
    let (a, mut b) = pairs::streams();
    let mut selector = SelectSelector::new().unwrap();
    let mut tokens = Vec::new();
    for number in [0, 1023, 1024, RawFd::try_from(most).unwrap()] {
        tokens.push(selector.register(pairs::numbered(&a, number)?, READ, ()).unwrap());
    }
    assert_idle(&mut selector);
    b.write_all(b"x").unwrap();
    assert_ready(&mut selector, tokens.iter().map(|&token| (token, READ)));
    // Without the highest descriptor the sets are short again.
    let key = selector.unregister(tokens[3]).unwrap();
    assert_eq!(usize::try_from(key.fd).unwrap(), most);
    assert_eq!(now(&mut selector).len(), 3);
    Ok(())
}

fn results_are_in_descriptor_order() -> Run {
    let ends: Vec<_> = (0..4).map(|_| pairs::streams()).flat_map(|(a, b)| [a, b]).collect();
    let mut selector = SelectSelector::new().unwrap();
    for index in [5, 0, 7, 2, 6, 1, 3, 4] {
        selector.register(&ends[index], WRITE, ()).unwrap();
    }
    let ready = now(&mut selector);
    let found: Vec<_> = ready.iter().map(|(token, _)| selector.key(token).unwrap().fd()).collect();
    let mut sorted: Vec<_> = ends.iter().map(|end| end.as_raw_fd()).collect();
    sorted.sort_unstable();
    assert_eq!(found, sorted);
    Ok(())
}

/// A descriptor with `O_PATH` is open, but cannot be read or written. Linux reports it in all sets (since 5.13) or in none.
/// It never fails the call, and never makes it wait for ever.
fn o_path_descriptors_never_block() -> Run {
    let path = pairs::without_a_file()?;
    let mut selector = SelectSelector::new().unwrap();
    let token = selector.register(path, BOTH, ()).unwrap();
    let found = selector.select(Duration::from_millis(1)).unwrap().get(token);
    assert!([None, Some(Readiness::READ | Readiness::WRITE)].contains(&found), "{found:?}");
    Ok(())
}
