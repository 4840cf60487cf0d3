//! The bare calls of `epoll(7)`: the lower limit.

#![expect(unsafe_code, reason = "the baseline of the wrappers are the calls themselves")]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{EventfdFlags, eventfd};
use selectors::sys::fd::AsFd;

use crate::subject::Wake;
use crate::{Interest, Subject};

/// Descriptor and buffer. The data of an event is the index.
#[derive(Debug)]
pub(super) struct RawEpoll {
    epoll: OwnedFd,
    buffer: Vec<libc::epoll_event>,
    // Edge-triggered, so it need not be read.
    eventfd: Option<Arc<OwnedFd>>,
}

impl RawEpoll {
    pub(super) fn control(&self, operation: i32, fd: RawFd, index: usize, events: i32) -> io::Result<()> {
        let mut event = libc::epoll_event { events: events as u32, u64: index as u64 };
        // SAFETY: the event is valid for the call.
        check(unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), operation, fd, &mut event) }).map(drop)
    }
}

fn check(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

pub(super) fn events(interest: Interest) -> i32 {
    match interest {
        Interest::Read => libc::EPOLLIN,
        Interest::Both => libc::EPOLLIN | libc::EPOLLOUT,
    }
}

/// Rounds up to whole milliseconds.
pub(super) fn millis(timeout: Option<Duration>) -> i32 {
    // In 64 bits: a division of 128 bits would be a part of the measurement.
    let ceil = |time: Duration| time.as_secs() * 1000 + u64::from(time.subsec_nanos().div_ceil(1_000_000));
    timeout.map_or(-1, |timeout| ceil(timeout) as i32)
}

impl<F: AsFd> Subject<F> for RawEpoll {
    fn new(capacity: usize) -> io::Result<Self> {
        // SAFETY: the call takes no pointer.
        let epoll = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: the descriptor is new, so nobody else owns it.
        let epoll = unsafe { OwnedFd::from_raw_fd(epoll) };
        Ok(Self { epoll, buffer: vec![libc::epoll_event { events: 0, u64: 0 }; capacity + 1], eventfd: None })
    }

    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, file.as_fd().as_raw_fd(), index, events(interest))
    }

    fn change(&mut self, file: &F, index: usize, interest: Interest) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, file.as_fd().as_raw_fd(), index, events(interest))
    }

    fn remove(&mut self, file: &F, index: usize) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, file.as_fd().as_raw_fd(), index, 0)
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        let (buffer, room) = (self.buffer.as_mut_ptr(), self.buffer.len() as i32);
        // SAFETY: there are `room` events at `buffer`, borrowed for the call.
        let found =
            check(unsafe { libc::epoll_wait(self.epoll.as_raw_fd(), buffer, room, millis(timeout)) })?;
        for event in &self.buffer[..found as usize] {
            visit(event.u64 as usize);
        }
        Ok(())
    }

    fn waker(&mut self) -> io::Result<Wake> {
        let new = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let events = libc::EPOLLIN | libc::EPOLLET;
        self.control(libc::EPOLL_CTL_ADD, new.as_raw_fd(), usize::MAX, events)?;
        self.eventfd = Some(Arc::clone(&new));
        Ok(Box::new(move || Ok(rustix::io::write(&new, &1_u64.to_ne_bytes()).map(drop)?)))
    }
}
