//! `select`: the answer of each set.

use super::common::lines_over_time;
use conformance::{Run, WAIT, darwin, kernel, pairs};
use rustix::net::{SendFlags, send};
use selectors::sys::Timeout;
use selectors::sys::fd::{AsFd, BorrowedFd};
use selectors::sys::select::{FdSet, SetFlags, select};
use std::io::Write;
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, select:
    each_set_has_its_own_answer,
    urgent_data_is_exceptional_only,
    regular_files_are_always_ready,
    hang_ups_are_readable,
    errors_are_readable_and_writable,
    o_path_descriptors_never_block,
    a_timeout_empties_the_sets,
    no_sets_wait_for_the_timeout,
    empty_sets_wait_for_the_timeout,
    lines_arrive_over_time,
);

/// The result of `select`, and which of the three sets still contain `fd`.
fn asked(fd: BorrowedFd<'_>, timeout: impl Into<Timeout>) -> (usize, [bool; 3]) {
    let [mut read, mut write, mut except] = [(); 3].map(|()| FdSet::from_iter([fd]));
    let found = select(Some(&mut read), Some(&mut write), Some(&mut except), timeout).unwrap();
    (found, [read, write, except].map(|set| set.contains(fd)))
}

fn each_set_has_its_own_answer() -> Run {
    let (a, mut b) = pairs::streams();
    assert_eq!(asked(a.as_fd(), WAIT), (1, [false, true, false]));
    b.write_all(b"x").unwrap();
    assert_eq!(asked(a.as_fd(), WAIT), (2, [true, true, false]));
    pairs::fill(&a);
    assert_eq!(asked(a.as_fd(), WAIT), (1, [true, false, false]));
    pairs::drain(&a);
    assert_eq!(asked(a.as_fd(), Timeout::ZERO), (0, [false; 3]));
    // Sets that are not passed are not counted.
    let mut write = FdSet::from_iter([b.as_fd()]);
    assert_eq!(select(None, Some(&mut write), None, WAIT).unwrap(), 1);
    let mut except = FdSet::from_iter([b.as_fd()]);
    assert_eq!(select(None, None, Some(&mut except), Timeout::ZERO).unwrap(), 0);
    Ok(())
}

fn urgent_data_is_exceptional_only() -> Run {
    let (a, b) = pairs::tcp();
    send(&b, b"!", SendFlags::OOB).unwrap();
    let (mut read, mut except) = (FdSet::from_iter([a.as_fd()]), FdSet::from_iter([a.as_fd()]));
    assert_eq!(select(Some(&mut read), None, Some(&mut except), WAIT).unwrap(), 1);
    assert!(read.is_empty() && except.contains(a.as_fd()));
    Ok(())
}

fn regular_files_are_always_ready() -> Run {
    let file = pairs::regular()?;
    let both = SetFlags::READ | SetFlags::WRITE;
    let sets = if darwin::SELECT_FINDS_FILES_EXCEPTIONAL { SetFlags::all() } else { both };
    assert_eq!(asked(file.as_fd(), WAIT), left_in(sets));
    Ok(())
}

/// The result of `asked` for a descriptor that stays in these sets.
fn left_in(sets: SetFlags) -> (usize, [bool; 3]) {
    let left = [SetFlags::READ, SetFlags::WRITE, SetFlags::EXCEPT].map(|set| sets.contains(set));
    (left.iter().filter(|left| **left).count(), left)
}

fn hang_ups_are_readable() -> Run {
    let (reader, writer) = pairs::pipe()?;
    let writable = kernel::PIPES_GO_BOTH_WAYS || darwin::SELECT_FINDS_READ_ENDS_WRITABLE;
    let before = if writable { SetFlags::WRITE } else { SetFlags::empty() };
    assert_eq!(asked(reader.as_fd(), Timeout::ZERO), left_in(before));
    drop(writer);
    assert_eq!(asked(reader.as_fd(), WAIT), left_in(kernel::HUNG_UP));
    Ok(())
}

fn errors_are_readable_and_writable() -> Run {
    let (reader, writer) = pairs::pipe()?;
    pairs::fill(&writer);
    assert_eq!(asked(writer.as_fd(), Timeout::ZERO), (0, [false; 3]));
    drop(reader);
    assert_eq!(asked(writer.as_fd(), WAIT), left_in(kernel::BROKEN));
    Ok(())
}

/// A descriptor with `O_PATH` is open, but cannot be read or written. Linux reports it in all sets (since 5.13) or in none.
/// It never fails the call, and never makes it wait for ever.
fn o_path_descriptors_never_block() -> Run {
    let path = pairs::without_a_file()?;
    let answer = asked(path.as_fd(), Duration::from_millis(1));
    assert!([(3, [true; 3]), (0, [false; 3])].contains(&answer), "{answer:?}");
    Ok(())
}

fn a_timeout_empties_the_sets() -> Run {
    let (a, b) = pairs::streams();
    let both = FdSet::from_iter([a.as_fd(), b.as_fd()]);
    for limit in [Duration::ZERO, Duration::from_micros(1), Duration::from_millis(2)] {
        let (mut read, mut except) = (both.clone(), both.clone());
        assert_eq!(select(Some(&mut read), None, Some(&mut except), limit).unwrap(), 0);
        assert!(read.is_empty() && except.is_empty(), "after {limit:?}");
    }
    Ok(())
}

fn no_sets_wait_for_the_timeout() -> Run {
    let (limit, start) = (Duration::from_millis(20), Instant::now());
    assert_eq!(select(None, None, None, limit).unwrap(), 0);
    assert!(start.elapsed() >= limit);
    Ok(())
}

fn empty_sets_wait_for_the_timeout() -> Run {
    let (a, _b) = pairs::streams();
    // One set that was always empty, and one that has become empty.
    let (mut read, mut write) = (FdSet::new(), FdSet::from_iter([a.as_fd()]));
    write.remove(a.as_fd());
    let (limit, start) = (Duration::from_millis(20), Instant::now());
    assert_eq!(select(Some(&mut read), Some(&mut write), None, limit).unwrap(), 0);
    assert!(start.elapsed() >= limit);
    assert!(read.is_empty() && write.is_empty());
    Ok(())
}

fn lines_arrive_over_time() -> Run {
    let (reader, writer) = pairs::streams();
    lines_over_time(&reader, writer, |timeout| readable(reader.as_fd(), timeout));
    // The end of the file stays readable.
    assert!(readable(reader.as_fd(), Timeout::ZERO));
    Ok(())
}

fn readable(fd: BorrowedFd<'_>, timeout: Timeout) -> bool {
    let mut read = FdSet::from_iter([fd]);
    let found = select(Some(&mut read), None, None, timeout).unwrap();
    assert_eq!(found, usize::from(read.contains(fd)));
    found == 1
}
