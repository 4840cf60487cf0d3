//! mio: edge-triggered only.

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Poll, Token, Waker};
use selectors::sys::fd::AsFd;

use crate::subject::Wake;
use crate::{Interest, Subject};

/// The index is the token.
#[derive(Debug)]
pub(super) struct Mio {
    poll: Poll,
    events: Events,
    // Dropping the waker would cancel a wake.
    waker: Option<Arc<Waker>>,
}

fn interest(interest: Interest) -> mio::Interest {
    match interest {
        Interest::Read => mio::Interest::READABLE,
        Interest::Both => mio::Interest::READABLE | mio::Interest::WRITABLE,
    }
}

impl<F: AsFd> Subject<F> for Mio {
    const LEVEL: bool = false;

    fn new(capacity: usize) -> io::Result<Self> {
        Ok(Self { poll: Poll::new()?, events: Events::with_capacity(capacity + 1), waker: None })
    }

    fn add(&mut self, file: F, index: usize, wanted: Interest) -> io::Result<()> {
        let fd = file.as_fd().as_raw_fd();
        self.poll.registry().register(&mut SourceFd(&fd), Token(index), interest(wanted))
    }

    fn change(&mut self, file: &F, index: usize, wanted: Interest) -> io::Result<()> {
        let fd = file.as_fd().as_raw_fd();
        self.poll.registry().reregister(&mut SourceFd(&fd), Token(index), interest(wanted))
    }

    fn remove(&mut self, file: &F, _: usize) -> io::Result<()> {
        self.poll.registry().deregister(&mut SourceFd(&file.as_fd().as_raw_fd()))
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        self.poll.poll(&mut self.events, timeout)?;
        for event in &self.events {
            visit(event.token().0);
        }
        Ok(())
    }

    fn waker(&mut self) -> io::Result<Wake> {
        let waker = Arc::new(Waker::new(self.poll.registry(), Token(usize::MAX))?);
        self.waker = Some(Arc::clone(&waker));
        Ok(Box::new(move || waker.wake()))
    }
}
