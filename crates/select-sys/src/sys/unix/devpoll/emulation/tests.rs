//! The rules of the driver (`usr/src/uts/common/io/devpoll.c` of illumos).

use super::*;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;

const IN: i16 = libc::POLLIN;
const OUT: i16 = libc::POLLOUT;

/// A socket that is ready for reading and writing, and its peer.
fn ready() -> (UnixStream, UnixStream) {
    let (a, b) = UnixStream::pair().unwrap();
    (&b).write_all(b"x").unwrap();
    (a, b)
}

fn write(device: &mut Device, batch: &[(RawFd, i16)]) -> io::Result<usize> {
    let batch: Vec<_> = batch.iter().map(|&(fd, events)| entry(fd, events)).collect();
    // SAFETY: the tests keep the files that they add open, or poll for a number that is not open.
    unsafe { device.write(&batch) }
}

/// Polls with room for so many results.
fn poll_for(device: &mut Device, capacity: usize, millis: u64) -> io::Result<Vec<(RawFd, i16)>> {
    let mut results = vec![libc::pollfd { fd: -7, events: -7, revents: -7 }; capacity];
    let count = device.poll(&mut results, Some(Duration::from_millis(millis)))?;
    let unused = &results[count..];
    assert!(unused.iter().all(|entry| entry.fd == -7 && entry.revents == -7), "written beyond the results");
    Ok(results[..count].iter().map(|entry| (entry.fd, entry.revents)).collect())
}

fn now(device: &mut Device) -> Vec<(RawFd, i16)> {
    poll_for(device, 16, 0).unwrap()
}

/// A number that no descriptor has, and that the system does not assign to one meanwhile.
fn unused_number() -> RawFd {
    i32::try_from(rlimit::descriptors().min(1 << 20)).unwrap() - 1
}

#[test]
fn masks_are_united() {
    let ((a, _b), mut device) = (ready(), Device::open().unwrap());
    let fd = a.as_raw_fd();
    assert_eq!(write(&mut device, &[(fd, OUT)]).unwrap(), 1);
    assert_eq!(now(&mut device), [(fd, OUT)]);
    write(&mut device, &[(fd, IN)]).unwrap();
    assert_eq!(now(&mut device), [(fd, IN | OUT)]);
    // It cannot be made narrower.
    write(&mut device, &[(fd, IN), (fd, 0)]).unwrap();
    assert_eq!(now(&mut device), [(fd, IN | OUT)]);
    write(&mut device, &[(fd, POLLREMOVE), (fd, IN)]).unwrap();
    assert_eq!(now(&mut device), [(fd, IN)]);
}

#[test]
fn exactly_one_mask_removes() {
    let ((a, _b), mut device) = (ready(), Device::open().unwrap());
    let fd = a.as_raw_fd();
    write(&mut device, &[(fd, OUT), (fd, POLLREMOVE | IN)]).unwrap();
    assert_ne!(now(&mut device)[0].1 & (IN | OUT), 0);
    write(&mut device, &[(fd, POLLREMOVE)]).unwrap();
    assert_eq!(now(&mut device), []);
}

#[test]
fn an_unknown_removal_is_ignored() {
    let ((a, _b), mut device) = (ready(), Device::open().unwrap());
    let fd = a.as_raw_fd();
    let batch =
        [(fd, POLLREMOVE), (-1, POLLREMOVE), (-1, IN), (i32::MIN, OUT), (i32::MAX, POLLREMOVE), (fd, OUT)];
    assert_eq!(write(&mut device, &batch).unwrap(), batch.len());
    assert_eq!(now(&mut device), [(fd, OUT)]);
}

#[test]
fn a_number_that_is_not_open_is_accepted_and_ignored() {
    let ((a, _b), mut device) = (ready(), Device::open().unwrap());
    let fd = unused_number();
    assert_eq!(write(&mut device, &[(fd, IN)]).unwrap(), 1);
    assert_eq!(now(&mut device), []);
    assert_eq!(write(&mut device, &[(fd, POLLREMOVE)]).unwrap(), 1);
    // Nor is it watched when it is opened later.
    // SAFETY: nobody has the number.
    assert_eq!(unsafe { libc::dup2(a.as_raw_fd(), fd) }, fd);
    // SAFETY: just made, and owned by nobody else.
    let opened = unsafe { OwnedFd::from_raw_fd(fd) };
    assert_eq!(now(&mut device), []);
    // Its events are kept until it is added again, as it was not there to be removed.
    write(&mut device, &[(fd, OUT)]).unwrap();
    assert_eq!(now(&mut device), [(fd, IN | OUT)]);
    // A closed number is reported.
    drop(opened);
    for _ in 0..2 {
        assert_eq!(now(&mut device), [(fd, libc::POLLNVAL)]);
    }
    write(&mut device, &[(fd, POLLREMOVE)]).unwrap();
    assert_eq!(now(&mut device), []);
}

#[test]
fn it_belongs_to_the_process_that_used_it_first() {
    let (a, _b) = ready();
    let fd = a.as_raw_fd();
    let refused = |device: &mut Device| {
        let errors = [
            write(device, &[(fd, POLLREMOVE)]).err(),
            poll_for(device, 1, 0).err(),
            poll_for(device, 0, 0).err(),
        ];
        errors.iter().all(|error| error.as_ref().and_then(io::Error::raw_os_error) == Some(libc::EACCES))
    };
    // By a write, or by a poll, which may have no room for results.
    let [mut written, mut polled, mut slept, mut unused] = [(); 4].map(|()| Device::open().unwrap());
    write(&mut written, &[(fd, OUT)]).unwrap();
    poll_for(&mut polled, 1, 0).unwrap();
    poll_for(&mut slept, 0, 0).unwrap();
    // SAFETY: the child polls, and exits without running anything of this process's.
    match unsafe { libc::fork() } {
        0 => {
            let right = refused(&mut written)
                && refused(&mut polled)
                && refused(&mut slept)
                && write(&mut unused, &[(fd, OUT)]).is_ok_and(|taken| taken == 1);
            // SAFETY: ends the child.
            unsafe { libc::_exit(i32::from(!right)) }
        }
        child => {
            let mut status = 0;
            // SAFETY: `status` is an integer to write to.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert_eq!(status, 0);
        }
    }
    assert_eq!(now(&mut written), [(fd, OUT)]);
}

#[test]
fn an_error_ends_a_batch_that_is_too_long() {
    let ((a, _b), mut device) = (ready(), Device::open().unwrap());
    let batch = vec![(a.as_raw_fd(), OUT); rlimit::descriptors() + 1];
    assert_eq!(write(&mut device, &batch).unwrap_err().raw_os_error(), Some(libc::EINVAL));
    assert_eq!(now(&mut device), []);
    assert_eq!(write(&mut device, &batch[1..]).unwrap(), batch.len() - 1);
    assert_eq!(now(&mut device), [(a.as_raw_fd(), OUT)]);
}

#[test]
fn results_go_round() {
    let pairs: Vec<_> = (0..5).map(|_| ready()).collect();
    let mut fds: Vec<_> = pairs.iter().map(|(end, _)| end.as_raw_fd()).collect();
    fds.sort_unstable();
    let mut device = Device::open().unwrap();
    // Not in the order of their numbers, which is that of the results.
    write(&mut device, &[3, 0, 4, 1, 2].map(|index: usize| (fds[index], IN))).unwrap();
    let mut next = |capacity| {
        let found = poll_for(&mut device, capacity, 0).unwrap();
        found.iter().map(|(fd, _)| fds.iter().position(|known| known == fd).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(next(2), [0, 1]);
    assert_eq!(next(2), [2, 3]);
    assert_eq!(next(2), [4, 0]);
    assert_eq!(next(1), [1]);
    // With room for all of them it starts where it stopped, and stays there.
    assert_eq!(next(9), [2, 3, 4, 0, 1]);
    assert_eq!(next(5), [2, 3, 4, 0, 1]);
    assert_eq!(next(1), [2]);
}

#[test]
fn a_poll_waits() {
    let ((a, mut b), mut device) = (UnixStream::pair().unwrap(), Device::open().unwrap());
    write(&mut device, &[(a.as_raw_fd(), IN)]).unwrap();
    for (capacity, millis) in [(4, 0), (4, 1), (4, 20), (0, 20)] {
        let start = Instant::now();
        assert_eq!(poll_for(&mut device, capacity, millis).unwrap(), []);
        assert!(start.elapsed() >= Duration::from_millis(millis));
    }
    b.write_all(b"x").unwrap();
    let mut results = [entry(-1, 0); 4];
    for limit in [None, Some(Duration::ZERO), Some(Duration::from_millis(1)), Some(Duration::MAX)] {
        assert_eq!(device.poll(&mut results, limit).unwrap(), 1);
        assert_eq!((results[0].fd, results[0].revents), (a.as_raw_fd(), IN));
    }
}

#[test]
fn the_descriptor_is_of_no_use() {
    let ((a, _b), mut device) = (ready(), Device::open().unwrap());
    write(&mut device, &[(a.as_raw_fd(), OUT)]).unwrap();
    assert!(rustix::io::fcntl_getfd(&device).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    // A set that has it reports an error.
    let fd = device.as_fd().as_raw_fd();
    write(&mut device, &[(fd, IN), (a.as_raw_fd(), POLLREMOVE)]).unwrap();
    assert_eq!(now(&mut device), [(fd, libc::POLLERR)]);
    assert!(File::from(device.as_fd().try_clone_to_owned().unwrap()).read(&mut [0]).is_err());
}
