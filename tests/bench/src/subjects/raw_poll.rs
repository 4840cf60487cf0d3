//! The bare calls of `poll(2)`: the lower limit.

#![expect(unsafe_code, reason = "the baseline of the wrappers is the call itself")]

use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use selectors::sys::fd::AsFd;

use super::dense::Dense;
use super::raw_epoll::millis;
use crate::{Interest, Subject};

/// The list of entries.
#[derive(Debug)]
pub(super) struct RawPoll(Dense<libc::pollfd>);

fn events(interest: Interest) -> i16 {
    match interest {
        Interest::Read => libc::POLLIN,
        Interest::Both => libc::POLLIN | libc::POLLOUT,
    }
}

impl<F: AsFd> Subject<F> for RawPoll {
    fn new(_: usize) -> io::Result<Self> {
        Ok(Self(Dense::new()))
    }

    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()> {
        let fd = file.as_fd().as_raw_fd();
        self.0.add(index, libc::pollfd { fd, events: events(interest), revents: 0 });
        Ok(())
    }

    fn change(&mut self, _: &F, index: usize, interest: Interest) -> io::Result<()> {
        self.0.get_mut(index).events = events(interest);
        Ok(())
    }

    fn remove(&mut self, _: &F, index: usize) -> io::Result<()> {
        self.0.remove(index);
        Ok(())
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        let (list, indices) = self.0.parts();
        let (address, len) = (list.as_mut_ptr(), list.len() as libc::nfds_t);
        // SAFETY: there are `len` entries at `address`, borrowed for the call.
        let found = unsafe { libc::poll(address, len, millis(timeout)) };
        let found = usize::try_from(found).map_err(|_| io::Error::last_os_error())?;
        let ready = list.iter().zip(indices).filter(|(entry, _)| entry.revents != 0);
        for (_, index) in ready.take(found) {
            visit(*index);
        }
        Ok(())
    }
}
