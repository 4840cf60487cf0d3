//! Sets as Winsock has them: a list of sockets.

#![expect(unsafe_code, reason = "select takes the sets by address")]

use std::io;
use std::mem::offset_of;

use windows_sys::Win32::Networking::WinSock;

use crate::Timeout;
use crate::fd::RawFd;
use crate::select::{ALL, SetFlags};
use crate::time;

/// An `fd_set` of any length, by rising number and without duplicates: room for the count, then the sockets.
///
/// `FD_SETSIZE` (64) is the length of the array in the C header's structure, and no limit of the call, which goes by the
/// count: winsock2.h lets each program define another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set(Vec<WinSock::SOCKET>);

/// Where the sockets begin: the count has the place of one, with padding.
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

    /// Where `fd` is, or else where it belongs.
    fn place(&self, fd: RawFd) -> Result<usize, usize> {
        self.sockets().binary_search(&socket(fd)).map(|at| at + FIRST).map_err(|at| at + FIRST)
    }

    pub(crate) fn insert(&mut self, fd: RawFd) -> bool {
        match self.place(fd) {
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
        self.place(fd).map(|at| self.0.remove(at)).is_ok()
    }

    pub(crate) fn contains(&self, fd: RawFd) -> bool {
        self.place(fd).is_ok()
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

    /// Takes everything out, and `fds` in.
    pub(crate) fn assign(&mut self, fds: impl Iterator<Item = RawFd>) {
        self.0.clear();
        self.0.extend(fds.map(socket));
        self.0.sort_unstable();
        self.0.dedup();
        self.0.insert(0, 0);
    }

    pub(crate) fn iter(&self) -> Found<'_> {
        Found([self.sockets(), &[], &[]])
    }

    /// The set as the call wants it; null for an empty one.
    fn lend(&mut self) -> io::Result<*mut WinSock::FD_SET> {
        if self.is_empty() {
            return Ok(std::ptr::null_mut());
        }
        let count = u32::try_from(self.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        let set = self.0.as_mut_ptr().cast::<u32>();
        // SAFETY: the vector is not empty, and its first item is room for the count.
        unsafe { set.write(count) };
        Ok(set.cast())
    }

    /// Takes back what [`lend`](Self::lend) lent, with those sockets in it that the call left.
    fn take_back(&mut self) {
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

/// `select` over copies of the sets `asked`, in the room of `found`; repeated as `time::wait` says.
pub(crate) fn select_into(asked: &[Set; 3], found: &mut [Set; 3], timeout: Timeout) -> io::Result<usize> {
    time::wait(timeout, |left| {
        // Each time: the call has emptied them when its time was over.
        for (asked, found) in asked.iter().zip(&mut *found) {
            found.0.clone_from(&asked.0);
        }
        if found.iter().all(Set::is_empty) {
            return time::sleep(left);
        }
        let left = left.map(time::timeval_up);
        let left = left.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let [read, write, except] = &mut *found;
        let (reads, writes, excepts) = (read.lend()?, write.lend()?, except.lend()?);
        // SAFETY: each set is null or a count of sockets and as many sockets, at the places where `FD_SET` has them
        // (asserted above); the call goes by the count. They are three distinct vectors, mutably borrowed by this function,
        // and not touched between `lend` and the call. `left` is null or a timeval that outlives the call. The first
        // argument is ignored.
        time::count(unsafe { WinSock::select(0, reads, writes, excepts, left) })?;
        found.iter_mut().for_each(Set::take_back);
        Ok(found.iter().map(Set::len).sum())
    })
}

/// `select` over sets that stay as they are if it fails.
pub(crate) fn select(mut sets: [Option<&mut Set>; 3], timeout: Timeout) -> io::Result<usize> {
    let asked = sets.each_ref().map(|set| set.as_deref().cloned().unwrap_or_default());
    let mut found = <[Set; 3]>::default();
    let count = select_into(&asked, &mut found, timeout)?;
    for (set, found) in sets.iter_mut().zip(found) {
        if let Some(set) = set {
            **set = found;
        }
    }
    Ok(count)
}

/// The numbers in any of three sets, by rising number, each with the sets it is in.
#[derive(Clone, Debug)]
pub(crate) struct Found<'a>([&'a [WinSock::SOCKET]; 3]);

impl<'a> Found<'a> {
    /// What is in the sets of reading, writing and exceptions.
    pub(crate) fn in_any(sets: &'a [Set; 3]) -> Self {
        Self(sets.each_ref().map(Set::sockets))
    }
}

impl Iterator for Found<'_> {
    type Item = (RawFd, SetFlags);

    fn next(&mut self) -> Option<Self::Item> {
        let lowest = *self.0.iter().filter_map(|sockets| sockets.first()).min()?;
        let mut found = SetFlags::empty();
        for (set, sockets) in ALL.into_iter().zip(&mut self.0) {
            if let Some((_, rest)) = sockets.split_first().filter(|&(&first, _)| first == lowest) {
                found |= set;
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
    fn three_sets_are_gone_through_together() {
        let sets = [set(&[4, 12]), set(&[8, 12]), set(&[4])];
        let found: Vec<_> = Found::in_any(&sets).collect();
        assert_eq!(
            found,
            [
                (4, SetFlags::READ | SetFlags::EXCEPT),
                (8, SetFlags::WRITE),
                (12, SetFlags::READ | SetFlags::WRITE)
            ]
        );
    }

    #[test]
    fn what_the_call_left_is_taken_back() {
        let mut set = set(&[4, 8, 12]);
        let lent = set.lend().unwrap();
        // SAFETY: there is room for three sockets.
        unsafe { (*lent).fd_array[0] = 12 };
        // SAFETY: as above.
        unsafe { (*lent).fd_count = 1 };
        set.take_back();
        assert_eq!(set.sockets(), [12]);
        set.clear();
        assert!(set.lend().unwrap().is_null());
    }
}
