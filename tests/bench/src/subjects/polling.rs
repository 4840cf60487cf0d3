//! polling, level-triggered.

#![expect(unsafe_code, reason = "adding a file is unsafe in polling")]

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use polling::{Event, Events, PollMode, Poller};
use selectors::sys::fd::{AsFd, AsRawFd};

use crate::subject::Wake;
use crate::{Interest, Subject};

/// The index is the key.
#[derive(Debug)]
pub(super) struct Polling<F> {
    poller: Arc<Poller>,
    events: Events,
    // By index.
    files: Vec<Option<F>>,
}

fn event(index: usize, interest: Interest) -> Event {
    match interest {
        Interest::Read => Event::readable(index),
        Interest::Both => Event::all(index),
    }
}

impl<F: AsFd> Subject<F> for Polling<F> {
    fn new(capacity: usize) -> io::Result<Self> {
        let events = Events::with_capacity(NonZeroUsize::MIN.saturating_add(capacity));
        Ok(Self { poller: Arc::new(Poller::new()?), events, files: Vec::new() })
    }

    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()> {
        let fd = file.as_fd().as_raw_fd();
        // SAFETY: the workload keeps the file open until it has removed it, which is the condition.
        unsafe { self.poller.add_with_mode(fd, event(index, interest), PollMode::Level) }?;
        if index >= self.files.len() {
            self.files.resize_with(index + 1, || None);
        }
        self.files[index] = Some(file);
        Ok(())
    }

    fn change(&mut self, file: &F, index: usize, interest: Interest) -> io::Result<()> {
        self.poller.modify_with_mode(file.as_fd(), event(index, interest), PollMode::Level)
    }

    fn remove(&mut self, file: &F, index: usize) -> io::Result<()> {
        self.poller.delete(file.as_fd())?;
        self.files[index] = None;
        Ok(())
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        self.events.clear();
        self.poller.wait(&mut self.events, timeout)?;
        for event in self.events.iter() {
            visit(event.key);
        }
        Ok(())
    }

    fn waker(&mut self) -> io::Result<Wake> {
        let poller = Arc::clone(&self.poller);
        Ok(Box::new(move || poller.notify()))
    }
}
