//! What stands for `/dev/poll` on Linux, held to the rules of the driver (`usr/src/uts/common/io/devpoll.c` of illumos).

#![expect(unsafe_code, reason = "the device takes numbers, also of what is closed")]

use conformance::storms::EVERY;
use conformance::{Descriptors, Run, WAIT, in_a_fork, pairs, signals};
use rustix::io::{FdFlags, fcntl_getfd};
use selectors::Timeout;
use selectors::sys::devpoll_system::{Device, cut_next_write};
use selectors::sys::poll::{PollFd, PollFlags, poll};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, devpoll_device:
    masks_are_united,
    exactly_one_mask_removes,
    an_unknown_removal_is_ignored,
    what_is_not_open_is_taken_and_passed_over,
    what_was_closed_is_reported,
    a_number_that_is_reused,
    it_belongs_to_the_process_that_used_it_first,
    a_batch_beyond_the_limit,
    an_error_within_a_batch,
    results_go_round,
    no_room_is_a_sleep,
    time_outs,
    a_signal,
    the_descriptor,
);

const REMOVE: i16 = 0x800;
const IN: i16 = libc::POLLIN;
const OUT: i16 = libc::POLLOUT;

fn write(device: &mut Device, batch: &[(RawFd, i16)]) -> io::Result<usize> {
    let batch: Vec<_> = batch.iter().map(|&(fd, events)| libc::pollfd { fd, events, revents: 0 }).collect();
    // SAFETY: what is added is open while the set is polled, or was closed in order to see what is reported then; the
    // numbers of such are nobody else's, because scenarios run one at a time.
    unsafe { device.write(&batch) }
}

/// Polls with as much room, and gives back the numbers with what was seen.
fn look(device: &mut Device, room: usize, millis: i32) -> io::Result<Vec<(RawFd, i16)>> {
    let mut found = vec![libc::pollfd { fd: -7, events: -7, revents: -7 }; room];
    let count = device.poll(&mut found, millis)?;
    assert!(
        found[count..].iter().all(|entry| entry.fd == -7 && entry.revents == -7),
        "written beyond the answers"
    );
    Ok(found[..count].iter().map(|entry| (entry.fd, entry.revents)).collect())
}

fn now(device: &mut Device) -> Vec<(RawFd, i16)> {
    look(device, 16, 0).unwrap()
}

fn masks_are_united() -> Run {
    let ((a, _b), mut device) = (pairs::ready(), Device::open().unwrap());
    let fd = a.as_raw_fd();
    assert_eq!(write(&mut device, &[(fd, OUT)]).unwrap(), 1);
    assert_eq!(now(&mut device), [(fd, OUT)]);
    write(&mut device, &[(fd, IN)]).unwrap();
    assert_eq!(now(&mut device), [(fd, IN | OUT)]);
    // It cannot be made narrower.
    write(&mut device, &[(fd, IN), (fd, 0)]).unwrap();
    assert_eq!(now(&mut device), [(fd, IN | OUT)]);
    write(&mut device, &[(fd, REMOVE), (fd, IN)]).unwrap();
    assert_eq!(now(&mut device), [(fd, IN)]);
    Ok(())
}

fn exactly_one_mask_removes() -> Run {
    let ((a, _b), mut device) = (pairs::ready(), Device::open().unwrap());
    let fd = a.as_raw_fd();
    write(&mut device, &[(fd, OUT), (fd, REMOVE | IN)]).unwrap();
    assert_eq!(now(&mut device).len(), 1);
    assert_ne!(now(&mut device)[0].1 & (IN | OUT), 0);
    write(&mut device, &[(fd, REMOVE)]).unwrap();
    assert_eq!(now(&mut device), []);
    Ok(())
}

fn an_unknown_removal_is_ignored() -> Run {
    let ((a, _b), mut device) = (pairs::ready(), Device::open().unwrap());
    let fd = a.as_raw_fd();
    let batch = [(fd, REMOVE), (-1, REMOVE), (-1, IN), (i32::MIN, OUT), (i32::MAX, REMOVE), (fd, OUT)];
    assert_eq!(write(&mut device, &batch).unwrap(), batch.len());
    assert_eq!(now(&mut device), [(fd, OUT)]);
    Ok(())
}

fn what_is_not_open_is_taken_and_passed_over() -> Run {
    let mut device = Device::open().unwrap();
    let (a, _b) = pairs::ready();
    // A number that nobody has, and that is given to the next descriptor.
    let next = a.try_clone().unwrap();
    let fd = next.as_raw_fd();
    drop(next);
    assert_eq!(write(&mut device, &[(fd, IN)]).unwrap(), 1);
    assert_eq!(now(&mut device), []);
    assert_eq!(write(&mut device, &[(fd, REMOVE)]).unwrap(), 1);
    // Nor when it is opened later on.
    let next = a.try_clone().unwrap();
    assert_eq!(next.as_raw_fd(), fd);
    assert_eq!(now(&mut device), []);
    // What it was added for is still known when it is added again: it was not there to be removed.
    write(&mut device, &[(fd, OUT)]).unwrap();
    assert_eq!(now(&mut device), [(fd, IN | OUT)]);
    Ok(())
}

fn what_was_closed_is_reported() -> Run {
    let ((a, b), mut device) = (pairs::ready(), Device::open().unwrap());
    let (fd, other) = (a.as_raw_fd(), b.as_raw_fd());
    write(&mut device, &[(fd, IN), (other, OUT)]).unwrap();
    drop(a);
    for _ in 0..2 {
        let found = now(&mut device);
        assert_eq!(found.len(), 2);
        assert!(found.contains(&(fd, libc::POLLNVAL)), "{found:?}");
    }
    write(&mut device, &[(fd, REMOVE)]).unwrap();
    assert_eq!(now(&mut device).iter().map(|(fd, _)| *fd).collect::<Vec<_>>(), [other]);
    Ok(())
}

fn a_number_that_is_reused() -> Run {
    let ((a, _b), (c, _d), mut device) = (pairs::ready(), pairs::ready(), Device::open().unwrap());
    let fd = a.as_raw_fd();
    write(&mut device, &[(fd, IN)]).unwrap();
    (&a).read_exact(&mut [0]).unwrap();
    assert_eq!(now(&mut device), []);
    drop(a);
    let reused = c.try_clone().unwrap();
    assert_eq!(reused.as_raw_fd(), fd);
    assert_eq!(now(&mut device), [(fd, IN)]);
    Ok(())
}

fn it_belongs_to_the_process_that_used_it_first() -> Run {
    let (a, _b) = pairs::ready();
    let fd = a.as_raw_fd();
    let refused = |device: &mut Device| {
        assert_eq!(write(device, &[(fd, REMOVE)]).unwrap_err().raw_os_error(), Some(libc::EACCES));
        assert_eq!(look(device, 1, 0).unwrap_err().raw_os_error(), Some(libc::EACCES));
        assert_eq!(look(device, 0, 0).unwrap_err().raw_os_error(), Some(libc::EACCES));
    };
    // By a write, or by a poll, which may be without room.
    let mut written = Device::open().unwrap();
    write(&mut written, &[(fd, OUT)]).unwrap();
    let (mut polled, mut slept) = (Device::open().unwrap(), Device::open().unwrap());
    look(&mut polled, 1, 0).unwrap();
    look(&mut slept, 0, 0).unwrap();
    assert!(in_a_fork(|| {
        refused(&mut written);
        refused(&mut polled);
        refused(&mut slept);
    }));
    assert_eq!(now(&mut written), [(fd, OUT)]);
    // Made for a child.
    let mut fresh = Device::open().unwrap();
    assert!(in_a_fork(|| {
        write(&mut fresh, &[(fd, OUT)]).unwrap();
        assert_eq!(now(&mut fresh), [(fd, OUT)]);
    }));
    Ok(())
}

fn a_batch_beyond_the_limit() -> Run {
    let ((a, _b), mut device) = (pairs::ready(), Device::open().unwrap());
    let fd = a.as_raw_fd();
    let limit = Descriptors::none_left()?;
    let most =
        usize::try_from(rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap());
    let most = most.unwrap();
    let refused = write(&mut device, &vec![(fd, OUT); most + 1]);
    let found = now(&mut device);
    let taken = write(&mut device, &vec![(fd, OUT); most]);
    drop(limit);
    assert_eq!(refused.unwrap_err().raw_os_error(), Some(libc::EINVAL));
    assert_eq!(found, []);
    assert_eq!(taken.unwrap(), most);
    assert_eq!(now(&mut device), [(fd, OUT)]);
    Ok(())
}

fn an_error_within_a_batch() -> Run {
    let ((a, b), mut device) = (pairs::ready(), Device::open().unwrap());
    let (a, b) = (a.as_raw_fd(), b.as_raw_fd());
    cut_next_write(1, Some(libc::EIO));
    assert_eq!(write(&mut device, &[(a, IN), (b, OUT)]).unwrap_err().raw_os_error(), Some(libc::EIO));
    assert_eq!(now(&mut device), [(a, IN)]);
    // Once.
    assert_eq!(write(&mut device, &[(a, IN), (b, OUT)]).unwrap(), 2);
    assert_eq!(now(&mut device).len(), 2);
    Ok(())
}

fn results_go_round() -> Run {
    let ends: Vec<_> = (0..5).map(|_| pairs::ready().0).collect();
    let mut fds: Vec<_> = ends.iter().map(AsRawFd::as_raw_fd).collect();
    fds.sort_unstable();
    let mut device = Device::open().unwrap();
    // Not in the order of their numbers, which is that of the results.
    write(&mut device, &[3, 0, 4, 1, 2].map(|at: usize| (fds[at], IN))).unwrap();
    let mut next = |room| {
        let found = look(&mut device, room, 0).unwrap();
        found.iter().map(|(fd, _)| fds.iter().position(|known| known == fd).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(next(2), [0, 1]);
    assert_eq!(next(2), [2, 3]);
    assert_eq!(next(2), [4, 0]);
    assert_eq!(next(1), [1]);
    // When there is room for all it begins where it stopped, and stays there.
    assert_eq!(next(9), [2, 3, 4, 0, 1]);
    assert_eq!(next(5), [2, 3, 4, 0, 1]);
    assert_eq!(next(1), [2]);
    Ok(())
}

fn no_room_is_a_sleep() -> Run {
    let ((a, _b), mut device) = (pairs::ready(), Device::open().unwrap());
    write(&mut device, &[(a.as_raw_fd(), OUT)]).unwrap();
    let start = Instant::now();
    assert_eq!(look(&mut device, 0, 20).unwrap(), []);
    assert!(start.elapsed() >= Duration::from_millis(20));
    Ok(())
}

fn time_outs() -> Run {
    let ((a, mut b), mut device) = (pairs::streams(), Device::open().unwrap());
    write(&mut device, &[(a.as_raw_fd(), IN)]).unwrap();
    for millis in [0, 1, 20] {
        let start = Instant::now();
        assert_eq!(look(&mut device, 4, millis).unwrap(), []);
        assert!(start.elapsed() >= Duration::from_millis(u64::try_from(millis).unwrap()));
    }
    b.write_all(b"x").unwrap();
    for millis in [-1, 0, 1, i32::MAX] {
        assert_eq!(look(&mut device, 4, millis).unwrap(), [(a.as_raw_fd(), IN)]);
    }
    Ok(())
}

fn a_signal() -> Run {
    let ((a, _b), mut device) = (pairs::streams(), Device::open().unwrap());
    write(&mut device, &[(a.as_raw_fd(), IN)]).unwrap();
    let millis = i32::try_from(WAIT.as_millis()).unwrap();
    for room in [0, 1] {
        let (result, _) = signals::storm(EVERY, || look(&mut device, room, millis));
        assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::EINTR));
    }
    Ok(())
}

fn the_descriptor() -> Run {
    let ((a, _b), mut device) = (pairs::ready(), Device::open().unwrap());
    write(&mut device, &[(a.as_raw_fd(), OUT)]).unwrap();
    assert!(fcntl_getfd(&device).unwrap().contains(FdFlags::CLOEXEC));
    let mut entry = [PollFd::new(device.as_fd(), PollFlags::IN)];
    poll(&mut entry, Timeout::ZERO).unwrap();
    assert_eq!(entry[0].revents(), PollFlags::ERR);
    // Also in a set of its own.
    let fd = device.as_fd().as_raw_fd();
    write(&mut device, &[(fd, IN), (a.as_raw_fd(), REMOVE)]).unwrap();
    assert_eq!(now(&mut device), [(fd, libc::POLLERR)]);
    // What it is beside that is nobody's business, but reading it is no way to learn of events.
    assert!(File::from(device.as_fd().try_clone_to_owned().unwrap()).read(&mut [0]).is_err());
    Ok(())
}
