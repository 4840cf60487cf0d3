use super::*;
use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;

const READ: PollFlags = PollFlags::IN;
const WRITE: PollFlags = PollFlags::OUT;
const BOTH: PollFlags = READ.union(WRITE);

/// A device whose writes can be made to fail. (The driver fails in the middle of a batch when a file in it cannot be polled.)
#[derive(Debug)]
struct Flaky {
    device: devpoll::Device,
    // The next write stops after so many changes: with this error, or as a short one.
    cut: Option<(usize, Option<i32>)>,
    // The number of changes in the last write.
    written: usize,
}

impl Device for Flaky {
    unsafe fn write(&mut self, batch: &[libc::pollfd]) -> io::Result<usize> {
        let (max, errno) = self.cut.take().unwrap_or((usize::MAX, None));
        let part = &batch[..batch.len().min(max)];
        self.written = part.len();
        // SAFETY: passed on.
        let taken = unsafe { self.device.write(part) }?;
        errno.map_or(Ok(taken), |errno| Err(io::Error::from_raw_os_error(errno)))
    }

    fn poll(&mut self, results: &mut [libc::pollfd], limit: Option<Duration>) -> io::Result<usize> {
        self.device.poll(results, limit)
    }
}

impl AsFd for Flaky {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }
}

fn new() -> Set<Flaky> {
    Set::new(Flaky { device: devpoll::Device::open().unwrap(), cut: None, written: 0 })
}

/// A socket that is ready for reading and writing, and its peer.
fn ready() -> (UnixStream, UnixStream) {
    let (a, b) = UnixStream::pair().unwrap();
    io::Write::write_all(&mut &b, b"x").unwrap();
    (a, b)
}

fn find(set: &mut Set<Flaky>) -> io::Result<BTreeMap<RawFd, PollFlags>> {
    // SAFETY: the tests keep the sockets in the set open.
    let results = unsafe { set.poll(Timeout::ZERO) }?;
    Ok(results.iter().map(|entry| (entry.fd, PollFlags::from_bits_retain(entry.revents as u16))).collect())
}

fn retain(set: &mut Set<Flaky>, streams: &[&UnixStream]) -> io::Result<()> {
    set.retain(streams.iter().map(|stream| Ok(stream.as_fd())))
}

/// The number of changes that the next wait writes.
fn changes(set: &mut Set<Flaky>) -> usize {
    set.device.written = 0;
    find(set).unwrap();
    set.device.written
}

/// Adds, narrows and removes; waits as `wait` does, which may fail; then expects the result of all changes.
fn after_failures(wait: impl Fn(&mut Set<Flaky>, usize)) {
    for cut in 0..7 {
        let pairs: Vec<_> = (0..4).map(|_| ready()).collect();
        let [a, b, c, d] = [0, 1, 2, 3].map(|index: usize| pairs[index].0.as_raw_fd());
        let mut set = new();
        for fd in [a, b, c] {
            set.add(fd, BOTH);
        }
        assert_eq!(find(&mut set).unwrap().len(), 3);
        set.modify(a, WRITE);
        set.remove(b);
        set.add(c, READ);
        set.add(d, WRITE);
        wait(&mut set, cut);
        let expected = BTreeMap::from([(a, WRITE), (c, READ), (d, WRITE)]);
        assert_eq!(find(&mut set).unwrap(), expected, "cut after {cut}");
        assert_eq!(find(&mut set).unwrap(), expected, "cut after {cut}");
        // A change that was made in part can be taken back.
        set.remove(d);
        set.modify(a, BOTH);
        assert_eq!(find(&mut set).unwrap(), BTreeMap::from([(a, BOTH), (c, READ)]), "cut after {cut}");
    }
}

#[test]
fn a_failed_write_is_repeated() {
    after_failures(|set, cut| {
        set.device.cut = Some((cut, Some(libc::EIO)));
        assert_eq!(find(set).unwrap_err().raw_os_error(), Some(libc::EIO));
    });
}

#[test]
fn a_write_may_fail_several_times() {
    after_failures(|set, cut| {
        for cut in [cut, 6 - cut, 0, cut] {
            set.device.cut = Some((cut, Some(libc::ENOMEM)));
            assert_eq!(find(set).unwrap_err().raw_os_error(), Some(libc::ENOMEM));
        }
    });
}

#[test]
fn a_short_write_continues() {
    after_failures(|set, cut| {
        if cut > 0 {
            set.device.cut = Some((cut, None));
            assert_eq!(find(set).unwrap().len(), 3);
        }
    });
}

#[test]
fn a_write_of_nothing_is_an_error() {
    after_failures(|set, _| {
        set.device.cut = Some((0, None));
        assert_eq!(find(set).unwrap_err().kind(), io::ErrorKind::WriteZero);
    });
}

#[test]
fn an_interrupted_write_is_repeated() {
    after_failures(|set, cut| {
        set.device.cut = Some((cut, Some(libc::EINTR)));
        assert_eq!(find(set).unwrap().len(), 3);
    });
}

/// The device has taken a number although the write failed: it must be removed before it is watched for less, or for nothing.
#[test]
fn a_failed_write_may_leave_numbers_in_the_device() {
    let ((a, _b), (c, _d)) = (ready(), ready());
    let (a, c) = (a.as_raw_fd(), c.as_raw_fd());
    for remove in [false, true] {
        let mut set = new();
        set.add(a, BOTH);
        set.add(c, BOTH);
        set.device.cut = Some((2, Some(libc::EIO)));
        assert_eq!(find(&mut set).unwrap_err().raw_os_error(), Some(libc::EIO));
        let mut expected = BTreeMap::from([(c, BOTH)]);
        if remove {
            set.remove(a);
        } else {
            set.modify(a, READ);
            expected.insert(a, READ);
        }
        assert_eq!(find(&mut set).unwrap(), expected);
    }
}

#[test]
fn only_changes_are_written() {
    let pairs: Vec<_> = (0..8).map(|_| ready()).collect();
    let fds: Vec<_> = pairs.iter().map(|(end, _)| end.as_raw_fd()).collect();
    let mut set = new();
    for &fd in &fds {
        set.add(fd, READ);
    }
    assert_eq!(changes(&mut set), 8);
    assert_eq!(changes(&mut set), 0);
    // Removed and added; removed; not changed.
    set.modify(fds[0], BOTH);
    set.remove(fds[4]);
    set.modify(fds[5], READ);
    assert_eq!(changes(&mut set), 3);
    assert_eq!(changes(&mut set), 0);
    // Removed before the device had it.
    set.add(fds[4], READ);
    set.remove(fds[4]);
    assert_eq!(changes(&mut set), 0);
    // Not in the set.
    set.remove(fds[4]);
    set.remove(i32::MAX);
    set.remove(-1);
    assert_eq!(changes(&mut set), 0);
    // The same events, of another file perhaps.
    set.add(fds[5], READ);
    assert_eq!(changes(&mut set), 2);
}

#[test]
fn numbers_that_are_not_retained_are_removed() {
    let pairs: Vec<_> = (0..4).map(|_| ready()).collect();
    let [a, b, c, d] = [0, 1, 2, 3].map(|index: usize| &pairs[index].0);
    let mut set = new();
    for stream in [a, b, c, d] {
        set.add(stream.as_raw_fd(), WRITE);
    }
    // In any order, and more than once.
    retain(&mut set, &[d, a, c, b, a]).unwrap();
    assert_eq!((find(&mut set).unwrap().len(), changes(&mut set)), (4, 0));
    retain(&mut set, &[c, a, c]).unwrap();
    assert_eq!((set.len(), changes(&mut set)), (2, 2));
    let expected = BTreeMap::from([(a.as_raw_fd(), WRITE), (c.as_raw_fd(), WRITE)]);
    assert_eq!(find(&mut set).unwrap(), expected);
    retain(&mut set, &[]).unwrap();
    assert_eq!((set.len(), find(&mut set).unwrap().len()), (0, 0));
}

/// Without this, a wait could go on with numbers that were not shown.
#[test]
fn a_failed_retain_removes_nothing_and_counts_for_nothing() {
    let ((a, _a), (b, _b), (c, _c)) = (ready(), ready(), ready());
    let mut set = new();
    set.add(a.as_raw_fd(), WRITE);
    set.add(b.as_raw_fd(), WRITE);
    let error = set.retain([Ok(a.as_fd()), Err(io::Error::other("no more"))]).unwrap_err();
    assert_eq!((error.to_string().as_str(), set.len()), ("no more", 2));
    let error = retain(&mut set, &[&a, &c]).unwrap_err();
    assert_eq!((error.kind(), set.len()), (io::ErrorKind::NotFound, 2));
    // What a failed one was shown does not count for the next.
    retain(&mut set, &[&b]).unwrap();
    assert_eq!(find(&mut set).unwrap(), BTreeMap::from([(b.as_raw_fd(), WRITE)]));
    assert_eq!(retain(&mut set, &[&a]).unwrap_err().kind(), io::ErrorKind::NotFound);
}

/// Against a plain map.
#[test]
fn any_order_of_operations() {
    let pairs: Vec<_> = (0..6).map(|_| ready()).collect();
    let (mut set, mut map, mut random) = (new(), BTreeMap::new(), 1_u32);
    for step in 0..5000 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (pair, events) = (random >> 8 & 7, [READ, WRITE, BOTH][(random >> 16) as usize % 3]);
        let fd = pairs[pair as usize % 6].0.as_raw_fd();
        match random >> 24 & 7 {
            0 | 1 => {
                set.add(fd, events);
                map.insert(fd, events);
            }
            2 => {
                set.modify(fd, events);
                map.insert(fd, events);
            }
            3 => {
                set.remove(fd);
                map.remove(&fd);
            }
            4 => {
                map.retain(|fd, _| fd % 2 == 0);
                let even = pairs.iter().filter(|(end, _)| map.contains_key(&end.as_raw_fd()));
                set.retain(even.map(|(end, _)| Ok(end.as_fd()))).unwrap();
            }
            5 => set.device.cut = Some((pair as usize, Some(libc::EIO))),
            _ => {
                let found = find(&mut set);
                assert!(
                    found.map_or_else(|error| error.raw_os_error() == Some(libc::EIO), |found| found == map),
                    "{step}"
                );
            }
        }
        assert_eq!(set.len(), map.len());
    }
}

#[test]
fn memory_is_returned_after_a_peak() {
    let (a, _b) = ready();
    let mut set = new();
    set.add(a.as_raw_fd(), WRITE);
    let high = 100_000..200_000;
    for fd in high.clone() {
        set.add(fd, WRITE);
    }
    // SAFETY: nothing is polled.
    unsafe { set.sync() }.unwrap();
    assert!(set.states.capacity() >= 200_000);
    for fd in high {
        set.remove(fd);
    }
    // SAFETY: as above.
    unsafe { set.sync() }.unwrap();
    let capacities =
        [set.states.capacity(), set.entries.capacity(), set.dirty.capacity(), set.batch.capacity()];
    assert!(capacities.iter().all(|&capacity| capacity <= 8 * MIN_CAPACITY), "{capacities:?}");
    assert_eq!(find(&mut set).unwrap(), BTreeMap::from([(a.as_raw_fd(), WRITE)]));
}
