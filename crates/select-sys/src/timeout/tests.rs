use super::*;
use crate::fd::AsFd;
use crate::poll::{PollFd, PollFlags};
use crate::select::{FdSet, SetFlags, StoredFds};
use std::net::UdpSocket;
use std::time::Instant;

/// Waits for a socket that becomes readable after several slices, which are short in tests.
fn after_some_slices(wait: impl FnOnce(&UdpSocket, Timeout)) {
    let [reader, writer] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    let address = reader.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(8 * MAX_SLICE);
        writer.send_to(b"x", address).unwrap();
    });
    let start = Instant::now();
    wait(&reader, Timeout::after(Duration::from_secs(600)));
    assert!(start.elapsed() < Duration::from_secs(300), "it was not seen");
    thread.join().unwrap();
}

#[test]
fn select_continues_after_a_slice() {
    after_some_slices(|reader, timeout| {
        let mut set: FdSet<'_> = [reader.as_fd()].into_iter().collect();
        assert_eq!(crate::select::select(Some(&mut set), None, None, timeout).unwrap(), 1);
        assert!(set.contains(reader.as_fd()));
    });
    after_some_slices(|reader, timeout| {
        let mut stored = StoredFds::new();
        let borrowed = stored.fill([Ok((reader.as_fd(), SetFlags::READ))]).unwrap();
        assert_eq!(borrowed.select(timeout).unwrap().count(), 1);
    });
}

#[test]
fn poll_continues_after_a_slice() {
    after_some_slices(|reader, timeout| {
        let mut fds = [PollFd::new(reader.as_fd(), PollFlags::IN)];
        assert_eq!(crate::poll::poll(&mut fds, timeout).unwrap(), 1);
    });
}

/// The result of a wait whose first call is interrupted after `slept`, and the limit that each call got.
fn interrupted(timeout: Timeout, slept: Duration) -> (io::Result<usize>, Vec<Option<Duration>>) {
    let (mut limits, mut deadline) = (Vec::new(), Deadline::new(timeout));
    loop {
        limits.push(deadline.left());
        let result = if limits.len() == 1 {
            std::thread::sleep(slept);
            Err(io::ErrorKind::Interrupted.into())
        } else {
            Ok(7)
        };
        if !deadline.should_retry(&result) {
            return (result, limits);
        }
    }
}

#[test]
fn a_wait_continues_with_the_time_that_is_left() {
    let limit = MAX_SLICE;
    for _ in 0..20 {
        let start = Instant::now();
        let (result, limits) = interrupted(limit.into(), Duration::from_millis(1));
        assert_eq!((result.unwrap(), limits.len(), limits[0]), (7, 2, Some(limit)));
        // Never early: at the earliest, the second call ends when the whole wait should.
        assert!(limits[1].unwrap() + start.elapsed() >= limit, "{limits:?}");
    }
    // The first interruption of the process has passed, so the start is precise.
    let (_, limits) = interrupted(limit.into(), Duration::from_millis(1));
    assert!(limits[1].unwrap() <= limit - Duration::from_millis(1), "{limits:?}");
}

#[test]
fn a_wait_whose_time_is_over_looks_once_more() {
    interrupted(MAX_SLICE.into(), Duration::ZERO).0.unwrap();
    let (result, limits) = interrupted(MAX_SLICE.into(), 2 * MAX_SLICE);
    assert_eq!((result.unwrap(), limits), (7, vec![Some(MAX_SLICE), Some(Duration::ZERO)]));
}

#[test]
fn a_wait_without_an_end_or_without_time_is_repeated_as_it_is() {
    for limit in [None, Some(Duration::ZERO)] {
        let (result, limits) = interrupted(limit.into(), Duration::ZERO);
        assert_eq!((result.unwrap(), limits), (7, vec![limit, limit]));
    }
}

#[test]
fn an_interruptible_wait_ends_with_the_error() {
    for limit in [None, Some(Duration::ZERO), Some(MAX_SLICE), Some(Duration::MAX)] {
        let (result, limits) = interrupted(Timeout::from(limit).interruptible(), Duration::ZERO);
        assert_eq!((result.unwrap_err().kind(), limits.len()), (io::ErrorKind::Interrupted, 1));
    }
}

#[test]
fn other_errors_end_a_wait() {
    for timeout in [Timeout::NEVER, Timeout::ZERO, MAX_SLICE.into(), Duration::MAX.into()] {
        let mut deadline = Deadline::new(timeout);
        assert!(!deadline.should_retry(&Err(io::ErrorKind::OutOfMemory.into())));
    }
}
