//! The bare calls of `select(2)`: the lower limit.

#![expect(unsafe_code, reason = "the baseline of the wrappers is the call itself")]

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::ptr;
use std::time::Duration;

use selectors::sys::fd::AsFd;

use crate::{Interest, Subject};

const BITS: usize = u64::BITS as usize;

/// The sets, copies of them for the results, and the index of each descriptor.
#[derive(Debug, Default)]
pub(super) struct RawSelect {
    read: Vec<u64>,
    write: Vec<u64>,
    writers: usize,
    found_read: Vec<u64>,
    found_write: Vec<u64>,
    indices: Vec<usize>,
}

impl RawSelect {
    fn set(&mut self, fd: RawFd, read: bool, write: bool) {
        let (word, mask) = (fd as usize / BITS, 1 << (fd as usize % BITS));
        if word >= self.read.len() {
            self.read.resize(word + 1, 0);
            self.write.resize(word + 1, 0);
        }
        self.writers += usize::from(write);
        self.writers -= usize::from(self.write[word] & mask != 0);
        for (set, wanted) in [(&mut self.read, read), (&mut self.write, write)] {
            set[word] = if wanted { set[word] | mask } else { set[word] & !mask };
        }
    }
}

impl<F: AsFd> Subject<F> for RawSelect {
    fn new(_: usize) -> io::Result<Self> {
        Ok(Self::default())
    }

    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()> {
        let fd = file.as_fd().as_raw_fd();
        self.set(fd, true, interest == Interest::Both);
        if fd as usize >= self.indices.len() {
            self.indices.resize(fd as usize + 1, usize::MAX);
        }
        self.indices[fd as usize] = index;
        Ok(())
    }

    fn change(&mut self, file: &F, _: usize, interest: Interest) -> io::Result<()> {
        self.set(file.as_fd().as_raw_fd(), true, interest == Interest::Both);
        Ok(())
    }

    fn remove(&mut self, file: &F, _: usize) -> io::Result<()> {
        self.set(file.as_fd().as_raw_fd(), false, false);
        while self.read.last() == Some(&0) && self.write.last() == Some(&0) {
            self.read.pop();
            self.write.pop();
        }
        Ok(())
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        self.found_read.clone_from(&self.read);
        self.found_write.clear();
        let read = self.found_read.as_mut_ptr().cast::<libc::fd_set>();
        let write = if self.writers > 0 {
            self.found_write.clone_from(&self.write);
            self.found_write.as_mut_ptr().cast::<libc::fd_set>()
        } else {
            ptr::null_mut()
        };
        let mut time = timeout.map(|timeout| libc::timeval {
            tv_sec: timeout.as_secs() as libc::time_t,
            tv_usec: timeout.subsec_micros().into(),
        });
        let time = time.as_mut().map_or(ptr::null_mut(), ptr::from_mut);
        let limit = (self.read.len() * BITS) as i32;
        // SAFETY: the sets are null or have `limit` bits, and the time is null or a valid one, all borrowed for the call.
        let found = unsafe { libc::select(limit, read, write, ptr::null_mut(), time) };
        if found < 0 {
            return Err(io::Error::last_os_error());
        }
        for (place, word) in self.found_read.iter().enumerate() {
            let mut bits = word | self.found_write.get(place).copied().unwrap_or(0);
            while bits != 0 {
                visit(self.indices[place * BITS + bits.trailing_zeros() as usize]);
                bits &= bits - 1;
            }
        }
        Ok(())
    }
}
