//! `select`, over sets that are lists of sockets.

#![expect(unsafe_code, reason = "select takes the sets by address")]

use std::io;
use std::mem::offset_of;
use std::time::Duration;

use windows_sys::Win32::Networking::WinSock;

use super::errno::cvt;
use super::fd::RawFd;
use super::sleep::sleep;

/// An `fd_set` of any length: room for the count, then the sockets in ascending order, each once.
///
/// `FD_SETSIZE` (64) is the length of the array in the C header's struct. It does not limit the call, which goes by the
/// count: winsock2.h lets each program define another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set(Vec<WinSock::SOCKET>);

/// The index of the first socket: the count, with padding, has the size of one.
const FIRST: usize = 1;

const _: () = {
    assert!(offset_of!(WinSock::FD_SET, fd_count) == 0);
    assert!(offset_of!(WinSock::FD_SET, fd_array) == FIRST * size_of::<WinSock::SOCKET>());
    assert!(align_of::<WinSock::FD_SET>() == align_of::<WinSock::SOCKET>());
};

impl Set {
    fn sockets(&self) -> &[WinSock::SOCKET] {
        self.0.get(FIRST..).unwrap_or_default()
    }

    /// The index of `fd`, or else the index to insert it at.
    fn position(&self, fd: RawFd) -> Result<usize, usize> {
        self.sockets().binary_search(&socket(fd)).map(|at| at + FIRST).map_err(|at| at + FIRST)
    }

    /// Adds a number; returns whether it was new.
    pub(crate) fn insert(&mut self, fd: RawFd) -> bool {
        match self.position(fd) {
            Ok(_) => false,
            Err(at) => {
                if self.0.is_empty() {
                    self.0.push(0);
                }
                self.0.insert(at, socket(fd));
                true
            }
        }
    }

    pub(crate) fn remove(&mut self, fd: RawFd) -> bool {
        self.position(fd).map(|at| self.0.remove(at)).is_ok()
    }

    pub(crate) fn contains(&self, fd: RawFd) -> bool {
        self.position(fd).is_ok()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.sockets().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sockets().is_empty()
    }

    /// Replaces the contents.
    pub(crate) fn assign(&mut self, fds: impl Iterator<Item = RawFd>) {
        self.0.clear();
        self.0.extend(fds.map(socket));
        self.0.sort_unstable();
        self.0.dedup();
        self.0.insert(0, 0);
    }

    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter([self.sockets(), &[], &[]])
    }

    /// Writes the count, and returns the address for the call; null for an empty set.
    fn prepare(&mut self) -> io::Result<*mut WinSock::FD_SET> {
        if self.is_empty() {
            return Ok(std::ptr::null_mut());
        }
        let count = u32::try_from(self.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        let set = self.0.as_mut_ptr().cast::<u32>();
        // SAFETY: the vector is not empty, and its first item is room for the count.
        unsafe { set.write(count) };
        Ok(set.cast())
    }

    /// Reads the count, and keeps the sockets that the call left.
    fn update(&mut self) {
        if self.is_empty() {
            return;
        }
        // SAFETY: the vector is not empty, and its first item begins with the count.
        let count = unsafe { self.0.as_ptr().cast::<u32>().read() };
        self.0.truncate(FIRST + count as usize);
        self.0[FIRST..].sort_unstable(); // in practice it is sorted
    }
}

fn socket(fd: RawFd) -> WinSock::SOCKET {
    fd as WinSock::SOCKET // `UINT_PTR` both
}

/// Waits once, for the sets `requested`, and writes the results to `ready`.
pub(crate) fn select_into(
    requested: &[Set; 3],
    ready: &mut [Set; 3],
    limit: Option<Duration>,
) -> io::Result<usize> {
    for (requested, ready) in requested.iter().zip(&mut *ready) {
        ready.0.clone_from(&requested.0);
    }
    if ready.iter().all(Set::is_empty) {
        return sleep(limit);
    }
    let limit = limit.map(timeval_ceil);
    let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let [read, write, except] = &mut *ready;
    let (reads, writes, excepts) = (read.prepare()?, write.prepare()?, except.prepare()?);
    // SAFETY: each set is null or a count of sockets and as many sockets, at the offsets of `FD_SET` (asserted above); the
    // call goes by the count. They are three distinct vectors, mutably borrowed by this function, and not accessed between
    // `prepare` and the call. `limit` is null or a timeval that outlives the call. The first argument is ignored.
    cvt(unsafe { WinSock::select(0, reads, writes, excepts, limit) })?;
    ready.iter_mut().for_each(Set::update);
    Ok(ready.iter().map(Set::len).sum())
}

/// Waits once, for these sets, and writes the results over them. An error leaves them as they are.
pub(crate) fn select(mut sets: [Option<&mut Set>; 3], limit: Option<Duration>) -> io::Result<usize> {
    let requested = sets.each_ref().map(|set| set.as_deref().cloned().unwrap_or_default());
    let mut ready = <[Set; 3]>::default();
    let count = select_into(&requested, &mut ready, limit)?;
    for (set, ready) in sets.iter_mut().zip(ready) {
        if let Some(set) = set {
            **set = ready;
        }
    }
    Ok(count)
}

/// Seconds and microseconds, rounded up; the longest time that there is for longer times.
fn timeval_ceil(time: Duration) -> WinSock::TIMEVAL {
    let micros = time.subsec_nanos().div_ceil(1000);
    let seconds = time.as_secs() + u64::from(micros / 1_000_000);
    WinSock::TIMEVAL {
        tv_sec: seconds.try_into().unwrap_or(i32::MAX),
        tv_usec: (micros % 1_000_000) as i32, // below 1e6, fits
    }
}

/// The numbers in any of three sets, in ascending order, each with a bit for each set that has it.
#[derive(Clone, Debug)]
pub(crate) struct Iter<'a>([&'a [WinSock::SOCKET]; 3]);

impl<'a> Iter<'a> {
    /// Iterates over the sets for reading (bit 0), writing (bit 1) and exceptions (bit 2).
    pub(crate) fn over(sets: &'a [Set; 3]) -> Self {
        Self(sets.each_ref().map(Set::sockets))
    }
}

impl Iterator for Iter<'_> {
    type Item = (RawFd, u8);

    fn next(&mut self) -> Option<Self::Item> {
        let lowest = *self.0.iter().filter_map(|sockets| sockets.first()).min()?;
        let mut found = 0;
        for (bit, sockets) in self.0.iter_mut().enumerate() {
            if let Some((_, rest)) = sockets.split_first().filter(|&(&first, _)| first == lowest) {
                found |= 1 << bit;
                *sockets = rest;
            }
        }
        Some((lowest as RawFd, found)) // as in `socket`
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(fds: &[RawFd]) -> Set {
        let mut set = Set::default();
        set.assign(fds.iter().copied());
        set
    }

    #[test]
    fn a_set_has_each_number_once_and_in_order() {
        let mut grown = Set::default();
        for fd in [300, 4, 1 << 31, 4, 8] {
            grown.insert(fd);
        }
        let given = set(&[4, 1 << 31, 8, 300, 300, 8]);
        assert_eq!(grown.0, given.0);
        assert_eq!(given.sockets(), [4, 8, 300, 1 << 31]);
        assert!(given.contains(8) && !given.contains(9) && !given.contains(0));

        assert!(grown.remove(8) && !grown.remove(8));
        assert_eq!((grown.len(), grown.is_empty()), (3, false));
        grown.clear();
        assert!(grown.is_empty() && !grown.contains(4) && !grown.remove(4) && grown.insert(4));
        assert!(set(&[]).is_empty());
    }

    #[test]
    fn three_sets_are_merged() {
        let sets = [set(&[4, 12]), set(&[8, 12]), set(&[4])];
        let found: Vec<_> = Iter::over(&sets).collect();
        assert_eq!(found, [(4, 0b101), (8, 0b010), (12, 0b011)]);
    }

    #[test]
    fn a_set_keeps_what_the_call_left() {
        let mut set = set(&[4, 8, 12]);
        let address = set.prepare().unwrap();
        // SAFETY: there is room for three sockets.
        unsafe { (*address).fd_array[0] = 12 };
        // SAFETY: as above.
        unsafe { (*address).fd_count = 1 };
        set.update();
        assert_eq!(set.sockets(), [12]);
        set.clear();
        assert!(set.prepare().unwrap().is_null());
    }
}
